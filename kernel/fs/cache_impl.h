/*
 * cache_impl.h - what the files of the block cache share.
 *
 * `_locked`: the caller holds cache.lock.  Sleeps: no.
 */
#ifndef CACHE_IMPL_H
#define CACHE_IMPL_H

#include "fs/cache.h"
#include "sched/thread.h"

#define CACHE_POOL    64u   /* frames that the cache always has */
#define CACHE_READERS 16u   /* frames that changes leave to readers */
#define GROUP_NONE    (~0u) /* the number of a spare */

#define BUCKETS_IN_PAGE (PAGE_SIZE / sizeof(struct group *))

/* Fields:  I immutable after cache_init()   C cache lock */
struct cache_books {
    struct spinlock lock;    /* RANK_CACHE */
    struct mutex io;         /* RANK_CACHE_IO: guards the staging buffer */
    uint nblocks;            /* [I] of the disk */
    struct group ***buckets; /* [I] pages of hash chains; the chains: [C] */
    uint bucket_mask;        /* [I] */
    struct group *headers;   /* [C] free ones, by hash_next */
    struct list clean;       /* [C] coldest first */
    struct list changed;     /* [C] those that don't count in pgused, then those that do */
    uint nframes;            /* [C] headers with a frame */
    uint nchanged;           /* [C] groups in `changed` */
    uint nlogged;            /* [C] logged blocks in them */
    uint nreserved;          /* [C] changes that running operations may still make */
    struct waitq loaded;     /* [C] for the end of a read */
    struct waitq released;   /* [C] for a frame in `clean` */
};
extern struct cache_books cache;

static inline bool group_is_changed(const struct group *g) { return g->logged | g->fresh; }

static inline struct group **cache_bucket(uint number)
{
    uint h = number & cache.bucket_mask;

    return &cache.buckets[h / BUCKETS_IN_PAGE][h % BUCKETS_IN_PAGE];
}

/* The group with this number, or NULL. */
static inline struct group *cache_find_locked(uint number)
{
    struct group *g = *cache_bucket(number);

    while (g && g->number != number)
        g = g->hash_next;
    return g;
}

/* Adds a frame that memory can spare.  False: there is none. */
bool cache_grow_locked(void);
/* A spare in no list: one that is there, a new frame, or the coldest clean group; NULL when all frames are in use. */
struct group *cache_take_locked(void);
/* Puts a clean group that is no longer pinned where cache_take_locked() finds it. */
void cache_release_locked(struct group *g);

#endif
