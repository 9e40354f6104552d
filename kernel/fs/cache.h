/*
 * cache.h - the block cache: frames of eight consecutive blocks.
 *
 * A pinned group stays in memory; its bytes at a block are good once the block is valid.  Who changes them
 * holds the lock of what lies in them (an inode's mutex, the bitmap's lock), inside an operation of the log,
 * and says so by cache_changed() or cache_filled().  Lock: RANK_CACHE, inside; cache_staging():
 * RANK_CACHE_IO.
 */
#ifndef CACHE_H
#define CACHE_H

#include <stdbool.h>

#include "base/list.h"
#include "include/fs.h"

#define GROUP_BLOCKS    8u    /* of BSIZE: one page */
#define STAGING_BLOCKS  128u  /* blocks in the buffer for large transfers */
#define CACHE_DIRTY_MAX 1024u /* groups that one transaction may change */

struct log_op;

/* Fields: C cache lock   P stable while pinned   o who changes the block, see above */
struct group {
    struct group *hash_next; /* [C] */
    struct list link;        /* [C] among the clean or the changed ones; in no list while pinned and clean */
    uint number;             /* [P] block number / GROUP_BLOCKS */
    uchar *data;             /* [P] the frame; its bytes: [o] */
    /* one bit for each block */
    uchar valid;  /* [C] the frame has its contents */
    uchar logged; /* [C] changed by the running transaction, and in use before it: takes the log */
    uchar fresh;  /* [C] changed, but free before the transaction: goes home before the commit */
    bool loading; /* [C] somebody reads blocks that are not valid */
    bool counted; /* [C] its frame counts in pgused */
    ushort pins;  /* [C] */
};

/* Once at mount: takes frames for its pool and its books.  0, or -1 for want of memory. */
int cache_init(uint nblocks);

/* Pins the group of blocks [blockno, blockno+n), which are in one group, with these blocks valid.
   If they have to be read, so are up to `ahead` blocks from blockno on.  NULL: the disk failed.  Sleeps. */
struct group *cache_get(uint blockno, uint n, uint ahead);
/* The same for blocks that the caller is about to overwrite as a whole: reads nothing, never fails. */
struct group *cache_get_blank(uint blockno, uint n);
void cache_put(struct group *g);

static inline uchar *cache_block(const struct group *g, uint blockno)
{
    return g->data + blockno % GROUP_BLOCKS * BSIZE;
}

/* The operation changed these blocks, which belonged to something already. */
void cache_changed(struct log_op *op, struct group *g, uint blockno, uint n);
/* The operation filled these blocks, which it has just allocated. */
void cache_filled(struct log_op *op, struct group *g, uint blockno, uint n);
/* The operation freed these blocks of one group: their contents are forgotten.  Returns those that were free
   before the running transaction, as bits of the group. */
uchar cache_discard(uint blockno, uint n);

/* Bits for blocks [blockno, blockno+n) of one group. */
static inline uchar cache_mask(uint blockno, uint n) { return ((1u << n) - 1) << blockno % GROUP_BLOCKS; }
uint cache_count(uchar mask); /* bits set */

/* For the log: may operations change n blocks more, with `capacity` blocks in the log?  True reserves them.
   */
bool cache_reserve(uint n, uint capacity);
void cache_unreserve(uint n);
/* While no operation runs: the changed groups, in the order of the disk; their number. */
uint cache_collect(struct group *groups[CACHE_DIRTY_MAX]);
bool cache_is_changed(void);
/* The group's changes are home. */
void cache_settle(struct group *g);

/* The buffer for large transfers, STAGING_BLOCKS long, page-aligned.  Sleeps. */
uchar *cache_staging(void);
void cache_staging_done(void);

/* Panics if lists, bits and counts disagree. */
void cache_check(void);

#endif
