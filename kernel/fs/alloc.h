/*
 * alloc.h - which blocks of the disk are free.
 *
 * Blocks are known by number; 0 stands for none.  The caller is inside an operation of the log.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>

#include "include/mustcheck.h"
#include "include/types.h"

struct group;
struct log_op;

/* Reads the bitmap, once at mount.  NULL, or what is wrong, in words.  Sleeps: may. */
MUST_CHECK const char *alloc_mount(void);
/* Takes up to `want` consecutive free blocks, starting at `goal` if that is free: the first one's number, and
   their count in *n.  0: the disk is full, or can't be read.  The caller fills them with cache_filled() or
   returns them by alloc_cancel().  Changes one block of the bitmap.  Sleeps: may. */
MUST_CHECK uint alloc_take(struct log_op *op, uint goal, uint want, uint *n);
/* Returns blocks that were taken in this operation and not filled.  Sleeps: may. */
void alloc_cancel(struct log_op *op, uint blockno, uint n);
/* Frees n blocks, and forgets their contents.  Those that were in use when the transaction began are not
   given out before it is committed.  Changes every block of the bitmap that has one of them.  Sleeps: may. */
void alloc_free(struct log_op *op, uint blockno, uint n);

/* For the log. */

/* False when a commit would help nops operations to free blocks: space is short, and something was freed
   since the last one.  Sleeps: no. */
bool alloc_has_room(uint nops);
/* These groups were committed: what was freed can be given out again.  Sleeps: may. */
void alloc_committed(struct group *groups[], uint ngroups);

#endif
