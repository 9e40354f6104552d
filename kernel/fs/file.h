/*
 * file.h - open files: inodes with a position, pipes, devices.
 *
 * Counted references; the last file_close() closes.  Buffers as in path.h.
 */
#ifndef KERNEL_FILE_H
#define KERNEL_FILE_H

#include "fs/path.h"

struct file;

/* open() with fcntl.h's modes.  A new file, or NULL. */
struct file *file_open(struct inode *cwd, const char *path, int mode);
/* The two ends of a new pipe.  0 or -1. */
int pipe_create(struct file **reader, struct file **writer);
struct file *file_dup(struct file *f);
void file_close(struct file *f);
int file_read(struct file *f, void *dst, int n);
int file_write(struct file *f, const void *src, int n);
int file_stat(struct file *f, struct stat *st);

#endif
