/*
 * aspace_build.c - building a program's image in an address space that no process runs yet.
 *
 * exec() makes a fresh address space, adds what the file asks for, and either runs it or destroys it; so
 * nothing here is undone on failure.  Added pages raise brk at once, so that aspace_destroy() finds them.
 */
#include "mm/mm_impl.h"
#include "mm/page.h"
#include "sched/thread.h"

/* Up to this many zeroed pages are made at once: nearly all programs use their few pages of variables, and
   pgused() does not move when they do (§8.4). */
#define EAGER_PAGES 8u

/* Page tables for the range, and brk at its end or above. */
static int prepare(struct aspace *as, uint va, uint nbytes)
{
    if (va > USER_END || nbytes > USER_END - va)
        return ASPACE_ENOVA;
    if (!pmap_add_tables(&as->map, va, nbytes >> PAGE_SHIFT))
        return ASPACE_ENOMEM;
    if (as->brk < va + nbytes)
        as->brk = va + nbytes;
    return 0;
}

/* Once in each page table: a file may ask for 2 GB. */
static inline void let_others(uint va)
{
    if (va % CHUNK_SIZE == 0)
        sched_checkpoint();
}

/* A page that is added a second time may be written if either range may. */
static void add_again(struct aspace *as, uint *slot, bool writable)
{
    if (writable && pmap_is_readonly(*slot)) {
        *slot = pmap_private_entry(pmap_page(*slot), true);
        as->nwritable++;
    }
}

int aspace_add_image(struct aspace *as, uint va, uint nbytes, bool writable)
{
    int error = prepare(as, va, nbytes);

    if (error)
        return error;
    for (uint end = va + nbytes; va != end; va += PAGE_SIZE) {
        uint *slot = pmap_slot(&as->map, va);
        let_others(va);
        if (*slot) {
            if (pmap_is_promised(*slot) && aspace_fault(as, va, true) < 0)
                return ASPACE_EFAULT;
            add_again(as, slot, writable);
            continue;
        }
        void *page = page_alloc_zeroed();
        if (!page)
            return ASPACE_ENOMEM;
        *slot = pmap_private_entry(page, writable);
        pmap_count_entry(slot);
        as->nwritable += writable;
    }
    return 0;
}

int aspace_add_zero(struct aspace *as, uint va, uint nbytes)
{
    uint npages = nbytes >> PAGE_SHIFT, nadded = 0;

    if (npages <= EAGER_PAGES)
        return aspace_add_image(as, va, nbytes, true);
    if (!page_promise(npages)) /* before page tables, so that a refusal takes no memory from others */
        return ASPACE_ENOMEM;
    int error = prepare(as, va, nbytes);
    for (uint end = va + nbytes; !error && va != end; va += PAGE_SIZE) {
        uint *slot = pmap_slot(&as->map, va);
        let_others(va);
        if (*slot) {
            add_again(as, slot, true);
            continue;
        }
        *slot = pmap_promised_entry();
        pmap_count_entry(slot);
        nadded++;
    }
    as->nwritable += nadded;
    page_unpromise(npages - nadded);
    return error;
}

void *aspace_image_byte(struct aspace *as, uint va)
{
    const uint *slot = va < USER_END ? pmap_slot(&as->map, va) : NULL;

    if (!slot || !pmap_is_present(*slot))
        return NULL;
    return (char *)pmap_page(*slot) + va % PAGE_SIZE;
}

void aspace_set_brk(struct aspace *as, uint brk) { as->brk = brk; }
