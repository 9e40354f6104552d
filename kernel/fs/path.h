/*
 * path.h - files and directories by path: what the rest of the kernel sees of the file system.
 *
 * Paths are kernel strings.  Results are 0 (or a count) or -1.  An inode belongs to the callers that have
 * references to it.  No lock of this room is held at any of these calls.  Sleeps: may, all of them.
 */
#ifndef FS_PATH_H
#define FS_PATH_H

#include <stdbool.h>

#include "include/mustcheck.h"
#include "include/stat.h"
#include "include/types.h"

#define PATH_SIZE 1024 /* longest path, with its 0 */

struct inode;

/* Reads the super block, recovers the log.  NULL, or what is wrong with the disk, in words. */
MUST_CHECK const char *fs_mount(void);
/* What a kernel thread runs, so that no operation waits longer than half a second for its commit. */
void fs_flusher(void *unused) __attribute__((noreturn));

MUST_CHECK struct inode *fs_root(void);               /* a reference */
MUST_CHECK struct inode *inode_dup(struct inode *ip); /* adds a reference, and returns ip */
void inode_put(struct inode *ip);                     /* gives one back, if any; the last may free a file */
/* A reference, or NULL. */
MUST_CHECK struct inode *fs_lookup(struct inode *cwd, const char *path);
bool inode_is_dir(struct inode *ip);
/* Up to n bytes from offset: the count, or -1. */
MUST_CHECK int inode_read(struct inode *ip, void *dst, uint offset, uint n);
/* All zeroes if the inode can't be read. */
void inode_stat(struct inode *ip, struct stat *st);

MUST_CHECK int fs_link(struct inode *cwd, const char *old, const char *new);
/* What has the old name gets the new one, in one step.  What had that goes: a file for a file, an empty directory for a
   directory. */
MUST_CHECK int fs_rename(struct inode *cwd, const char *old, const char *new);
MUST_CHECK int fs_unlink(struct inode *cwd, const char *path);
MUST_CHECK int fs_mkdir(struct inode *cwd, const char *path);
MUST_CHECK int fs_mknod(struct inode *cwd, const char *path, short major, short minor);
/* All that finished before is durable on return.  -1: the disk failed. */
MUST_CHECK int fs_sync(void);
/* The same, and the log on the disk is empty: used at shutdown. */
MUST_CHECK int fs_settle(void);
/* Debug kernels only: panics if the block cache is inconsistent. */
void fs_check(void);

#endif
