/*
 * cache.c - the block cache: groups found, read and pinned.
 *
 * A group is a frame with eight consecutive blocks.  Its header, a struct group, is in one of these states:
 *
 *   free      no frame: in the list `headers`
 *   spare     a frame without blocks: in `clean`, at its cold end; its number is GROUP_NONE
 *   clean     a number, no change: in `clean` unless it is pinned; its frame can be reused at any time
 *   changed   logged or fresh bits: in `changed`, until the transaction is home
 *
 * cache_memory.c gives a header its frame and takes it; cache_change.c knows what is changed.
 *
 * A thread that reads only waits for a frame while it has no group pinned, so readers never wait for each
 * other in a circle.
 */
#include "base/min.h"
#include "fs/blockio.h"
#include "fs/cache_impl.h"
#include "mm/page.h"

#define BATCH_GROUPS (STAGING_BLOCKS / GROUP_BLOCKS)

static uchar staging[STAGING_BLOCKS * BSIZE] __attribute__((aligned(PAGE_SIZE)));

static void enter_locked(struct group *g, uint number)
{
    struct group **bucket = cache_bucket(number);

    g->number = number;
    g->hash_next = *bucket;
    *bucket = g;
}

static inline void pin_locked(struct group *g)
{
    if (g->pins++ == 0 && !group_is_changed(g))
        list_remove(&g->link);
}

static inline void unpin_locked(struct group *g)
{
    if (--g->pins == 0 && !group_is_changed(g))
        cache_release_locked(g);
}

/* Pins the group with this number, or a new one without valid blocks.  Sleeps until there is a frame. */
static struct group *pin_number_locked(uint number)
{
    for (;;) {
        struct group *g = cache_find_locked(number);
        if (g) {
            pin_locked(g);
            waitq_wake_one(&cache.released); /* it may have been woken for a frame, and needs none */
            return g;
        }
        g = cache_take_locked();
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
        struct group *g = cache_take_locked();
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

uchar *cache_staging(void)
{
    mutex_acquire(&cache.io);
    return staging;
}

void cache_staging_done(void) { mutex_release(&cache.io); }
