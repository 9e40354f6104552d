/*
 * alloc.c - free blocks: the bitmap.
 *
 * The bitmap itself lies in cached blocks, and is changed there like any other block.  Memory has a second
 * one, `taken`: the blocks that can't be given out, because they are in use now or were in use in the
 * committed state.
 *
 *   nfree      zero bits in `taken`
 *   ndeferred  blocks freed in the running transaction and still taken; a commit makes them free
 *   hint       no block below it is free
 *   freed      none below it was freed and is still taken
 *
 * One byte of a bitmap is one group of the cache.
 * Lock: RANK_FS, for `taken`, the counts, and the bits in the cached blocks.
 */
#include "fs/alloc.h"
#include "arch.h"
#include "base/kstring.h"
#include "base/min.h"
#include "fs/cache.h"
#include "fs/log.h"
#include "fs/volume.h"
#include "mm/pool.h"
#include "sched/thread.h"

#define SEEN_AT_ONCE 2048u /* blocks, while the lock is held */
#define BITS_IN_PAGE (PAGE_SIZE * 8)

static struct spinlock lock = SPINLOCK_INIT(RANK_FS, "free blocks");
static uchar **taken; /* pages of the bitmap in memory */
static volatile uint nfree, ndeferred;
static uint hint, freed = ~0u;

static inline uchar *taken_byte(uint blockno)
{
    return &taken[blockno / BITS_IN_PAGE][blockno % BITS_IN_PAGE / 8];
}

static inline bool is_taken(uint blockno) { return *taken_byte(blockno) >> blockno % 8 & 1; }

static inline uchar *bitmap_byte(const struct group *g, uint blockno)
{
    return cache_block(g, BBLOCK(blockno, volume.sb)) + blockno % BPB / 8;
}

static void take_range(uint blockno, uint end)
{
    for (; blockno < end; blockno++) {
        if (blockno % 8 == 0 && end - blockno >= 8) {
            *taken_byte(blockno) = 0xff;
            blockno += 7;
        } else {
            *taken_byte(blockno) |= 1u << blockno % 8;
        }
    }
}

/* Copies one block of the bitmap to `taken`; blocks that are not for data, or past the end, are taken. */
static void copy_to_taken(uint first, const uchar *bits)
{
    memcpy(taken_byte(first), bits, BSIZE);
    take_range(first, min_uint(first + BPB, volume.data_start));
    take_range(first > volume.sb.size ? first : volume.sb.size, first + BPB);
}

const char *alloc_mount(void)
{
    uint npages = volume.sb.size / BITS_IN_PAGE + 1;

    if (npages > POOL_PAGES_MAX)
        return "it is too large";
    if (!(taken = pool_alloc(npages)))
        return "there is too little memory for it";
    for (uint first = 0; first < volume.sb.size; first += BPB) {
        uint blockno = BBLOCK(first, volume.sb), rest = (volume.sb.size - first) / BPB;
        struct group *g = cache_get(blockno, 1, rest + 1);
        if (!g)
            return "its bitmap can't be read";
        copy_to_taken(first, cache_block(g, blockno));
        cache_put(g);
        for (uint b = first; b < first + BPB; b += 8)
            nfree += cache_count(~*taken_byte(b));
    }
    hint = volume.data_start;
    return NULL;
}

/* Moves the hint to the first free block and returns that; 0: there is none, or, if the hint is still below the end,
   none among those it looked at. */
static uint find_free_locked(void)
{
    uint limit = min_uint(hint + SEEN_AT_ONCE, volume.sb.size);

    while (hint < limit && is_taken(hint))
        hint = *taken_byte(hint) == 0xff ? (hint | 7) + 1 : hint + 1;
    return hint < limit ? hint : 0;
}

/* Takes what is free of [start, start+want), as far as one block of the bitmap goes; the count. */
static uint claim_locked(const struct group *g, uint start, uint want)
{
    uint limit = start - start % BPB + BPB, n = 0;

    for (uint b = start; n < want && b < limit && !is_taken(b); b++, n++) {
        *taken_byte(b) |= 1u << b % 8;
        *bitmap_byte(g, b) |= 1u << b % 8;
    }
    nfree -= n;
    return n;
}

uint alloc_take(struct log_op *op, uint goal, uint want, uint *n)
{
    for (;;) {
        spin_acquire(&lock);
        uint start = volume_is_data(goal) && !is_taken(goal) ? goal : find_free_locked();
        bool none = hint >= volume.sb.size;
        spin_release(&lock);
        if (!start && none)
            return 0;
        if (!start) {
            sched_checkpoint(); /* a disk may have millions of blocks */
            continue;
        }
        uint blockno = BBLOCK(start, volume.sb);
        struct group *g = cache_get(blockno, 1, 1);
        if (!g)
            return 0;
        spin_acquire(&lock);
        *n = claim_locked(g, start, want);
        spin_release(&lock);
        if (*n)
            cache_changed(op, g, blockno, 1);
        cache_put(g);
        if (*n)
            return start;
    }
}

/* Clears the bits of blocks in one byte of the bitmap.  `at_once`: those that may be given out now. */
static void release_locked(const struct group *g, uint blockno, uchar mask, uchar at_once)
{
    uchar *bits = bitmap_byte(g, blockno);

    mask &= *bits; /* corrupt image: a block may be freed twice */
    *bits &= ~mask;
    *taken_byte(blockno) &= ~(mask & at_once);
    nfree += cache_count(mask & at_once);
    ndeferred += cache_count(mask & ~at_once);
    if (mask & at_once)
        hint = min_uint(hint, blockno);
    if (mask & ~at_once)
        freed = min_uint(freed, blockno);
}

/* Frees by groups.  cancel: they were never used, and the cache does not know them. */
static void free_range(struct log_op *op, uint blockno, uint n, bool cancel)
{
    while (n > 0) {
        uint bitmap = BBLOCK(blockno, volume.sb);
        uint limit = blockno - blockno % BPB + BPB;
        struct group *g = cache_get(bitmap, 1, 1);
        if (!g) {
            log_fail();
            return;
        }
        while (n > 0 && blockno < limit) {
            uint count = min_uint(n, GROUP_BLOCKS - blockno % GROUP_BLOCKS);
            uchar mask = cache_mask(blockno, count);
            uchar at_once = cancel ? mask : cache_discard(blockno, count);
            spin_acquire(&lock);
            release_locked(g, blockno, mask, at_once);
            spin_release(&lock);
            blockno += count;
            n -= count;
            sched_checkpoint();
        }
        cache_changed(op, g, bitmap, 1);
        cache_put(g);
    }
}

void alloc_cancel(struct log_op *op, uint blockno, uint n) { free_range(op, blockno, n, true); }

void alloc_free(struct log_op *op, uint blockno, uint n) { free_range(op, blockno, n, false); }

bool alloc_has_room(uint nops) { return !ndeferred || nfree >= nops * LOG_OP_MAX * GROUP_BLOCKS; }

void alloc_committed(struct group *groups[], uint ngroups)
{
    uint first_bitmap = volume.sb.bmapstart, end = volume.data_start;

    for (uint i = 0; i < ngroups; i++, sched_checkpoint()) {
        for (uint at = 0; at < GROUP_BLOCKS; at++) {
            uint blockno = groups[i]->number * GROUP_BLOCKS + at;
            if (blockno < first_bitmap || blockno >= end || !(groups[i]->logged >> at & 1))
                continue;
            spin_acquire(&lock);
            copy_to_taken((blockno - first_bitmap) * BPB, groups[i]->data + at * BSIZE);
            spin_release(&lock);
        }
    }
    spin_acquire(&lock);
    nfree += ndeferred;
    ndeferred = 0;
    hint = min_uint(hint, freed);
    freed = ~0u;
    spin_release(&lock);
}
