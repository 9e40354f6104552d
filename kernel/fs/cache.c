/*
 * cache.c - the block cache.
 *
 * A group is a frame with eight consecutive blocks.  Its header, a struct group, is in one of these states:
 *
 *   free      no frame: in the list `headers`
 *   spare     a frame without blocks: in `clean`, at its cold end; its number is GROUP_NONE
 *   clean     a number, no change: in `clean` unless it is pinned; its frame can be reused at any time
 *   changed   logged or fresh bits: in `changed`, until the transaction is home
 *
 * Invariants: nframes = headers with a frame; nchanged = length of `changed`; nlogged = logged bits in it.
 * Operations never run out of frames or log space, since they reserve both before they begin:
 *
 *   nlogged + nreserved <= capacity of the log        nchanged + nreserved + CACHE_READERS <= nframes
 *
 * A thread that reads only waits for a frame while it has no group pinned, so readers never wait for each
 * other in a circle.
 *
 * Frames of clean blocks don't count in pgused (§8.4), nor does a pool of CACHE_POOL frames, and changed
 * groups use the pool first: so the counted frames are max(0, nchanged - CACHE_POOL).  They stand at the
 * end of `changed`.
 *
 * The cache grows into memory that is not promised, one frame at a time, and page_reclaim() shrinks it again.
 */
#include "base/min.h"
#include "base/printk.h"
#include "fs/blockio.h"
#include "fs/cache_impl.h"
#include "fs/log.h"
#include "mm/page.h"

#define BATCH_GROUPS (STAGING_BLOCKS / GROUP_BLOCKS)

static uchar staging[STAGING_BLOCKS * BSIZE] __attribute__((aligned(PAGE_SIZE)));

uint cache_count(uchar mask)
{
    uint n = 0;

    for (uint bits = mask; bits; bits &= bits - 1)
        n++;
    return n;
}

/* Headers and frames. */

static void enter_locked(struct group *g, uint number)
{
    struct group **bucket = cache_bucket(number);

    g->number = number;
    g->hash_next = *bucket;
    *bucket = g;
}

void cache_forget_locked(struct group *g)
{
    if (g->number == GROUP_NONE)
        return;
    struct group **at = cache_bucket(g->number);
    while (*at != g)
        at = &(*at)->hash_next;
    *at = g->hash_next;
    g->number = GROUP_NONE;
    g->valid = 0;
}

/* Puts a clean group that is no longer pinned where take_locked() finds it. */
static void release_locked(struct group *g)
{
    if (g->valid)
        list_push_back(&cache.clean, &g->link);
    else
        list_push_front(&cache.clean, &g->link);
    if (!waitq_empty(&cache.released))
        waitq_wake(&cache.released, 1);
}

bool cache_grow_locked(void)
{
    struct group *g = cache.headers;
    void *page = g ? page_alloc_spare() : NULL;

    if (!page)
        return false;
    page_set_clean_cache(page, true);
    cache.headers = g->hash_next;
    g->data = page;
    g->number = GROUP_NONE;
    cache.nframes++;
    release_locked(g);
    return true;
}

/* Takes the coldest clean group, as a spare in no list; NULL when all frames are in use. */
static struct group *take_locked(void)
{
    struct list *l = cache.clean.next;

    if (l == &cache.clean || container_of(l, struct group, link)->number != GROUP_NONE)
        cache_grow_locked();
    l = list_pop(&cache.clean);
    if (!l)
        return NULL;
    struct group *g = container_of(l, struct group, link);
    cache_forget_locked(g);
    return g;
}

static inline void pin_locked(struct group *g)
{
    if (g->pins++ == 0 && !group_is_changed(g))
        list_remove(&g->link);
}

static inline void unpin_locked(struct group *g)
{
    if (--g->pins == 0 && !group_is_changed(g))
        release_locked(g);
}

/* Pins the group with this number, or a new one without valid blocks.  Sleeps until there is a frame. */
static struct group *pin_number_locked(uint number)
{
    for (;;) {
        struct group *g = cache_find_locked(number);
        if (g) {
            pin_locked(g);
            waitq_wake(&cache.released, 1); /* it may have been woken for a frame, and needs none */
            return g;
        }
        g = take_locked();
        if (g) {
            enter_locked(g, number);
            g->pins = 1;
            return g;
        }
        waitq_sleep(&cache.released, &cache.lock, 0, false);
    }
}

/* Reading. */

/* The blocks of a group that the disk has: all but at its end. */
static uchar blocks_on_disk(uint number)
{
    uint n = cache.nblocks - number * GROUP_BLOCKS;

    return n >= GROUP_BLOCKS ? 0xff : cache_mask(0, n);
}

/* Reads the blocks in `wanted`, run by run. */
static bool read_blocks(struct group *g, uchar wanted)
{
    for (uint i = 0, n; i < GROUP_BLOCKS; i += n) {
        bool skip = !(wanted >> i & 1);
        for (n = 1; i + n < GROUP_BLOCKS && !(wanted >> (i + n) & 1) == skip; n++)
            ;
        if (!skip && disk_read(g->number * GROUP_BLOCKS + i, n, g->data + i * BSIZE) < 0)
            return false;
    }
    return true;
}

static void loaded_locked(struct group *g, uchar blocks)
{
    g->valid |= blocks;
    g->loading = false;
    waitq_wake_all(&cache.loaded);
}

/* Reads what is not valid, and releases the lock meanwhile.  False: some of the needed blocks can't be read. */
static REACQUIRES bool load_locked(struct group *g, uchar needed)
{
    uchar wanted = blocks_on_disk(g->number) & ~g->valid;

    g->loading = true;
    spin_release(&cache.lock);
    bool ok = read_blocks(g, wanted);
    if (!ok && wanted & ~needed) { /* a neighbour may be to blame */
        wanted &= needed;
        ok = read_blocks(g, wanted);
    }
    spin_acquire(&cache.lock);
    loaded_locked(g, ok ? wanted : 0);
    return ok;
}

/* Groups one after the other on the disk, which one request reads. */
struct batch {
    struct group *groups[BATCH_GROUPS];
    uint n;
};

/* Pins groups from `number` on, up to the first that is cached, has no frame, or is past the end of the disk. */
static void batch_claim(struct batch *b, uint number, uint ngroups)
{
    uint ngroups_left = (cache.nblocks + GROUP_BLOCKS - 1) / GROUP_BLOCKS - number;

    ngroups = min_uint(ngroups, min_uint(ngroups_left, BATCH_GROUPS));
    spin_acquire(&cache.lock);
    for (b->n = 0; b->n < ngroups && !cache_find_locked(number + b->n); b->n++) {
        struct group *g = take_locked();
        if (!g)
            break;
        enter_locked(g, number + b->n);
        g->pins = 1;
        g->loading = true;
        b->groups[b->n] = g;
    }
    spin_release(&cache.lock);
}

/* Fills them from the staging buffer, if it was read, and gives them to whoever waits. */
static void batch_finish(const struct batch *b, bool was_read)
{
    for (uint i = 0; i < b->n; i++) {
        struct group *g = b->groups[i];
        if (was_read)
            page_copy(g->data, staging + i * PAGE_SIZE);
        spin_acquire(&cache.lock);
        loaded_locked(g, was_read ? blocks_on_disk(g->number) : 0);
        unpin_locked(g);
        spin_release(&cache.lock);
    }
}

/* Reads up to ngroups ahead.  A failure shows when the blocks are asked for. */
static void load_many(uint number, uint ngroups)
{
    uint start = number * GROUP_BLOCKS;
    struct batch b;

    mutex_acquire(&cache.io);
    batch_claim(&b, number, ngroups);
    if (b.n) {
        uint nblocks = min_uint(b.n * GROUP_BLOCKS, cache.nblocks - start);
        batch_finish(&b, disk_read(start, nblocks, staging) == 0);
    }
    mutex_release(&cache.io);
}

struct group *cache_get(uint blockno, uint n, uint ahead)
{
    uint number = blockno / GROUP_BLOCKS;
    uchar mask = cache_mask(blockno, n);

    spin_acquire(&cache.lock);
    struct group *g = cache_find_locked(number);
    if (!g && ahead > GROUP_BLOCKS - blockno % GROUP_BLOCKS) {
        spin_release(&cache.lock);
        load_many(number, (blockno + ahead - 1) / GROUP_BLOCKS - number + 1);
        spin_acquire(&cache.lock);
        g = cache_find_locked(number);
    }
    if (g)
        pin_locked(g);
    else
        g = pin_number_locked(number);
    while ((g->valid & mask) != mask) {
        if (g->loading) {
            waitq_sleep(&cache.loaded, &cache.lock, 0, false);
        } else if (!load_locked(g, mask)) {
            unpin_locked(g);
            g = NULL;
            break;
        }
    }
    spin_release(&cache.lock);
    return g;
}

struct group *cache_get_blank(uint blockno, uint n)
{
    spin_acquire(&cache.lock);
    struct group *g = pin_number_locked(blockno / GROUP_BLOCKS);
    while (g->loading)
        waitq_sleep(&cache.loaded, &cache.lock, 0, false);
    g->valid |= cache_mask(blockno, n); /* so that no one reads the old contents over the new */
    spin_release(&cache.lock);
    return g;
}

void cache_put(struct group *g)
{
    spin_acquire(&cache.lock);
    unpin_locked(g);
    spin_release(&cache.lock);
}

/* Changes. */

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
        release_locked(g);
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

/* For the log. */

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

uchar *cache_staging(void)
{
    mutex_acquire(&cache.io);
    return staging;
}

void cache_staging_done(void) { mutex_release(&cache.io); }
