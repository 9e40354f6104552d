/*
 * region.c - see region.h.
 *
 *   tables[0] ... tables[ntables-1]    entries         (two of kmalloc(); none for a single page)
 *      |
 *      +-> page table: 1,024 ready entries
 *
 * Only those entries know the pages.  Tables and pages are promised first, so that a region that does not fit fails at
 * once, and then taken; the pages are zeroed one by one, and in between other threads may run and a killed process
 * stops.  An incomplete region is destroyed like any other: nmade says how many pages there are.
 */
#include "mm/mm_impl.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "sched/thread.h"

/* Memory for the entries.  False: there is none. */
static bool entries_create(struct region *r)
{
    struct pmap_ready *ready = &r->ready;

    ready->tables = kmalloc(r->npages / CHUNK_PAGES * sizeof(uint));
    ready->entries = kmalloc(ready->nentries * sizeof(uint));
    if (ready->tables && ready->entries)
        return true;
    kfree(ready->tables);
    kfree(ready->entries);
    return false;
}

static void entries_destroy(struct region *r)
{
    const struct pmap_ready *ready = &r->ready;

    for (uint i = 0; i < ready->ntables; i++)
        page_free(pmap_page(ready->tables[i]));
    kfree(ready->entries);
    kfree(ready->tables);
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

/* A single page needs no promise: there is one, or there is not. */
static bool create_single(struct region *r)
{
    void *page = page_alloc_sleeping();

    if (!page)
        return false;
    page_zero(page);
    r->single = pmap_shared_entry(page);
    r->ready.entries = &r->single;
    return true;
}

static bool create(struct region *r, uint npages)
{
    struct pmap_ready *ready = &r->ready;

    if (!entries_create(r))
        return false;
    if (!page_promise(npages + npages / CHUNK_PAGES)) {
        entries_destroy(r);
        return false;
    }
    while (ready->ntables < npages / CHUNK_PAGES)
        ready->tables[ready->ntables++] = pmap_shared_entry(page_alloc_promised());
    for (uint i = 0; i < ready->ntables; i++)
        if (!make_pages(r, pmap_page(ready->tables[i]), CHUNK_PAGES))
            goto incomplete;
    if (make_pages(r, ready->entries, ready->nentries))
        return true;
incomplete:
    page_unpromise(npages - r->nmade);
    region_destroy(r);
    return false;
}

bool region_create(struct region *r, uint npages)
{
    struct thread *self = thread_self();

    r->npages = npages;
    r->nmade = r->ready.ntables = 0;
    r->ready.nentries = npages % CHUNK_PAGES;
    self->lasting = true; /* it may outlive the process that makes it */
    bool made = npages == 1 ? create_single(r) : create(r, npages);
    self->lasting = false;
    return made;
}

static void free_pages(const uint *entries, uint n)
{
    struct page_chain chain = { .n = 0 };

    for (uint i = 0; i < n; i++)
        page_chain_add(&chain, frame_of(pmap_page(entries[i])));
    page_free_chain(&chain);
    sched_checkpoint();
}

void region_destroy(struct region *r)
{
    if (r->npages == 1) {
        page_free(pmap_page(r->single));
        return;
    }
    for (uint i = 0; i < r->ready.ntables && r->nmade; i++) {
        uint n = r->nmade < CHUNK_PAGES ? r->nmade : CHUNK_PAGES;
        free_pages(pmap_page(r->ready.tables[i]), n);
        r->nmade -= n;
    }
    free_pages(r->ready.entries, r->nmade);
    entries_destroy(r);
}
