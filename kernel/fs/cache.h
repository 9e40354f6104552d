/*
 * cache.h - the block cache: frames of eight consecutive blocks.
 *
 * A pinned group stays in memory; its bytes at a block are good once the block is valid.  Whoever changes
 * them holds the lock of what they contain (an inode's mutex, the bitmap's lock), inside an operation of
 * the log, and says so by cache_changed() or cache_filled().  Locks:  RANK_CACHE for the bookkeeping,
 * inside; RANK_CACHE_IO for cache_staging().
 */
#ifndef CACHE_H
#define CACHE_H

#include <stdbool.h>

#include "base/list.h"
#include "include/fs.h"
#include "include/mustcheck.h"

#define GROUP_BLOCKS    8u    /* of BSIZE: one page */
#define STAGING_BLOCKS  128u  /* blocks in the buffer for large transfers */
#define CACHE_DIRTY_MAX 1024u /* groups that one transaction may change */

struct log_op;

/* Fields:  C cache lock   P stable while pinned   o whoever changes the block, see above.  `valid`, `logged`
   and `fresh` have one bit for each block. */
struct group {
    struct group *hash_next; /* [C] */
    struct list link;        /* [C] among the clean or the changed ones; in no list while pinned and clean */
    uint number;             /* [P] block number / GROUP_BLOCKS */
    uchar *data;             /* [P] the frame; its bytes: [o] */
    uchar valid;             /* [C] the frame has its contents */
    uchar logged;            /* [C] changed by the running transaction, and in use before it: takes the log */
    uchar fresh;             /* [C] changed, but free before the transaction: goes home before the commit */
    bool loading;            /* [C] a thread reads blocks that are not valid */
    bool counted;            /* [C] its frame counts in pgused */
    ushort pins;             /* [C] */
};

/* Once at mount: takes frames for the pool and the hash table.  0, or -1: too little memory.  Sleeps: no. */
MUST_CHECK int cache_init(uint nblocks);

/* Pins the group of blocks [blockno, blockno+n), which are in one group, and reads those that are not valid;
   with them, up to `ahead` blocks from blockno on.  NULL: the disk failed.  The caller gives it back with
   cache_put().  Sleeps: may. */
MUST_CHECK struct group *cache_get(uint blockno, uint n, uint ahead);
/* The same for blocks that the caller is about to overwrite as a whole: reads nothing, never fails.
   Sleeps: may. */
MUST_CHECK struct group *cache_get_blank(uint blockno, uint n);
/* Sleeps: no. */
void cache_put(struct group *g);

/* Where the bytes of a block are in its pinned group. */
static inline uchar *cache_block(const struct group *g, uint blockno)
{
    return g->data + blockno % GROUP_BLOCKS * BSIZE;
}

/* Changes.  All blocks of a call are in one group.  Sleeps: no. */

/* The operation changed these blocks, which were in use before.  Takes one of its reservations for each block
   that the transaction had not changed yet. */
void cache_changed(struct log_op *op, struct group *g, uint blockno, uint n);
/* The operation filled these blocks, which it has just allocated.  Takes one reservation if nothing in the
   group was changed before. */
void cache_filled(struct log_op *op, struct group *g, uint blockno, uint n);
/* The operation freed these blocks: their contents are forgotten.  Returns, as bits of the group, those that
   were free before the running transaction. */
uchar cache_discard(uint blockno, uint n);

/* Bits for blocks [blockno, blockno+n) of one group. */
static inline uchar cache_mask(uint blockno, uint n) { return ((1u << n) - 1) << blockno % GROUP_BLOCKS; }
/* Counts the bits. */
uint cache_count(uchar mask);

/* For the log.  Sleeps: no. */

/* Reserves n changes of blocks for an operation.  False: the log, which holds `capacity` blocks, or memory
   has no room for them. */
MUST_CHECK bool cache_reserve(uint n, uint capacity);
void cache_unreserve(uint n);
bool cache_is_changed(void);
/* While no operation runs: the changed groups, in the order of the disk; their number. */
uint cache_collect(struct group *groups[CACHE_DIRTY_MAX]);
/* The group's changes are home: it is clean. */
void cache_settle(struct group *g);

/* The buffer for large transfers: STAGING_BLOCKS long, page-aligned, the caller's until cache_staging_done().
   Sleeps: may. */
uchar *cache_staging(void);
/* Sleeps: no. */
void cache_staging_done(void);

#endif
