/*
 * cache_memory.c - the block cache's memory: what it takes at boot, and how frames come and go.
 *
 * Headers and hash buckets are allocated once, for as many frames as the disk or the memory can fill: so a
 * frame that joins the cache or leaves it costs no memory besides itself, and pgused stays exact.
 *
 * The cache grows into memory that is not promised, one frame at a time, and page_reclaim() shrinks it again.
 * Invariant: nframes = headers with a frame.
 */
#include "base/min.h"
#include "fs/cache_impl.h"
#include "fs/log.h"
#include "mm/page.h"
#include "mm/pool.h"

#define HEADERS_IN_PAGE (PAGE_SIZE / sizeof(struct group))

struct cache_books cache;

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

int cache_init(uint nblocks)
{
    uint ngroups = (nblocks + GROUP_BLOCKS - 1) / GROUP_BLOCKS;
    uint nheaders = min_uint(page_free_count(), ngroups) + CACHE_POOL, nbuckets = 1;

    while (nbuckets < nheaders)
        nbuckets *= 2;
    cache.nblocks = nblocks;
    spin_init(&cache.lock, RANK_CACHE, "cache");
    mutex_init(&cache.io, RANK_CACHE_IO, "cache staging");
    list_init(&cache.clean);
    list_init(&cache.changed);
    waitq_init(&cache.loaded);
    waitq_init(&cache.released);
    cache.buckets = pool_alloc((nbuckets + BUCKETS_IN_PAGE - 1) / BUCKETS_IN_PAGE);
    cache.bucket_mask = nbuckets - 1;
    if (!cache.buckets || make_headers(nheaders) < 0)
        return -1;
    for (bool grown = true; grown && cache.nframes < CACHE_POOL;) {
        spin_acquire(&cache.lock);
        grown = cache_grow_locked();
        spin_release(&cache.lock);
    }
    return cache.nframes == CACHE_POOL ? 0 : -1;
}

static void forget_locked(struct group *g)
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

void cache_release_locked(struct group *g)
{
    if (g->valid)
        list_push_back(&cache.clean, &g->link);
    else
        list_push_front(&cache.clean, &g->link);
    if (!waitq_empty(&cache.released))
        waitq_wake_one(&cache.released);
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
    cache_release_locked(g);
    return true;
}

struct group *cache_take_locked(void)
{
    struct list *l = cache.clean.next;

    if (l == &cache.clean || container_of(l, struct group, link)->number != GROUP_NONE)
        cache_grow_locked();
    l = list_pop(&cache.clean);
    if (!l)
        return NULL;
    struct group *g = container_of(l, struct group, link);
    forget_locked(g);
    return g;
}

/* Frees one clean group's frame, unless the pool or running operations need it. */
static bool shrink(void)
{
    void *page = NULL;

    spin_acquire(&cache.lock);
    if (cache.nframes > CACHE_POOL && cache.nframes > cache.nchanged + cache.nreserved + CACHE_READERS) {
        struct list *l = list_pop(&cache.clean);
        if (l) {
            struct group *g = container_of(l, struct group, link);
            forget_locked(g);
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

    if (!cache.nframes) /* before the mount */
        return 0;
    while (freed < n && shrink())
        freed++;
    if (freed < n && may_sleep && cache_is_changed() && log_settle() == 0)
        while (freed < n && shrink())
            freed++;
    return freed;
}
