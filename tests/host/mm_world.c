/* mm_world.c - see mm_world.h. */
#include <stdlib.h>

#include "base/printk.h"
#include "host.h"
#include "mm/slab.h"
#include "mm_world.h"

#define RAM_PAGES 5500u

char *host_ram;
struct memory_range arch_memory[] = { { PAGE_SIZE, RAM_PAGES *PAGE_SIZE } };
uint arch_nmemory = 1;

static struct page_chain withheld;

void page_copy(void *dst, const void *src)
{
    memcpy(dst, src, PAGE_SIZE / 2);
    if (!orders_coarse)
        orders_point();
    memcpy((char *)dst + PAGE_SIZE / 2, (const char *)src + PAGE_SIZE / 2, PAGE_SIZE / 2);
}

uint page_reclaim(uint n, bool may_sleep)
{
    (void)n, (void)may_sleep;
    return 0;
}

/* What other files of kernel/mm free: the linker leads their calls here (--wrap). */

void __real_page_free(void *page);
void __real_page_free_zeroed(void *page);
void __real_page_free_chain(struct page_chain *chain);
void __wrap_page_free(void *page);
void __wrap_page_free_zeroed(void *page);
void __wrap_page_free_chain(struct page_chain *chain);

void __wrap_page_free(void *page)
{
    tlb_check_unreachable(page);
    __real_page_free(page);
}

void __wrap_page_free_zeroed(void *page)
{
    tlb_check_unreachable(page);
    __real_page_free_zeroed(page);
}

void __wrap_page_free_chain(struct page_chain *chain)
{
    const struct frame *f = chain->first;

    for (uint i = 0; i < chain->n; i++, f = f->next)
        tlb_check_unreachable(frame_page(f));
    __real_page_free_chain(chain);
}

void world_begin(void)
{
    for (uint i = 0; i < ORDERS_MAX; i++)
        orders_threads[i] = (struct thread){ .reserve = PAGE_RESERVE };
    orders_become(0);
    if (!host_ram) {
        host_ram = aligned_alloc(PAGE_SIZE, RAM_PAGES * PAGE_SIZE);
        page_init();
        slab_init();
        page_init_done();
    }
    tlb_watch_none();
    orders_on_point = tlb_fill;
}

void world_end(void)
{
    page_free_chain(&withheld);
    page_check();
    check_eq(page_used(), 0);
}

void world_leave_frames(uint left)
{
    for (void *page; (page = page_alloc());)
        page_chain_add(&withheld, frame_of(page));
    for (; left; left--) {
        struct frame *f = withheld.first;
        withheld.first = f->next;
        withheld.n--;
        f->refs = 1;
        page_free(frame_page(f));
    }
}

/* A touch that faults is made again, as the processor does. */
static uint *touch(uint va, bool write)
{
    for (uint i = 0; i < 3; i++) {
        void *byte = tlb_walk(va, write);
        if (byte)
            return byte;
        if (aspace_fault(thread_self()->aspace, va, write) < 0)
            return NULL;
        tlb_check();
    }
    tap_fail("a touch of %x faults again and again", va);
    return NULL;
}

bool world_read(uint va, uint *word)
{
    const uint *at = touch(va, false);

    if (at)
        *word = *at;
    return at;
}

bool world_write(uint va, uint word)
{
    uint *at = touch(va, true);

    if (at)
        *at = word;
    return at;
}

void world_enter(struct aspace *as)
{
    (void)!aspace_switch(as);
    tlb_check();
}
