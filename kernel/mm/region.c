/*
 * region.c - see region.h.
 *
 *   struct region   tables[0] ... tables[ntables-1] | tail entries    (one kmalloc; a second one for a
 *                      |                                                tail that does not fit)
 *                      +-> page table: 1,024 ready entries
 *
 * Only those entries know the pages.  The pages are promised first, so that a region that can't be had fails
 * at once, and then taken and zeroed one by one; in between other threads may run, and a killed process stops.
 * An incomplete region is destroyed like any other: nmade says how many pages there are.
 */
#include "mm/mm_impl.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "sched/thread.h"

/* The region's record without any page; NULL: no memory. */
static struct region *record_create(uint npages)
{
    uint ntables = npages / CHUNK_PAGES, ntail = npages % CHUNK_PAGES;
    uint nbytes = sizeof(struct region) + ntables * sizeof(uint);
    uint ntail_bytes = ntail * sizeof(uint);
    bool inside = nbytes + ntail_bytes <= KMALLOC_MAX;
    struct region *r = kmalloc(inside ? nbytes + ntail_bytes : nbytes);

    if (!r)
        return NULL;
    r->npages = npages;
    r->nmade = 0;
    r->ntables = 0;
    r->ntail = ntail;
    r->tail = r->tables + ntables;
    if (inside)
        return r;
    r->tail = kmalloc(ntail_bytes);
    if (r->tail)
        return r;
    kfree(r);
    return NULL;
}

static void record_destroy(struct region *r)
{
    for (uint i = 0; i < r->ntables; i++)
        page_free(pmap_page(r->tables[i]));
    if (r->tail != r->tables + r->npages / CHUNK_PAGES)
        kfree(r->tail);
    kfree(r);
}

/* Makes n promised pages and their entries.  False: the process was killed meanwhile. */
static bool make_pages(struct region *r, uint *entries, uint n)
{
    struct thread *self = thread_self();

    for (uint i = 0; i < n; i++) {
        void *page = page_alloc_promised();
        page_zero(page);
        entries[i] = pmap_shared_entry(page);
        r->nmade++;
        latency_yielded();
        if (!self->attention)
            continue;
        sched_checkpoint();
        if (thread_killed(self))
            return false;
    }
    return true;
}

/* A single page needs no promise: it can be had or not. */
static struct region *create_single(struct region *r)
{
    void *page = page_alloc_sleeping();

    if (!page) {
        record_destroy(r);
        return NULL;
    }
    page_zero(page);
    r->tail[0] = pmap_shared_entry(page);
    r->nmade = 1;
    return r;
}

struct region *region_create(uint npages)
{
    struct region *r = record_create(npages);

    if (!r)
        return NULL;
    if (npages == 1)
        return create_single(r);
    if (!page_promise(npages)) {
        record_destroy(r);
        return NULL;
    }
    while (r->ntables < npages / CHUNK_PAGES) {
        void *table = page_alloc();
        if (!table)
            goto incomplete;
        r->tables[r->ntables++] = pmap_shared_entry(table);
    }
    for (uint i = 0; i < r->ntables; i++)
        if (!make_pages(r, pmap_page(r->tables[i]), CHUNK_PAGES))
            goto incomplete;
    if (make_pages(r, r->tail, r->ntail))
        return r;
incomplete:
    page_unpromise(npages - r->nmade);
    region_destroy(r);
    return NULL;
}

static void free_pages(const uint *entries, uint n)
{
    if (n == 1) {
        page_free(pmap_page(entries[0]));
        return;
    }
    struct page_chain chain = { .n = 0 };
    for (uint i = 0; i < n; i++)
        page_chain_add(&chain, frame_of(pmap_page(entries[i])));
    page_free_chain(&chain);
    sched_checkpoint();
}

void region_destroy(struct region *r)
{
    for (uint i = 0; i < r->ntables && r->nmade; i++) {
        uint n = r->nmade < CHUNK_PAGES ? r->nmade : CHUNK_PAGES;
        free_pages(pmap_page(r->tables[i]), n);
        r->nmade -= n;
    }
    free_pages(r->tail, r->nmade);
    record_destroy(r);
}

uint region_npages(const struct region *r) { return r->npages; }
