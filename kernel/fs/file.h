/*
 * file.h - open files: inodes with a position, pipes, devices.
 *
 * A file lives while it has references; file_open() and pipe_create() give the first ones.  Paths and
 * results as in path.h; user_check() has accepted the buffers.
 */
#ifndef KERNEL_FILE_H
#define KERNEL_FILE_H

#include "arch.h"
#include "fs/path.h"
#include "include/mustcheck.h"

struct file;

/* open() with the modes of fcntl.h.  A new file, or NULL.  Sleeps: may. */
MUST_CHECK struct file *file_open(struct inode *cwd, const char *path, int mode);
/* The two ends of a new pipe.  0, or -1: too little memory.  Sleeps: may. */
MUST_CHECK int pipe_create(struct file **reader, struct file **writer);
/* Adds a reference, and returns f.  Sleeps: no. */
MUST_CHECK struct file *file_dup(struct file *f);
/* Gives a reference back.  The last one closes, and may free a file without a name.  Sleeps: may. */
void file_close(struct file *f);
/* The count, which is short at the end of the file; or -1.  Sleeps: may. */
MUST_CHECK int file_read(struct file *f, void USER *dst, int n);
/* The count, which is short when the disk is full; or -1, also when the file would become too large.
   Sleeps: may. */
MUST_CHECK int file_write(struct file *f, const void USER *src, int n);
/* lseek(): the new position; -1: not a file, or outside of it.  Sleeps: may. */
MUST_CHECK int file_seek(struct file *f, int offset, int whence);
/* -1 for a pipe.  Sleeps: may. */
MUST_CHECK int file_stat(struct file *f, struct stat *st);

#endif
