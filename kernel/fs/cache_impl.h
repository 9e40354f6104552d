/*
 * cache_impl.h - what the two files of the block cache share.  `_locked`: under cache.lock.
 */
#ifndef CACHE_BOOKS_H
#define CACHE_BOOKS_H

#include "fs/cache.h"
#include "sched/thread.h"

#define CACHE_POOL    64u   /* frames that the cache always has */
#define CACHE_READERS 16u   /* frames that changes leave to those who only read */
#define GROUP_NONE    (~0u) /* the number of a spare */

#define BUCKETS_IN_PAGE (PAGE_SIZE / sizeof(struct group *))

struct cache_books {
    struct spinlock lock;
    struct mutex io;         /* of the staging buffer */
    uint nblocks;            /* of the disk */
    struct group ***buckets; /* pages of hash chains */
    uint bucket_mask;
    struct group *headers; /* free ones, by hash_next */
    struct list clean;     /* coldest first */
    struct list changed;   /* not counted in pgused, then counted */
    uint nframes, nchanged, nlogged, nreserved;
    struct waitq loaded;   /* a group's blocks were read */
    struct waitq released; /* a frame came to `clean` */
};
extern struct cache_books cache;

static inline bool group_is_changed(const struct group *g) { return g->logged | g->fresh; }

static inline struct group **cache_bucket(uint number)
{
    uint h = number & cache.bucket_mask;

    return &cache.buckets[h / BUCKETS_IN_PAGE][h % BUCKETS_IN_PAGE];
}

/* The group with this number, or NULL. */
static inline struct group *cache_find(uint number)
{
    struct group *g = *cache_bucket(number);

    while (g && g->number != number)
        g = g->hash_next;
    return g;
}

/* Makes a spare of a frame that memory can do without.  False: there is none. */
bool cache_grow_locked(void);
/* Makes a spare of a clean group. */
void cache_forget_locked(struct group *g);

#endif
