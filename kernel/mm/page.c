/*
 * page.c - the allocator of page frames, and the count of promises.
 *
 * Free frames are a stack, linked through frame_table: the frame freed last is handed out first, while it is
 * still in the caches.  A second stack has those known to hold zeroes: page tables, mostly.  frame_table
 * itself lies at the start of the largest range of memory.
 *
 *   nfree      frames on both stacks
 *   npromised  promises made and neither kept nor returned
 *   nlent      frames that page_unshare() has taken for copies under way
 *   nclean     frames handed out that hold only clean blocks of the block cache (flag FRAME_CLEAN in refs)
 *
 * One lock guards all of them, for a few instructions at a time: long lists are linked before it is taken.
 * page_reclaim() is called without it.  What debug builds keep in free frames is in page_debug.c.
 *
 * At all times nfree + nlent >= npromised, and nfree covers every promise that an owner may still ask to be
 * kept.  While page_unshare() copies a page, the other owners may all give up their shares, on other
 * processors.  So it can't know before the end whether it uses a promise up (some owner is left) or has a frame
 * over (they all returned theirs).  Until then the frame for the copy is lent: it is gone from the stack, and
 * its promise still counts.  Others may be refused a frame in that moment; none is ever given out twice.
 */
#include "base/kstring.h"
#include "base/min.h"
#include "mm/inject.h"
#include "mm/page_impl.h"
#include "sched/lock.h"
#include "sched/thread.h"

#define RECLAIMED_AT_ONCE 64u /* frames of the block cache, before others may run */

struct frame *frame_table;
uint frame_count;

/* Fields:  P page lock */
static struct spinlock lock = SPINLOCK_INIT(RANK_PAGE, "page");
static struct frame *top, *top_zeroed; /* [P] */
static uint nfree, npromised, nlent;   /* [P] */
static volatile uint nclean;           /* [P to change] */
static volatile uint nkept;            /* atomic: what is left besides PAGE_RESERVE */
static uint nbase; /* [P] what nfree would be if all but the pools made at boot were given back */

/* Who called the function that frees. */
#define CALLER __builtin_return_address(0)

/* Pushes the frames of one range, the highest first, so that low addresses are handed out first. */
static void add_range(uint start, uint end)
{
    for (uint pa = end; pa > start;) {
        pa -= PAGE_SIZE;
        struct frame *f = &frame_table[pa >> PAGE_SHIFT];
        f->refs = 0;
        f->next = top;
        top = f;
        nfree++;
        page_poison(va_of(pa), CALLER);
    }
}

void page_init(void)
{
    struct memory_range *home = &arch_memory[0];

    for (uint i = 0; i < arch_nmemory; i++) {
        struct memory_range *range = &arch_memory[i];
        if (frame_count < range->end >> PAGE_SHIFT)
            frame_count = range->end >> PAGE_SHIFT;
        if (range->end - range->start > home->end - home->start)
            home = range;
    }
    uint nbytes = page_round_up(frame_count * (uint)sizeof(struct frame));
    if (!arch_nmemory || nbytes >= home->end - home->start)
        panic("too little memory");
    frame_table = va_of(home->start);
    memset(frame_table, 0, nbytes);
    for (uint i = 0; i < arch_nmemory; i++) {
        struct memory_range *range = &arch_memory[i];
        add_range(range == home ? range->start + nbytes : range->start, range->end);
    }
    nbase = nfree;
}

void page_init_done(void)
{
    spin_acquire(&lock);
    nbase = nfree + nclean;
    spin_release(&lock);
}

/* Frames that the calling thread has to leave to others.  While booting there are no threads. */
static inline uint reserve(void)
{
    const struct thread *self = thread_self();
    uint all = PAGE_RESERVE + nkept;

    if (!self)
        return 0;
    return all - min_uint(all, self->lasting ? min_uint(self->reserve, PAGE_LASTING) : self->reserve);
}

/* The same, but the whole reserve as long as there may be cached blocks to give up.  They go first: a thread that may
   not touch the reserve, and perhaps holds a spin lock, would have to fill it again before it gets a frame. */
static inline uint reserve_beside_cache(void) { return nclean ? PAGE_RESERVE + nkept : reserve(); }

void page_keep(uint n) { nkept = n; }

static inline struct frame *pop(struct frame **stack)
{
    struct frame *f = *stack;

    *stack = f->next; /* NOLINT(clang-analyzer-core.NullDereference): by the counts, there is one */
    nfree--;
    f->refs = 1;
    return f;
}

/* Any frame; there is one. */
static inline struct frame *pop_any(void) { return pop(top ? &top : &top_zeroed); }

/* A frame if more than `left` are free beyond those promised.  zeroed: one that is known to hold zeroes. */
static inline __attribute__((always_inline)) void *take(uint left, bool zeroed)
{
    struct frame *f = NULL;

    spin_acquire(&lock);
    if (nfree > npromised + left && (!zeroed || top_zeroed))
        f = zeroed ? pop(&top_zeroed) : pop_any();
    spin_release(&lock);
    if (!f)
        return NULL;
    if (zeroed)
        page_check_zeroed(frame_page(f));
    else
        page_check_free(frame_page(f));
    return frame_page(f);
}

/* After take(left) has found none. */
static __attribute__((noinline)) void *take_reclaimed(uint left, bool may_sleep)
{
    void *page = NULL;

    while (!page && page_reclaim(1, false))
        page = take(left, false);
    if (!page)
        page = take(reserve(), false);
    while (!page && may_sleep && page_reclaim(1, true))
        page = take(reserve(), false);
    return page;
}

static inline __attribute__((always_inline)) void *alloc(bool may_sleep)
{
    if (inject_now())
        return NULL;
    uint left = reserve_beside_cache();
    void *page = take(left, false);
    return page ? page : take_reclaimed(left, may_sleep);
}

void *page_alloc(void) { return alloc(false); }

void *page_alloc_sleeping(void)
{
    lock_debug_may_enter(RANK_OPERATION, "allocation of a page");
    return alloc(true);
}

void *page_alloc_zeroed(void)
{
    if (inject_now())
        return NULL;
    uint left = reserve_beside_cache();
    void *page = top_zeroed ? take(left, true) : NULL;
    if (page)
        return page;
    page = take(left, false);
    if (!page)
        page = take_reclaimed(left, false);
    if (page)
        page_zero(page);
    return page;
}

void *page_alloc_spare(void) { return take(PAGE_RESERVE + PAGE_LEFT_BY_CACHE, false); }

/* Prepares a freed frame for the stack. */
static inline __attribute__((always_inline)) struct frame *retire(void *page)
{
    struct frame *f = frame_of(page);

    if (f->refs == 0)
        page_freed_twice(page);
    if (f->refs & FRAME_CLEAN)
        page_set_clean_cache(page, false);
    page_poison(page, CALLER);
    return f;
}

static inline void push(struct frame **stack, struct frame *f)
{
    f->refs = 0;
    f->next = *stack;
    *stack = f;
    nfree++;
}

void page_free(void *page)
{
    struct frame *f = retire(page);

    spin_acquire(&lock);
    push(&top, f);
    spin_release(&lock);
}

void page_free_zeroed(void *page)
{
    struct frame *f = frame_of(page);

    debug_assert(f->refs);
    page_sign(page, CALLER);
    page_check_zeroed(page);
    spin_acquire(&lock);
    push(&top_zeroed, f);
    spin_release(&lock);
}

void page_free_chain(struct page_chain *chain)
{
    if (!chain->n)
        return;
#ifdef DEBUG
    for (struct frame *f = chain->first;; f = f->next) {
        page_poison(frame_page(f), CALLER);
        if (f == chain->last)
            break;
        sched_checkpoint();
    }
#endif
    spin_acquire(&lock);
    chain->last->next = top;
    top = chain->first;
    nfree += chain->n;
    spin_release(&lock);
    *chain = (struct page_chain){ .n = 0 };
}

/* Promises n frames if that leaves `left`; else stores how many are missing. */
static bool promise(uint n, uint left, uint *nmissing)
{
    spin_acquire(&lock);
    uint nwanted = npromised + n + left;
    bool ok = nfree >= nwanted;
    if (ok)
        npromised += n;
    else
        *nmissing = nwanted - nfree;
    spin_release(&lock);
    return ok;
}

bool page_promise(uint n)
{
    lock_debug_may_enter(RANK_OPERATION, "promise of pages");
    if (n > frame_count || inject_now())
        return false;
    uint nmissing, left = reserve_beside_cache();
    bool may_sleep = left < PAGE_RESERVE;
    while (!promise(n, left, &nmissing)) {
        sched_checkpoint();
        if (page_reclaim(min_uint(nmissing, RECLAIMED_AT_ONCE), may_sleep))
            continue;
        if (may_sleep)
            return false;
        left = reserve();
        may_sleep = true;
    }
    return true;
}

void page_unpromise(uint n)
{
    spin_acquire(&lock);
    debug_assert(npromised >= n);
    npromised -= n;
    spin_release(&lock);
}

void *page_alloc_promised(void)
{
    spin_acquire(&lock);
    debug_assert(nfree && npromised);
    struct frame *f = pop_any();
    npromised--;
    spin_release(&lock);
    page_check_free(frame_page(f));
    return frame_page(f);
}

/* Marks a page as being copied for one of its owners, and takes the frame for the copy.  One step under the lock:
   owners that give up return their promises after it.  NULL: there is no other owner. */
static void *lend(struct frame *f)
{
    struct frame *copy = NULL;

    while (!copy) {
        uint refs = __atomic_load_n(&f->refs, __ATOMIC_ACQUIRE);
        if (refs == 1)
            return NULL;
        if (refs & FRAME_BUSY) { /* another owner copies: the caller may be the last one afterwards */
            cpu_relax();
            continue;
        }
        spin_acquire(&lock);
        if (atomic_cas(&f->refs, refs, refs | FRAME_BUSY)) {
            debug_assert(nfree);
            copy = pop_any();
            nlent++;
        }
        spin_release(&lock);
    }
    page_check_free(frame_page(copy));
    return frame_page(copy);
}

/* Ends what lend() began: a promise has been used up, or the page copied is left over. */
static void settle(struct frame *left_over)
{
    spin_acquire(&lock);
    nlent--;
    if (left_over)
        push(&top, left_over);
    else
        npromised--;
    spin_release(&lock);
}

void *page_unshare(void *page)
{
    struct frame *f = frame_of(page);
    void *copy = lend(f);

    if (!copy)
        return page;
    page_copy(copy, page);
    bool last = __atomic_sub_fetch(&f->refs, FRAME_BUSY + 1, __ATOMIC_ACQ_REL) == 0;
    if (last)
        page_poison(page, CALLER);
    settle(last ? f : NULL);
    return copy;
}

uint page_used(void)
{
    spin_acquire(&lock);
    uint n = nbase - nfree - nclean;
    spin_release(&lock);
    return n;
}

uint page_free_count(void)
{
    spin_acquire(&lock);
    uint ntaken = npromised + PAGE_RESERVE + nkept;
    uint n = nfree > ntaken ? nfree - ntaken : 0;
    spin_release(&lock);
    return n;
}

void page_set_clean_cache(void *page, bool clean)
{
    struct frame *f = frame_of(page);

    spin_acquire(&lock);
    bool was_clean = f->refs & FRAME_CLEAN;
    if (clean != was_clean) {
        f->refs ^= FRAME_CLEAN;
        nclean = clean ? nclean + 1 : nclean - 1;
    }
    spin_release(&lock);
}

#ifdef DEBUG
static uint count(const struct frame *stack)
{
    uint n = 0;

    for (const struct frame *f = stack; f; f = f->next)
        if (f->refs || n++ == nfree)
            panic("a list of free pages is broken at %p", frame_page(f));
    return n;
}

void page_check(void)
{
    spin_acquire(&lock);
    uint n = count(top) + count(top_zeroed);
    if (n != nfree || nfree + nlent < npromised)
        panic("pages: %u free, %u listed, %u promised, %u lent", nfree, n, npromised, nlent);
    spin_release(&lock);
}
#endif
