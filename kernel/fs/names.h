/*
 * names.h - making files by name, for open(), mkdir() and mknod().
 *
 * One mutex (RANK_NAMES) lets one operation on names run at a time.
 */
#ifndef NAMES_H
#define NAMES_H

#include "fs/path.h"
#include "include/mustcheck.h"

/* Once at mount.  Sleeps: no. */
void names_init(void);

struct names_new {
    short type;
    short major, minor; /* of a device */
};

/* A reference to what the path names; *existed: it was there before, else it was made as `what`.  NULL: it
   can't be made.  Sleeps: may. */
MUST_CHECK struct inode *names_create(struct inode *cwd, const char *path, const struct names_new *what,
                                      bool *existed);

/* Empties a file, in one step whatever its size.  0; -1: the disk failed, or it is a large one without a free inode.
   Sleeps: may. */
MUST_CHECK int names_truncate(struct inode *ip);

#endif
