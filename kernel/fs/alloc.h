/*
 * alloc.h - which blocks of the disk are free.
 *
 * Blocks are known by number; 0 stands for none.  Called inside operations.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>

#include "include/types.h"

struct group;
struct log_op;

/* Reads the bitmap.  NULL, or what is wrong, in words. */
const char *alloc_mount(void);
/* Takes up to `want` consecutive free blocks, from `goal` on if that is free; the first one's number, and *n.
   0: the disk is full.  The caller fills them with cache_filled() or returns them by alloc_cancel().
   Changes one block of the bitmap.  Sleeps. */
uint alloc_take(struct log_op *op, uint goal, uint want, uint *n);
/* Returns blocks that were taken in this operation and not filled. */
void alloc_cancel(struct log_op *op, uint blockno, uint n);
/* Frees blocks that somebody used, and forgets their contents.  Those that were in use when the transaction
   began are not given out before it is committed.  Changes as many blocks of the bitmap as they spread over.
   Sleeps. */
void alloc_free(struct log_op *op, uint blockno, uint n);

/* For the log: can't a commit help nops operations, whatever they want?  False when space is short and
   something was freed since the last one. */
bool alloc_has_room(uint nops);
/* For the log: what was freed can be given out again. */
void alloc_committed(struct group *groups[], uint ngroups);

#endif
