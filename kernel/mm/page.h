/*
 * page.h - physical page frames, and promises of frames.
 *
 * A frame is PAGE_SIZE bytes, aligned, known by its kernel address.  It belongs to the caller that allocated
 * it, until page_free().  Memory is never promised twice (§10): at all times
 *
 *     free frames >= promised frames
 *
 * Whatever would break that is refused, and so is what would leave less than PAGE_RESERVE frames, except for
 * threads that may take some or all of those: thread->reserve says how many.  kernel/proc decides.  They do so only
 * when the block cache has no clean frames to give.  While thread->lasting is set, a thread takes PAGE_LASTING of
 * them at most: the others have to come back when it ends.
 *
 * page_keep(n) makes the reserve larger for a while.  With memory used up, the next n frames that are freed go there.
 *
 * Lock: RANK_PAGE, taken and released inside.
 */
#ifndef PAGE_H
#define PAGE_H

#include "arch.h"
#include "include/mustcheck.h"

#define PAGE_RESERVE 64u /* the last frames, which most threads leave to others */
#define PAGE_LASTING 16u /* of these, for what may outlive a job that ends */

/* What the block cache leaves beyond those: operations need objects, and can't wait for a commit to make room. */
#define PAGE_LEFT_BY_CACHE 32u

/* Flags in frame.refs, beside the count. */
#define FRAME_BUSY  0x80000000u /* of private memory: page_unshare() copies it for one of its owners */
#define FRAME_CLEAN 0x40000000u /* of the block cache: it holds only clean blocks (page.c) */

/* Fields:  P page lock while the frame is free, its owner's afterwards   A atomic: owners share it */
struct frame {
    volatile uint refs; /* [A] 0: free; of private memory: its owners; else 1 */
    union {
        struct frame *next; /* [P] in the list of free frames, or in a chain */
        uint nused;         /* [P] of a page table: entries in use */
        void *owner;        /* [P] of the block cache: its own record */
    };
#ifdef DEBUG
    const void *freed_from; /* [P] of a free frame: the call that freed it, and the thread */
    char freed_by[20];      /* [P] */
#endif
};

/* Once at boot, before anything else of mm.  Sleeps: no. */
void page_init(void);
/* At the end of boot: frames handed out so far are pools, which page_used() never counts (§8.4).
   Sleeps: no. */
void page_init_done(void);

extern struct frame *frame_table; /* [I] one for each page of the direct map */
extern uint frame_count;          /* [I] */
static inline struct frame *frame_of(const void *page) { return &frame_table[pa_of(page) >> PAGE_SHIFT]; }
static inline void *frame_page(const struct frame *f) { return va_of((uint)(f - frame_table) << PAGE_SHIFT); }

/* One frame with undefined contents and refs 1.  NULL: none is available, even after the block cache gave
   back its clean frames.  Not with a lock of RANK_CACHE or below held.  Sleeps: no. */
MUST_CHECK void *page_alloc(void);
/* As page_alloc(), with zeroes.  Sleeps: no. */
MUST_CHECK void *page_alloc_zeroed(void);
/* As page_alloc(), after the block cache wrote out and gave back dirty frames as well.  It may wait for a
   commit: the caller holds no lock, and is in no operation of the file system.  Sleeps: may. */
MUST_CHECK void *page_alloc_sleeping(void);
/* As page_alloc(), for the block cache: leaves PAGE_LEFT_BY_CACHE, and never asks page_reclaim().  So
   the cache, and no other caller, may hold its lock here.  Sleeps: no. */
MUST_CHECK void *page_alloc_spare(void);
/* Frees a frame that has no other owner.  Sleeps: no. */
void page_free(void *page);
/* Frees a page that holds nothing but zeroes; page_alloc_zeroed() hands it out as it is.  Sleeps: no. */
void page_free_zeroed(void *page);

/* Promises n frames to the caller, which keeps count, uses them up by page_alloc_promised() and returns the
   rest by page_unpromise().  False: they are not available, even after the block cache gave back all it could.
   It may wait for a commit, as page_alloc_sleeping().  Sleeps: may. */
MUST_CHECK bool page_promise(uint n);
/* Returns n promises.  Sleeps: no. */
void page_unpromise(uint n);
/* Keeps a promise, and never fails.  Undefined contents, refs 1.  Sleeps: no. */
MUST_CHECK void *page_alloc_promised(void);
/* One owner of a copy-on-write page wants to write.  Returns the page if there is no other owner, else a copy of
   which the caller is the only owner; a promise and the caller's share of the page are used up then.  Never
   fails.  Sleeps: no. */
MUST_CHECK void *page_unshare(void *page);

/* A list of frames, freed together in one call, however many they are.  Its owner's alone. */
struct page_chain {
    struct frame *first, *last;
    uint n;
};
/* Adds a frame that has no owner any more.  Sleeps: no. */
static inline void page_chain_add(struct page_chain *chain, struct frame *f);
/* Frees them all; the chain is empty then.  Debug builds let other threads run in between.  Sleeps: may. */
void page_free_chain(struct page_chain *chain);

/* From now on n frames more than PAGE_RESERVE are left to those that may take so many.  Sleeps: no. */
void page_keep(uint n);

/* Frames handed out, less those that hold only clean cached blocks (§8.4).  Sleeps: no. */
uint page_used(void);
/* Frames above the reserve that could still be promised without the block cache's help.  Sleeps: no. */
uint page_free_count(void);
/* For the block cache: this frame of its own holds only clean blocks, or does so no longer.  Sleeps: no. */
void page_set_clean_cache(void *page, bool clean);

/* Defined by the block cache: frees up to n frames of clean blocks with page_free(), and returns how many.
   With may_sleep it first writes out dirty ones where that helps; without, it never sleeps.  Sleeps: may. */
uint page_reclaim(uint n, bool may_sleep);

/* Debug kernels only: panics if the lists of free frames and the counts disagree.  Sleeps: no. */
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
