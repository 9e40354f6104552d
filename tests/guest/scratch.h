/*
 * scratch.h - a directory in which a test makes files.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "guest.h"
#include "stat.h"

/* Makes the directory, whose path is absolute, and goes there.  Leaving removes it: it must be empty again. */
void scratch_enter(const char *path);
void scratch_leave(const char *path);

/* Opens a file for reading and writing, which need not exist.  Its descriptor. */
int create(const char *name);
/* Of a file, which must exist. */
struct stat stat_of(const char *name);

#endif
