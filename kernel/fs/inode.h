/*
 * inode.h - files and directories without their names.
 *
 * A struct inode exists while there are references to it; its contents are good only between inode_acquire()
 * and inode_release().  Functions that take an inode want it acquired unless they say otherwise, and
 * functions that take an operation are called inside it (log.h).
 */
#ifndef INODE_H
#define INODE_H

#include "arch.h"
#include "fs/log.h"
#include "fs/path.h"
#include "fs/volume.h"
#include "include/mustcheck.h"
#include "sched/lock.h"

/* Fields:  I immutable   T inode table's lock   L the inode's mutex */
struct inode {
    uint inum;          /* [I] */
    uint refs;          /* [T] */
    struct inode *next; /* [T] in the hash chain */
    struct mutex lock;  /* RANK_INODE */
    bool loaded;        /* [L] the rest is good */
    struct dinode disk; /* [L] type 0: there is no such inode (any more) */
    /* Of a directory that has lost its name: the one that held it, with a reference.  Else NULL. */
    struct inode *parent; /* [L] */
    uint next_offset;     /* [L] where a sequential reader reads next */
    uint near;            /* [L] of a directory: the first entry of the group in which dir_find() begins */
    /* A part of the file that is known to be consecutive on the disk; nblocks 0: none. */
    struct {
        uint index, blockno, nblocks;
    } run; /* [L] */
};

/* What a change of one inode may cost besides its data, in blocks: the inode, two address blocks, and the
   blocks of the bitmap for these and for the data. */
#define INODE_CHANGE_COST 8u

/* inode.c. */

/* At mount: reads the inodes of the disk and frees those that a crash left without a name.  NULL, or what is
   wrong, in words.  Sleeps: may. */
MUST_CHECK const char *inode_mount(void);
/* A reference to the inode with this number, which need not exist.  NULL: too little memory.  Sleeps: no. */
MUST_CHECK struct inode *inode_get(uint inum);
/* Locks and loads it.  -1, and not locked: there is no such inode, or it can't be read.  Sleeps: may. */
MUST_CHECK int inode_acquire(struct inode *ip);
/* Sleeps: no. */
void inode_release(struct inode *ip);
/* As inode_put(), inside an operation, which it may renew; if that fails, the operation has ended.  The caller
   holds no lock.  Sleeps: may. */
void inode_put_in(struct log_op *op, struct inode *ip);
/* A reference to a new inode, acquired, so far only in memory: inode_update() writes it, inode_abandon()
   drops it.  The caller holds the lock of names.c until then.  NULL: none is left.  Sleeps: may. */
MUST_CHECK struct inode *inode_create(short type, short major, short minor);
/* Releases and puts it, too.  Sleeps: may. */
void inode_abandon(struct log_op *op, struct inode *ip);
/* Moves the data of a file to another one, which is empty.  The caller updates both.  Sleeps: no. */
void inode_move_data(struct inode *from, struct inode *to);
/* Writes the inode itself.  Changes one block.  Sleeps: may. */
void inode_update(struct log_op *op, struct inode *ip);

/* content.c.  Sleeps: may. */

/* As inode_read(), to user or kernel memory. */
MUST_CHECK int inode_read_acquired(struct inode *ip, void USER *dst, uint offset, uint n);
/* Writes as much of n bytes of user or kernel memory as this operation has room for, and the inode.  The count; -1:
   none, because the disk is full, the file at its largest, or the offset past its end. */
MUST_CHECK int inode_write_some(struct log_op *op, struct inode *ip, const void USER *src, uint offset,
                                uint n);
/* The size of the operation that a write of n bytes asks for. */
uint inode_write_cost(uint n);
/* Pins the file's block `index` and what follows it in the same group: the first one's number and their
   count.  NULL: it is not there, or can't be read. */
MUST_CHECK struct group *inode_get_blocks(struct inode *ip, uint index, uint *blockno, uint *nblocks);

/* address.c.  Sleeps: may. */

/* Up to `want` blocks from the file's block `index` on that are consecutive on the disk: their count, and the
   first one's number.  0: the file has none there, or they can't be found. */
MUST_CHECK uint inode_map(struct inode *ip, uint index, uint want, uint *blockno);
/* The same for blocks past the end of the file, which it gets now.  0: the disk is full. */
MUST_CHECK uint inode_extend(struct log_op *op, struct inode *ip, uint index, uint want, uint *blockno);
/* Frees blocks, from the file's end backwards, as many as this operation has room for: 1 if there are more, 0 if
   none is left, -1 if it can't be read which are.  The caller updates the inode. */
int inode_truncate_some(struct log_op *op, struct inode *ip);

/* dir.c.  Sleeps: may. */

/* A name as directories hold it: cut to DIRSIZ bytes, padded with zeroes. */
struct filename {
    char text[DIRSIZ + 2];
};

/* The inode number of a name, or 0.  *slot: the offset of its entry, or of one that is free; if the directory can't
   be read to its end, where dir_enter() fails. */
uint dir_find(struct inode *dp, const struct filename *name, uint *slot);
/* Enters the name at a slot that dir_find() found free.  0, or -1: the disk is full. */
MUST_CHECK int dir_enter(struct log_op *op, struct inode *dp, const struct filename *name, uint inum,
                         uint slot);
/* The name in an entry that dir_find() has found stands for another inode; 0: it is free.  Changes one block.  0, or
   -1: it can't be read. */
MUST_CHECK int dir_set(struct log_op *op, struct inode *dp, uint slot, uint inum);
/* Has it only "." and ".."? */
bool dir_is_empty(struct inode *dp);

#endif
