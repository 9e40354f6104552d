/*
 * inode.h - files and folders without their names.
 *
 * A struct inode exists while somebody has a reference; what is in it is good only between inode_acquire()
 * and inode_release().  Functions that take an inode want it acquired, unless they say otherwise.
 */
#ifndef INODE_H
#define INODE_H

#include "fs/log.h"
#include "fs/path.h"
#include "fs/volume.h"
#include "sched/lock.h"

/* Fields: I immutable   T inode table's lock   L the inode's mutex */
struct inode {
    uint inum;          /* [I] */
    uint refs;          /* [T] */
    struct inode *next; /* [T] in the hash chain */
    struct mutex lock;
    bool loaded;        /* [L] the rest is good */
    struct dinode disk; /* [L] type 0: there is no such inode (any more) */
    /* A run of blocks that is known to be consecutive on the disk; nblocks 0: none. */
    struct {
        uint index, blockno, nblocks;
    } run;            /* [L] */
    uint next_offset; /* [L] where a sequential reader reads next */
};

/* What blocks a change of one inode may need, beside data: the inode, two address blocks, and the bitmap's
   for these and for the data. */
#define INODE_CHANGE_COST 8u

/* inode.c. */

/* Reads the inodes of the disk and frees those that a crash left without a name.  NULL, or what is wrong. */
const char *inode_mount(void);
/* A reference to the inode with this number, which need not exist.  NULL for want of memory. */
struct inode *inode_get(uint inum);
/* Locks and loads it.  -1, and not locked: there is no such inode, or it can't be read.  Sleeps. */
int inode_acquire(struct inode *ip);
void inode_release(struct inode *ip);
/* As inode_put(), inside an operation and with no lock held; may renew the operation. */
void inode_put_in(struct log_op *op, struct inode *ip);
/* A reference to a new inode, acquired, as yet in memory alone: inode_update() writes it, inode_abandon()
   drops it.  Its number is the caller's alone while he holds the lock of names.c.  NULL: none is left. */
struct inode *inode_create(short type, short major, short minor);
void inode_abandon(struct log_op *op, struct inode *ip);
/* Writes the inode itself. */
void inode_update(struct log_op *op, struct inode *ip);

/* content.c. */

/* As inode_read(). */
int inode_read_acquired(struct inode *ip, void *dst, uint offset, uint n);
/* Writes as much of n bytes as this operation has room for, and the inode.  The count; -1: none, as the disk
   is full or the file at its largest, or the offset behind its end. */
int inode_write_some(struct log_op *op, struct inode *ip, const void *src, uint offset, uint n);
/* The size of operation that a write of n bytes asks for. */
uint inode_write_cost(uint n);
/* Pins the file's block `index` and what follows it in the same group: the first one's number and their
   count. NULL: it is not there, or can't be read. */
struct group *inode_get_blocks(struct inode *ip, uint index, uint *blockno, uint *nblocks);

/* address.c. */

/* Up to `want` blocks from the file's block `index` on that are consecutive on the disk: how many, and the
   first one's number.  0: it has none there, or they can't be found. */
uint inode_map(struct inode *ip, uint index, uint want, uint *blockno);
/* The same for blocks behind the end of the file, which it gets now.  0: the disk is full. */
uint inode_extend(struct log_op *op, struct inode *ip, uint index, uint want, uint *blockno);
/* Frees blocks from the file's end on, as many as this operation has room for.  True: none is left.
   The caller updates the inode. */
bool inode_truncate_some(struct log_op *op, struct inode *ip);

/* dir.c. */

/* A name as folders hold it: cut to DIRSIZ bytes, padded with zeroes. */
struct filename {
    char text[DIRSIZ + 2];
};

/* The inode number of a name, or 0.  *slot: the offset of its entry, or of one that is free. */
uint dir_find(struct inode *dp, const struct filename *name, uint *slot);
/* Enters the name at a slot that dir_find() found free.  0 or -1. */
int dir_enter(struct log_op *op, struct inode *dp, const struct filename *name, uint inum, uint slot);
/* Frees an entry.  0 or -1. */
int dir_remove(struct log_op *op, struct inode *dp, uint slot);
/* Has it nothing but "." and ".."? */
bool dir_is_empty(struct inode *dp);

static inline uint min_uint(uint a, uint b) { return a < b ? a : b; }

#endif
