/*
 * mm_pages.c - frames, promises and kernel objects, in an arena that plays the part of RAM.
 *
 * Compiled as a debug build, so that the allocators find what tests do wrong on purpose; panic() returns to the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/kstring.h"
#include "base/printk.h"
#include "chance.h"
#include "host.h"
#include "mm/inject.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "sched/thread.h"

#define RAM_PAGES 600u

static struct cpu cpu;
struct cpu *host_cpu = &cpu;
char *host_ram;
struct memory_range arch_memory[] = {
    { 10 * PAGE_SIZE, 30 * PAGE_SIZE },
    { 40 * PAGE_SIZE, RAM_PAGES *PAGE_SIZE },
};
uint arch_nmemory = 2;

static struct thread self;
static uint nframes; /* free after page_init() */
static uint nyields;

void sched_yield(void) { nyields++; }

static jmp_buf caught;
static bool expecting;
static struct spinlock *held; /* never two at once */
static char last_words[320];  /* of the panic that was expected */
static bool spoilt;           /* the last test leaves a mess */

void spin_init(struct spinlock *l, enum lock_rank rank, const char *name)
{
    *l = (struct spinlock){ .rank = rank, .name = name };
}
void spin_wait(struct spinlock *l) { panic("%p is held", (void *)l); }

/* Where another processor may strike: around every lock, and around the copying of a page. */
static void (*other_cpu)(uint point); /* NULL: there is none */
static uint npoints;                  /* that were passed */

static void pass_point(void)
{
    void (*run)(uint point) = other_cpu;

    if (!run)
        return;
    other_cpu = NULL;
    run(npoints++);
    other_cpu = run;
}

void lock_debug_acquire(struct spinlock *l)
{
    (void)l;
    pass_point();
}
void lock_debug_acquired(struct spinlock *l) { held = l; }
void lock_debug_may_enter(enum lock_rank rank, const char *name) { (void)rank, (void)name; }
enum lock_rank lock_debug_release(struct spinlock *l)
{
    held = NULL;
    return l->rank;
}
void lock_debug_released(enum lock_rank rank)
{
    (void)rank;
    pass_point();
}
void page_copy(void *dst, const void *src)
{
    pass_point();
    memcpy(dst, src, PAGE_SIZE);
    pass_point();
}

void panic(const char *fmt, ...)
{
    if (!expecting) {
        va_list ap;
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        fflush(stdout);
        abort();
    }
    va_list words;
    va_start(words, fmt);
    vsnprintf(last_words, sizeof(last_words), fmt, words);
    va_end(words);
    if (held)
        spin_release(held);
    longjmp(caught, 1);
}

#define check_panics(statement)    \
    do {                           \
        volatile bool came = true; \
        expecting = true;          \
        if (!setjmp(caught)) {     \
            statement;             \
            came = false;          \
        }                          \
        expecting = false;         \
        check(came);               \
    } while (0)

/* The block cache: frames of clean blocks, each in cached[]. */
static void *cached[RAM_PAGES];
static uint ncached;

uint page_reclaim(uint n, bool may_sleep)
{
    (void)may_sleep;
    uint done = 0;
    for (; done < n && ncached; done++)
        page_free(cached[--ncached]);
    return done;
}

static void boot(void)
{
    host_ram = aligned_alloc(PAGE_SIZE, (size_t)RAM_PAGES * PAGE_SIZE);
    page_init();
    slab_init();
    check(page_alloc()); /* the pool, for good */
    page_init_done();
    nframes = page_free_count() + PAGE_RESERVE;
}

static void before(void)
{
    if (!host_ram)
        boot();
    self.reserve = 0;
    self.fail_after = 0;
    cpu_self()->thread = &self;
}

static void after(void)
{
    if (spoilt)
        return;
    page_check();
    check_eq(page_used(), 0);
    check_eq(page_free_count(), nframes - PAGE_RESERVE);
}

TEST("page_alloc gives frames to the last one")
{
    static void *pages[RAM_PAGES];
    uint n = 0;

    while ((pages[n] = page_alloc()))
        n++;
    check_eq(n, nframes - PAGE_RESERVE);
    check(!page_promise(1));
    check(kmalloc(100) == NULL);
    self.reserve = PAGE_RESERVE;
    while ((pages[n] = page_alloc()))
        n++;
    check_eq(n, nframes);
    check_eq(page_used(), n);
    check_eq(page_free_count(), 0);
    for (uint i = 0; i < n; i++) {
        check((uintptr_t)pages[i] % PAGE_SIZE == 0 && (char *)pages[i] >= host_ram);
        memset(pages[i], (int)i, PAGE_SIZE);
    }
    struct page_chain chain = { 0 };
    for (uint i = 0; i < n / 2; i++)
        page_chain_add(&chain, frame_of(pages[i]));
    page_free_chain(&chain);
    check_eq(chain.n, 0);
    for (uint i = n / 2; i < n; i++)
        page_free(pages[i]);
}

TEST("promises are kept, and nothing is promised twice")
{
    static void *pages[RAM_PAGES];
    uint room = nframes - PAGE_RESERVE;

    check(!page_promise(room + 1));
    check(!page_promise(~0u));
    check(page_promise(room));
    check(!page_promise(1));
    check(page_alloc() == NULL);
    check_eq(page_used(), 0);
    void *one = page_alloc_promised();
    for (uint i = 0; i < room - 1; i++)
        pages[i] = page_alloc_promised();
    check_eq(page_used(), room);
    check(page_alloc() == NULL);
    for (uint i = 0; i < room - 1; i++)
        page_free(pages[i]);
    page_free(one);
    check(page_promise(5));
    page_unpromise(5);
}

TEST("a copy-on-write page becomes the writer's own")
{
    char *page = page_alloc(), *copy;

    memset(page, 7, PAGE_SIZE);
    check(page_unshare(page) == page);
    check(page_promise(2));
    frame_of(page)->refs = 3;
    copy = page_unshare(page);
    check(copy != page && memcmp(copy, page, PAGE_SIZE) == 0);
    check_eq(frame_of(copy)->refs, 1);
    check_eq(frame_of(page)->refs, 2);
    page_free(copy);
    copy = page_unshare(page);
    check(copy != page);
    check(page_unshare(page) == page);
    check_eq(page_free_count(), nframes - PAGE_RESERVE - 2);
    page_free(copy);
    page_free(page);
}

#define AFTERWARDS 20u /* more points than page_unshare() passes */

/* The other owners of `shared`: each gives its share up, and then the promise or the frame that goes with it.  And
   a privileged thread that takes every frame it can get.  Each step at a point of its own, or after. */
static struct {
    char *shared;
    uint nowners;
    uint drop_at, return_at, take_at;
    bool last; /* the last one that dropped its share */
    void *taken[RAM_PAGES];
    uint ntaken;
} others;

static void others_drop(void)
{
    for (uint i = 0; i < others.nowners; i++)
        others.last = __atomic_sub_fetch(&frame_of(others.shared)->refs, 1, __ATOMIC_ACQ_REL) == 0;
}

static void others_return(void)
{
    uint npromises = others.nowners - others.last;

    if (others.last)
        page_free_chain(&(struct page_chain){ frame_of(others.shared), frame_of(others.shared), 1 });
    page_unpromise(npromises);
}

static void others_take(void)
{
    while ((others.taken[others.ntaken] = page_alloc()))
        others.ntaken++;
}

static void others_run(uint point)
{
    if (point == others.drop_at)
        others_drop();
    if (point == others.return_at)
        others_return();
    if (point == others.take_at)
        others_take();
}

/* Returns how many points page_unshare() passed. */
static uint unshare_against(uint nowners, uint drop_at, uint return_at, uint take_at)
{
    others.nowners = nowners;
    others.drop_at = drop_at;
    others.return_at = return_at;
    others.take_at = take_at;
    others.ntaken = 0;
    others.last = false;
    self.reserve = PAGE_RESERVE;
    others.shared = page_alloc();
    check(page_promise(nowners));
    others_take(); /* all but what is promised */
    check_eq(others.ntaken, nframes - 1 - nowners);
    memset(others.shared, 9, PAGE_SIZE);
    frame_of(others.shared)->refs = nowners + 1;

    npoints = 0;
    other_cpu = others_run;
    char *own = page_unshare(others.shared);
    other_cpu = NULL;
    uint npassed = npoints;
    for (uint point = npassed; point <= AFTERWARDS; point++)
        others_run(point);
    check(own && own[5] == 9);
    page_free(own);
    while (others.ntaken)
        page_free(others.taken[--others.ntaken]);
    page_check();
    check_eq(page_used(), 0);
    check_eq(page_free_count(), nframes - PAGE_RESERVE);
    return npassed;
}

TEST("an owner copies while others give up and memory is short: no frame is given out that is not there")
{
    for (uint nowners = 1; nowners <= 3; nowners++) {
        uint last = unshare_against(nowners, AFTERWARDS, AFTERWARDS, AFTERWARDS);

        check(last >= 6);
        for (uint i = 0; i <= last; i++)
            for (uint j = i; j <= last; j++)
                for (uint k = i; k <= last; k++)
                    unshare_against(nowners, i, j, k);
    }
}

TEST("pages of zeroes are zero when they come back")
{
    uint *first = page_alloc_zeroed(), *second = page_alloc_zeroed();

    for (uint i = 0; i < PAGE_SIZE / sizeof(uint); i++)
        check(first[i] == 0 && second[i] == 0);
    first[3] = 3;
    page_free_zeroed(second);
    page_free(first);
    check(page_alloc_zeroed() == second);
    page_free_zeroed(second);
    /* They are free frames like others when there are no others. */
    uint room = nframes - PAGE_RESERVE, n = 0;
    struct page_chain chain = { 0 };
    self.reserve = PAGE_RESERVE;
    for (void *page; (page = page_alloc()); n++) {
        memset(page, 1, PAGE_SIZE);
        page_chain_add(&chain, frame_of(page));
    }
    check_eq(n, room + PAGE_RESERVE);
    page_free_chain(&chain);
}

static void fill_cache(void)
{
    while ((cached[ncached] = page_alloc_spare()))
        page_set_clean_cache(cached[ncached++], true);
}

TEST("the block cache gives way when frames run out")
{
    fill_cache();
    uint most = nframes - PAGE_RESERVE - PAGE_LEFT_BY_CACHE, others = PAGE_LEFT_BY_CACHE;
    check_eq(ncached, most);
    check_eq(page_used(), 0);
    page_set_clean_cache(cached[0], false);
    page_set_clean_cache(cached[0], false);
    check_eq(page_used(), 1);
    page_set_clean_cache(cached[0], true);
    void *page = page_alloc();
    check(page && ncached == most);
    check(page_promise(100 + others));
    check_eq(ncached, most - 101);
    check(page_alloc_spare() == NULL);
    page_unpromise(100 + others);
    page_free(page);
    page_reclaim(RAM_PAGES, false);
}

TEST("the block cache gives way before the reserve does")
{
    uint n = PAGE_LEFT_BY_CACHE;
    struct page_chain chain = { 0 };

    fill_cache();
    uint most = ncached;
    self.reserve = PAGE_RESERVE;
    check(page_promise(n + 10));
    check_eq(ncached, most - 10);
    page_chain_add(&chain, frame_of(page_alloc()));
    page_chain_add(&chain, frame_of(page_alloc_zeroed()));
    page_chain_add(&chain, frame_of(page_alloc_sleeping()));
    check_eq(ncached, most - 13);
    self.reserve = 0;
    page_chain_add(&chain, frame_of(page_alloc())); /* has nothing to make up for */
    check_eq(ncached, most - 14);
    page_unpromise(n + 10);
    page_free_chain(&chain);
    page_reclaim(RAM_PAGES, false);
}

TEST("others may run while the block cache gives way for a large promise")
{
    fill_cache();
    nyields = 0;
    self.attention = ATTENTION_RESCHED;
    check(page_promise(nframes - PAGE_RESERVE));
    self.attention = 0;
    check(nyields >= (nframes - PAGE_RESERVE - PAGE_LEFT_BY_CACHE) / 64);
    check_eq(ncached, 0);
    page_unpromise(nframes - PAGE_RESERVE);
}

TEST("kmalloc gives objects of all sizes, and their frames come back")
{
    static struct {
        uchar *p;
        uint n;
    } live[2000];
    uint nlive = 0, random_state = 7;
    self.reserve = PAGE_RESERVE;
    for (uint step = 0; step < 60000; step++) {
        if (nlive < 2000 && (nlive == 0 || chance(&random_state, 100) < (step / 15000 % 2 ? 40u : 60u))) {
            uint n = 1 + chance(&random_state, chance(&random_state, 64) ? 300 : KMALLOC_MAX);
            uchar *p = kmalloc(n);
            if (!p)
                continue;
            check((uintptr_t)p % 16 == 0);
            memset(p, (int)(n % 251), n);
            live[nlive].p = p;
            live[nlive++].n = n;
        } else {
            uint i = chance(&random_state, nlive);
            for (uint k = 0; k < live[i].n; k++)
                if (live[i].p[k] != live[i].n % 251) {
                    check(false);
                    break;
                }
            kfree(live[i].p);
            live[i] = live[--nlive];
        }
    }
    while (nlive)
        kfree(live[--nlive].p);
    kfree(NULL);
    check(kmalloc(KMALLOC_MAX + 1) == NULL);
    uint *zeroed = kmalloc_zeroed(64);
    for (uint i = 0; i < 16; i++)
        check(zeroed[i] == 0);
    kfree(zeroed);
}

TEST("an injected failure hits the nth allocation alone")
{
    page_inject_failure(2);
    void *p = page_alloc();
    check(p && !page_promise(1));
    check(page_promise(1));
    page_inject_failure(1);
    page_free(page_alloc_promised());
    check(kmalloc(10) == NULL);
    void *q = kmalloc(10);
    check(q);
    kfree(q);
    page_free(p);
}

/* Each calls from a place of its own, which the panic must name. */
static __attribute__((noinline)) void free_page(void *page)
{
    page_free(page);
    asm volatile("");
}
static __attribute__((noinline)) void free_object(void *p)
{
    kfree(p);
    asm volatile("");
}

/* Names the last words a number that lies in this function, of some dozen bytes? */
static bool names(const char *from, uintptr_t function, uintptr_t mask)
{
    const char *number = strstr(last_words, from);
    uintptr_t at = number ? strtoull(number + strlen(from), NULL, 16) : 0;

    return at - (function & mask) < 64;
}

#define names_page_free()   names("from ", (uintptr_t)free_page, ~(uintptr_t)0)
#define names_object_free() names("from ", (uintptr_t)free_object, 0xFFFFFFFFu)

static void write_to_freed_page(uint at)
{
    uint *volatile page = page_alloc();

    self.name = "culprit";
    free_page(page);
    self.name = "victim";
    page[at] ^= 1;
    check_panics(check(page_alloc()));
    check(strstr(last_words, "after culprit had freed it") && names_page_free());
}

TEST("a page that is written after it was freed, or freed twice, is found with whoever freed it")
{
    for (volatile uint at = 0; at < PAGE_SIZE / sizeof(uint); at += 341)
        write_to_freed_page(at);
    void *volatile page = page_alloc();
    self.name = "culprit";
    free_page(page);
    self.name = "victim";
    check_panics(page_free(page));
    check(strstr(last_words, "freed twice: culprit had") && names_page_free());
    uint *volatile zeroed = page_alloc_zeroed();
    page_free_zeroed(zeroed);
    zeroed[5] = 5;
    check_panics(check(page_alloc_zeroed()));
    check(strstr(last_words, "victim freed it") != NULL);
    spoilt = true;
}

static void write_to_freed_object(uint nbytes, uint at)
{
    char *volatile live = kmalloc(nbytes), *volatile p = kmalloc(nbytes);

    free_object(p);
    p[at] ^= 1;
    check_panics(check(kmalloc(nbytes)));
    check(strstr(last_words, "was written at") != NULL);
    check(at < 16 || names_object_free()); /* unless that itself was written */
    p[at] ^= 1;
    check(kmalloc(nbytes) == p);
    kfree(p);
    kfree(live);
}

TEST("an object that is written after it was freed, or freed twice, is found with whoever freed it")
{
    static const uint sizes[] = { 16, 32, 192, 1344 };

    for (volatile uint i = 0; i < COUNT(sizes); i++)
        for (volatile uint at = 0; at < sizes[i]; at += 4)
            write_to_freed_object(sizes[i], at);
    char *volatile live = kmalloc(200), *volatile p = kmalloc(200);
    free_object(p);
    check_panics(kfree(p));
    check(strstr(last_words, "freed twice") && names_object_free());
    kfree(live);
    spoilt = true;
}

TAP_MAIN(before, after)
