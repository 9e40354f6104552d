/*
 * path.h - files and directories by path.
 *
 * Paths are kernel strings; buffers are plain pointers, to user memory too once user_check() has
 * accepted it.  Results are 0 (or a count) or -1.  All may sleep.
 */
#ifndef FS_PATH_H
#define FS_PATH_H

#include <stdbool.h>

#include "include/stat.h"
#include "include/types.h"

#define PATH_SIZE 1024 /* longest path, with its 0 */

struct inode;

/* Reads the super block, recovers the log.  NULL, or what is wrong with the disk, in words. */
const char *fs_mount(void);
/* The kernel thread that makes operations durable within a second runs this for ever. */
void fs_flusher(void *unused);

struct inode *fs_root(void);                                  /* a reference */
struct inode *inode_dup(struct inode *ip);                    /* another */
void inode_put(struct inode *ip);                             /* gives one back; the last may free a file */
struct inode *fs_lookup(struct inode *cwd, const char *path); /* a reference, or NULL */
bool inode_is_dir(struct inode *ip);
/* Up to n bytes from offset; the count. */
int inode_read(struct inode *ip, void *dst, uint offset, uint n);
void inode_stat(struct inode *ip, struct stat *st);

int fs_link(struct inode *cwd, const char *old, const char *new);
int fs_unlink(struct inode *cwd, const char *path);
int fs_mkdir(struct inode *cwd, const char *path);
int fs_mknod(struct inode *cwd, const char *path, short major, short minor);
/* All that finished before is durable on return.  -1: the disk failed. */
int fs_sync(void);
/* The same, and the log on the disk is empty: for the end of the machine's day. */
int fs_settle(void);
/* Panics if the block cache's books are wrong. */
void fs_check(void);

#endif
