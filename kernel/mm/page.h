/*
 * page.h - physical page frames, and promises of frames.
 *
 * A frame is PAGE_SIZE bytes, aligned, known by its kernel address.  Owner: who allocated it, until
 * page_free().  Memory is never promised twice (contract, 10): at all times
 *
 *     free frames >= promised frames
 *
 * and everything but a promise being kept is refused when it would break that, less 64 frames that only
 * privileged threads (init, the console's shell and what the shell starts) may use.
 * Lock: RANK_PAGE.
 */
#ifndef PAGE_H
#define PAGE_H

#include "arch.h"

#define PAGE_RESERVE 64u /* frames that only privileged threads may use */

struct frame {
    volatile uint refs; /* 0: free; of private user memory: its owners (see aspace.c); else 1 */
    union {
        struct frame *next; /* in the list of free frames, or in a chain */
        uint nused;         /* of a page table: entries in use */
        void *owner;        /* the block cache's, ... */
    };
};

/* Once at boot, before anything else of mm. */
void page_init(void);
/* At the end of boot: what is handed out until now are pools, which page_used() never counts (8.4). */
void page_init_done(void);

extern struct frame *frame_table; /* one for each page of the direct map */
extern uint frame_count;
static inline struct frame *frame_of(const void *page) { return &frame_table[pa_of(page) >> PAGE_SHIFT]; }
static inline void *frame_page(const struct frame *f) { return va_of((uint)(f - frame_table) << PAGE_SHIFT); }

/* One frame with undefined contents, refs 1; NULL when none may be had.  Sleeps: no. */
void *page_alloc(void);
void *page_alloc_zeroed(void);
/* As page_alloc(), after dirty cached blocks were given back as well.  Sleeps: it may. */
void *page_alloc_sleeping(void);
/* The same for the block cache: never asks page_reclaim(), and leaves PAGE_RESERVE frames to others.  So
   the cache may call it, and only it, with its lock held. */
void *page_alloc_spare(void);
void page_free(void *page);
/* Frees a page that holds nothing but zeroes; page_alloc_zeroed() uses it again as it is. */
void page_free_zeroed(void *page);

/* Promises n frames to the caller, who keeps count; false when they can't be had, after clean and dirty
   cached blocks were given back.  Sleeps: it may.  The owner uses them up by page_alloc_promised()
   or returns them by page_unpromise(). */
bool page_promise(uint n);
void page_unpromise(uint n);
/* Keeps a promise: never fails.  Undefined contents, refs 1. */
void *page_alloc_promised(void);
/* Its reverse: gives a frame back and has a promise for it. */
void page_free_promised(void *page);
/* Frames that somebody collects to give them back all at once, whatever their number. */
struct page_chain {
    struct frame *first, *last;
    uint n;
};
static inline void page_chain_add(struct page_chain *chain, struct frame *f);
void page_free_chain(struct page_chain *chain); /* empties it */

/* Contract, 8.4.  Frames handed out, less those that hold only clean cached blocks. */
uint page_used(void);
/* Frames that an unprivileged thread could still be promised, without asking the block cache. */
uint page_free_count(void);
/* For the block cache: this frame of mine holds only clean blocks / does so no longer. */
void page_set_clean_cache(void *page, bool clean);

/* Defined by the block cache: frees up to n frames of clean blocks with page_free(); returns how many.
   With may_sleep it first writes out dirty ones where that helps. */
uint page_reclaim(uint n, bool may_sleep);

/* Panics if the list of free frames and the counts disagree. */
void page_check(void);

static inline void page_chain_add(struct page_chain *chain, struct frame *f)
{
    if (!chain->first)
        chain->last = f;
    f->refs = 0;
    f->next = chain->first;
    chain->first = f;
    chain->n++;
}

#endif
