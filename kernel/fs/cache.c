/*
 * cache.c - the block cache.
 *
 * A group is a frame with eight consecutive blocks.  Its header, a struct group, is in one of these states:
 *
 *   free      no frame: in the list `headers`
 *   spare     a frame without blocks: in `clean`, at its cold end, under no number
 *   clean     a number, no change: in `clean` unless it is pinned; from there it may be given up at any time
 *   changed   logged or fresh bits: in `changed`, until the transaction is home
 *
 * Invariants: nframes = headers with a frame; nchanged = length of `changed`; nlogged = logged bits in it.
 * Operations never starve for frames or log space, since they reserve both before they begin:
 *
 *   nlogged + nreserved <= capacity of the log        nchanged + nreserved + READERS <= nframes
 *
 * Frames that only hold clean blocks don't count in pgused (contract, 8.4), nor does a pool of POOL frames,
 * and changed groups use the pool first: so the counted frames are max(0, nchanged - POOL).  They stand at
 * the end of `changed`.
 *
 * The cache grows into memory that nobody was promised, one frame at a time, and page_reclaim() shrinks it
 * again.
 */
#include "fs/cache.h"
#include "fs/disk.h"
#include "fs/log.h"
#include "lib/kstring.h"
#include "lib/printk.h"
#include "mm/page.h"
#include "sched/thread.h"

#define POOL    64u /* frames that the cache always has */
#define READERS 16u /* frames that changes leave to those who only read */
#define NO_GROUP (~0u)

#define HEADERS_IN_PAGE (PAGE_SIZE / sizeof(struct group))
#define BUCKETS_IN_PAGE (PAGE_SIZE / sizeof(struct group *))

static struct {
    struct spinlock lock;
    struct mutex io;            /* of the staging buffer */
    uint nblocks;               /* of the disk */
    struct group ***buckets;    /* pages of hash chains */
    uint bucket_mask;
    struct group *headers;      /* free ones, by hash_next */
    struct list clean;          /* coldest first */
    struct list changed;        /* not counted in pgused, then counted */
    uint nframes, nchanged, nlogged, nreserved;
    struct waitq loaded;        /* a group's blocks were read */
    struct waitq released;      /* a frame came to `clean` */
} cache;

static uchar staging[STAGING_BLOCKS * BSIZE] __attribute__((aligned(PAGE_SIZE)));

uint cache_count(uchar mask)
{
    uint n = 0;
    for (uint bits = mask; bits; bits &= bits - 1)
        n++;
    return n;
}

static inline bool is_changed(const struct group *g) { return g->logged | g->fresh; }

/* ---- Headers and frames; all with the lock held ---- */

static inline struct group **bucket_of(uint number)
{
    uint h = number & cache.bucket_mask;
    return &cache.buckets[h / BUCKETS_IN_PAGE][h % BUCKETS_IN_PAGE];
}

static inline struct group *find(uint number)
{
    struct group *g = *bucket_of(number);
    while (g && g->number != number)
        g = g->hash_next;
    return g;
}

static void enter(struct group *g, uint number)
{
    struct group **bucket = bucket_of(number);
    g->number = number;
    g->hash_next = *bucket;
    *bucket = g;
}

static void forget(struct group *g)
{
    if (g->number == NO_GROUP)
        return;
    struct group **at = bucket_of(g->number);
    while (*at != g)
        at = &(*at)->hash_next;
    *at = g->hash_next;
    g->number = NO_GROUP;
    g->valid = 0;
}

/* A clean group that nobody has pinned goes where it can be taken. */
static void release(struct group *g)
{
    if (g->valid)
        list_push_back(&cache.clean, &g->link);
    else
        list_push_front(&cache.clean, &g->link);
    if (!list_empty(&cache.released.sleepers))
        waitq_wake(&cache.released, 1);
}

/* Makes a spare of a frame that memory can do without. */
static bool grow(void)
{
    struct group *g = cache.headers;
    void *page = g ? page_alloc_spare() : NULL;
    if (!page)
        return false;
    page_set_clean_cache(page, true);
    cache.headers = g->hash_next;
    g->data = page;
    g->number = NO_GROUP;
    cache.nframes++;
    release(g);
    return true;
}

/* Takes the coldest clean group out; NULL when all frames are in use. */
static struct group *take(void)
{
    struct list *l = cache.clean.next;
    if (l == &cache.clean || container_of(l, struct group, link)->number != NO_GROUP)
        grow();
    l = list_pop(&cache.clean);
    if (!l)
        return NULL;
    struct group *g = container_of(l, struct group, link);
    forget(g);
    return g;
}

static inline void pin(struct group *g)
{
    if (g->pins++ == 0 && !is_changed(g))
        list_remove(&g->link);
}

static inline void unpin(struct group *g)
{
    if (--g->pins == 0 && !is_changed(g))
        release(g);
}

/* Pins the group with this number, if need be a new one without valid blocks.  Sleeps until there is a frame.
   */
static struct group *pin_number(uint number)
{
    for (;;) {
        struct group *g = find(number);
        if (g) {
            pin(g);
            return g;
        }
        g = take();
        if (g) {
            enter(g, number);
            g->pins = 1;
            return g;
        }
        waitq_sleep(&cache.released, &cache.lock, 0, false);
    }
}

/* ---- Reading ---- */

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

static void loaded(struct group *g, uchar blocks)
{
    g->valid |= blocks;
    g->loading = false;
    waitq_wake_all(&cache.loaded);
}

/* Reads what is not valid.  The lock is released meanwhile. */
static bool load(struct group *g)
{
    uchar wanted = blocks_on_disk(g->number) & ~g->valid;
    g->loading = true;
    spin_release(&cache.lock);
    bool ok = read_blocks(g, wanted);
    spin_acquire(&cache.lock);
    loaded(g, ok ? wanted : 0);
    return ok;
}

/* Reads groups from `number` on by one request, as long as none of them is in the cache and frames are at
   hand.  A failure shows when the blocks are asked for. */
static void load_many(uint number, uint ngroups)
{
    struct group *groups[STAGING_BLOCKS / GROUP_BLOCKS];
    uint n = 0, limit = (cache.nblocks + GROUP_BLOCKS - 1) / GROUP_BLOCKS;

    mutex_acquire(&cache.io);
    spin_acquire(&cache.lock);
    while (n < ngroups && n < STAGING_BLOCKS / GROUP_BLOCKS && number + n < limit && !find(number + n)) {
        struct group *g = take();
        if (!g)
            break;
        enter(g, number + n);
        g->pins = 1;
        g->loading = true;
        groups[n++] = g;
    }
    spin_release(&cache.lock);
    if (n) {
        uint start = number * GROUP_BLOCKS, nblocks = n * GROUP_BLOCKS;
        if (nblocks > cache.nblocks - start)
            nblocks = cache.nblocks - start;
        bool ok = disk_read(start, nblocks, staging) == 0;
        for (uint i = 0; i < n; i++) {
            if (ok)
                page_copy(groups[i]->data, staging + i * PAGE_SIZE);
            spin_acquire(&cache.lock);
            loaded(groups[i], ok ? blocks_on_disk(groups[i]->number) : 0);
            unpin(groups[i]);
            spin_release(&cache.lock);
        }
    }
    mutex_release(&cache.io);
}

struct group *cache_get(uint blockno, uint n, uint ahead)
{
    uint number = blockno / GROUP_BLOCKS;
    uchar mask = cache_mask(blockno, n);

    spin_acquire(&cache.lock);
    struct group *g = find(number);
    if (!g && ahead > GROUP_BLOCKS - blockno % GROUP_BLOCKS) {
        spin_release(&cache.lock);
        load_many(number, (blockno + ahead - 1) / GROUP_BLOCKS - number + 1);
        spin_acquire(&cache.lock);
        g = find(number);
    }
    if (g)
        pin(g);
    else
        g = pin_number(number);
    while ((g->valid & mask) != mask) {
        if (g->loading) {
            waitq_sleep(&cache.loaded, &cache.lock, 0, false);
        } else if (!load(g)) {
            unpin(g);
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
    struct group *g = pin_number(blockno / GROUP_BLOCKS);
    while (g->loading)
        waitq_sleep(&cache.loaded, &cache.lock, 0, false);
    g->valid |= cache_mask(blockno, n); /* so that nobody reads the old contents over the new */
    spin_release(&cache.lock);
    return g;
}

void cache_put(struct group *g)
{
    spin_acquire(&cache.lock);
    unpin(g);
    spin_release(&cache.lock);
}

/* ---- Changes ---- */

static void use_reservation(struct log_op *op, uint n)
{
    debug_assert(op->left >= n);
    op->left -= n;
    cache.nreserved -= n;
}

/* A clean group, pinned, gets its first change. */
static void join_changed(struct group *g)
{
    g->counted = ++cache.nchanged > POOL;
    if (g->counted) {
        page_set_clean_cache(g->data, false);
        list_push_back(&cache.changed, &g->link);
    } else {
        list_push_front(&cache.changed, &g->link);
    }
}

static void uncount(struct group *g)
{
    g->counted = false;
    page_set_clean_cache(g->data, true);
}

/* The group lost its last change. */
static void leave_changed(struct group *g)
{
    list_remove(&g->link);
    cache.nchanged--;
    if (g->counted) {
        uncount(g);
    } else if (!list_empty(&cache.changed)) {
        struct group *last = container_of(cache.changed.prev, struct group, link);
        if (last->counted) { /* the place in the pool is free for it */
            uncount(last);
            list_remove(&last->link);
            list_push_front(&cache.changed, &last->link);
        }
    }
    if (g->pins == 0)
        release(g);
}

void cache_changed(struct log_op *op, struct group *g, uint blockno, uint n)
{
    uchar mask = cache_mask(blockno, n);

    spin_acquire(&cache.lock);
    uchar added = mask & ~(g->logged | g->fresh);
    if (added) {
        uint count = cache_count(added);
        if (!is_changed(g))
            join_changed(g);
        g->logged |= added;
        cache.nlogged += count;
        use_reservation(op, count);
    }
    spin_release(&cache.lock);
}

void cache_filled(struct log_op *op, struct group *g, uint blockno, uint n)
{
    spin_acquire(&cache.lock);
    if (!is_changed(g)) {
        join_changed(g);
        use_reservation(op, 1);
    }
    g->fresh |= cache_mask(blockno, n);
    spin_release(&cache.lock);
}

uchar cache_discard(uint blockno, uint n)
{
    uchar mask = cache_mask(blockno, n), fresh = 0;

    spin_acquire(&cache.lock);
    struct group *g = find(blockno / GROUP_BLOCKS);
    if (g) {
        bool was_changed = is_changed(g);
        fresh = g->fresh & mask;
        cache.nlogged -= cache_count(g->logged & mask);
        g->fresh &= ~mask;
        g->logged &= ~mask;
        g->valid &= ~mask;
        if (was_changed && !is_changed(g))
            leave_changed(g);
    }
    spin_release(&cache.lock);
    return fresh;
}

/* ---- For the log ---- */

bool cache_reserve(uint n, uint capacity)
{
    spin_acquire(&cache.lock);
    uint nframes = cache.nchanged + cache.nreserved + n + READERS;
    while (cache.nframes < nframes && grow())
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
    list_for_each (l, &cache.changed)
        groups[n++] = container_of(l, struct group, link);
    for (uint gap = n / 2; gap; gap /= 2) { /* Shell's sort: needs no memory */
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
    leave_changed(g);
    spin_release(&cache.lock);
}

uchar *cache_staging(void)
{
    mutex_acquire(&cache.io);
    return staging;
}

void cache_staging_done(void) { mutex_release(&cache.io); }

/* ---- Memory ---- */

/* A pointer to n objects cut from whole frames is too much to ask of page_alloc(): they come page by page. */
static int make_headers(uint n)
{
    while (n > 0) {
        struct group *page = page_alloc_zeroed();
        if (!page)
            return -1;
        for (uint i = 0; i < HEADERS_IN_PAGE && n > 0; i++, n--) {
            page[i].hash_next = cache.headers;
            list_init(&page[i].link);
            cache.headers = &page[i];
        }
    }
    return 0;
}

static int make_buckets(uint n)
{
    uint npages = (n + BUCKETS_IN_PAGE - 1) / BUCKETS_IN_PAGE;
    if (npages > BUCKETS_IN_PAGE || !(cache.buckets = page_alloc()))
        return -1;
    for (uint i = 0; i < npages; i++)
        if (!(cache.buckets[i] = page_alloc_zeroed()))
            return -1;
    cache.bucket_mask = n - 1;
    return 0;
}

int cache_init(uint nblocks)
{
    uint ngroups = (nblocks + GROUP_BLOCKS - 1) / GROUP_BLOCKS;
    uint nheaders = page_free_count() + POOL, nbuckets = 1;

    if (nheaders > ngroups + POOL)
        nheaders = ngroups + POOL;
    while (nbuckets < nheaders)
        nbuckets *= 2;
    cache.nblocks = nblocks;
    spin_init(&cache.lock, RANK_CACHE, "cache");
    mutex_init(&cache.io, RANK_CACHE_IO, "cache staging");
    list_init(&cache.clean);
    list_init(&cache.changed);
    waitq_init(&cache.loaded);
    waitq_init(&cache.released);
    if (make_buckets(nbuckets) < 0 || make_headers(nheaders) < 0)
        return -1;
    spin_acquire(&cache.lock);
    while (cache.nframes < POOL && grow())
        ;
    spin_release(&cache.lock);
    return cache.nframes == POOL ? 0 : -1;
}

/* Frees one clean group's frame, unless the pool, or operations under way, need it. */
static bool shrink(void)
{
    void *page = NULL;
    spin_acquire(&cache.lock);
    if (cache.nframes > POOL && cache.nframes > cache.nchanged + cache.nreserved + READERS) {
        struct list *l = list_pop(&cache.clean);
        if (l) {
            struct group *g = container_of(l, struct group, link);
            forget(g);
            page = g->data;
            g->data = NULL;
            g->hash_next = cache.headers;
            cache.headers = g;
            cache.nframes--;
        }
    }
    spin_release(&cache.lock);
    if (page)
        page_free(page);
    return page;
}

uint page_reclaim(uint n, bool may_sleep)
{
    uint freed = 0;
    if (!cache.nframes) /* nothing is mounted yet */
        return 0;
    while (freed < n && shrink())
        freed++;
    if (freed < n && may_sleep && cache_is_changed() && log_settle() == 0)
        while (freed < n && shrink())
            freed++;
    return freed;
}

void cache_check(void)
{
    uint nclean = 0, nchanged = 0, nlogged = 0, ncounted = 0;
    spin_acquire(&cache.lock);
    list_for_each (l, &cache.clean) {
        const struct group *g = container_of(l, struct group, link);
        if (g->pins || is_changed(g) || g->loading || g->counted || (g->number == NO_GROUP && g->valid))
            panic("block cache: group %u is not clean", g->number);
        if (g->number != NO_GROUP && find(g->number) != g)
            panic("block cache: group %u can't be found", g->number);
        nclean++;
    }
    list_for_each (l, &cache.changed) {
        const struct group *g = container_of(l, struct group, link);
        uchar changed = g->logged | g->fresh;
        if (!changed || (g->logged & g->fresh) || (changed & ~g->valid) || find(g->number) != g)
            panic("block cache: group %u: logged %x, fresh %x, valid %x", g->number, g->logged, g->fresh,
                  g->valid);
        nchanged++;
        nlogged += cache_count(g->logged);
        ncounted += g->counted;
    }
    if (nchanged != cache.nchanged || nlogged != cache.nlogged || nclean + nchanged > cache.nframes ||
        ncounted != (nchanged > POOL ? nchanged - POOL : 0))
        panic("block cache: %u clean, %u of %u changed, %u of %u logged, %u counted, %u frames", nclean,
              nchanged, cache.nchanged, nlogged, cache.nlogged, ncounted, cache.nframes);
    spin_release(&cache.lock);
}
