/*
 * unistd.h - user.h, and what POSIX has besides it.
 */
#ifndef UNISTD_H
#define UNISTD_H

#include <stddef.h>

#include "fcntl.h"
#include "mustcheck.h"
#include "user.h"

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

typedef int pid_t;
typedef int off_t;
typedef int ssize_t;

/* Moves the place in a file where the next read or write begins: to offset, counted from the beginning, from here or
   from the end.  Returns it.  -1: not a file, or before its beginning or after its end.  Sleeps: may. */
int lseek(int fd, int offset, int whence);

/* An unknown option, or one without its value, is reported on descriptor 2 unless opterr is 0, and '?' returned.
   Sleeps: may. */
MUST_CHECK int getopt(int argc, char *const argv[], const char *options);
extern char *optarg;
extern int optind, opterr, optopt;

#endif
