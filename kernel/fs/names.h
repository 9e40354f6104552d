/*
 * names.h - making files by name, for open(), mkdir() and mknod().
 */
#ifndef NAMES_H
#define NAMES_H

#include "fs/path.h"

void names_init(void);

struct names_new {
    short type;
    short major, minor; /* of a device */
};

/* A reference to what the path names; if there was nothing, it is made as `what`.  NULL: it can't be.
   Sleeps. */
struct inode *names_create(struct inode *cwd, const char *path, const struct names_new *what, bool *existed);

#endif
