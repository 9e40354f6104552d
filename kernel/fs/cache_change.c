/*
 * cache_change.c - the block cache: what the running transaction has changed, and the room for more.
 *
 * Invariants: nchanged = length of `changed`; nlogged = logged bits in it.  Operations never run out of frames or log
 * space, since they reserve both before they begin:
 *
 *   nlogged + nreserved <= capacity of the log        nchanged + nreserved + CACHE_READERS <= nframes
 *
 * Frames of clean blocks don't count in pgused (§8.4), nor does a pool of CACHE_POOL frames, and changed
 * groups use the pool first: so the counted frames are max(0, nchanged - CACHE_POOL).  They stand at the
 * end of `changed`.
 */
#include "base/printk.h"
#include "fs/cache_impl.h"
#include "fs/log.h"
#include "mm/page.h"

uint cache_count(uchar mask)
{
    uint n = 0;

    for (uint bits = mask; bits; bits &= bits - 1)
        n++;
    return n;
}

static void use_reservation_locked(struct log_op *op, uint n)
{
    debug_assert(op->left >= n);
    op->left -= n;
    cache.nreserved -= n;
}

/* A pinned clean group gets its first change. */
static void join_changed_locked(struct group *g)
{
    g->counted = ++cache.nchanged > CACHE_POOL;
    if (g->counted) {
        page_set_clean_cache(g->data, false);
        list_push_back(&cache.changed, &g->link);
    } else {
        list_push_front(&cache.changed, &g->link);
    }
}

static void uncount_locked(struct group *g)
{
    g->counted = false;
    page_set_clean_cache(g->data, true);
}

/* The group lost its last change. */
static void leave_changed_locked(struct group *g)
{
    list_remove(&g->link);
    cache.nchanged--;
    if (g->counted) {
        uncount_locked(g);
    } else if (!list_empty(&cache.changed)) {
        struct group *last = container_of(cache.changed.prev, struct group, link);
        if (last->counted) { /* it takes the place in the pool */
            uncount_locked(last);
            list_remove(&last->link);
            list_push_front(&cache.changed, &last->link);
        }
    }
    if (g->pins == 0)
        cache_release_locked(g);
}

void cache_changed(struct log_op *op, struct group *g, uint blockno, uint n)
{
    uchar mask = cache_mask(blockno, n);

    spin_acquire(&cache.lock);
    uchar added = mask & ~(g->logged | g->fresh);
    if (added) {
        uint count = cache_count(added);
        if (!group_is_changed(g))
            join_changed_locked(g);
        g->logged |= added;
        g->valid |= added; /* corrupt image: another file may have freed the block meanwhile */
        cache.nlogged += count;
        use_reservation_locked(op, count);
    }
    spin_release(&cache.lock);
}

void cache_filled(struct log_op *op, struct group *g, uint blockno, uint n)
{
    uchar mask = cache_mask(blockno, n);

    spin_acquire(&cache.lock);
    if (!group_is_changed(g)) {
        join_changed_locked(g);
        use_reservation_locked(op, 1);
    }
    g->fresh |= mask & ~g->logged; /* corrupt image: another file may have changed what was free */
    g->valid |= mask;
    spin_release(&cache.lock);
}

uchar cache_discard(uint blockno, uint n)
{
    uchar mask = cache_mask(blockno, n), fresh = 0;

    spin_acquire(&cache.lock);
    struct group *g = cache_find_locked(blockno / GROUP_BLOCKS);
    if (g) {
        bool was_changed = group_is_changed(g);
        fresh = g->fresh & mask;
        cache.nlogged -= cache_count(g->logged & mask);
        g->fresh &= ~mask;
        g->logged &= ~mask;
        g->valid &= ~mask;
        if (was_changed && !group_is_changed(g))
            leave_changed_locked(g);
    }
    spin_release(&cache.lock);
    return fresh;
}

bool cache_reserve(uint n, uint capacity)
{
    spin_acquire(&cache.lock);
    uint nframes = cache.nchanged + cache.nreserved + n + CACHE_READERS;
    while (cache.nframes < nframes && cache_grow_locked())
        ;
    bool ok = cache.nframes >= nframes && cache.nlogged + cache.nreserved + n <= capacity &&
              cache.nchanged + cache.nreserved + n <= CACHE_DIRTY_MAX;
    if (ok)
        cache.nreserved += n;
    spin_release(&cache.lock);
    return ok;
}

void cache_unreserve(uint n)
{
    spin_acquire(&cache.lock);
    cache.nreserved -= n;
    spin_release(&cache.lock);
}

bool cache_is_changed(void) { return cache.nchanged != 0; }

uint cache_collect(struct group *groups[CACHE_DIRTY_MAX])
{
    uint n = 0;

    list_for_each(l, &cache.changed)
        groups[n++] = container_of(l, struct group, link);
    for (uint gap = n / 2; gap; gap /= 2) { /* Shell sort: needs no memory */
        for (uint i = gap; i < n; i++) {
            struct group *g = groups[i];
            uint at = i;
            for (; at >= gap && groups[at - gap]->number > g->number; at -= gap)
                groups[at] = groups[at - gap];
            groups[at] = g;
        }
    }
    return n;
}

void cache_settle(struct group *g)
{
    spin_acquire(&cache.lock);
    cache.nlogged -= cache_count(g->logged);
    g->logged = g->fresh = 0;
    leave_changed_locked(g);
    spin_release(&cache.lock);
}
