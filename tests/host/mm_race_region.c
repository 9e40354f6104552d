/*
 * mm_race_region.c - what a region takes it gives back, wherever its memory happens to lie.
 */
#include "host.h"
#include "mm/slab.h"
#include "mm_world.h"

#define NTABLES  4u /* their list fills an object of 16 bytes */
#define NPAGES   (NTABLES * CHUNK_PAGES + CHUNK_PAGES - 1)
#define NOBJECTS 1000u

/* An object that ends where a page does; all before it are in `others`. */
static char *last_of_slab(void *others[], uint *nothers)
{
    for (*nothers = 0; *nothers < NOBJECTS; (*nothers)++) {
        char *object = kmalloc(NTABLES * sizeof(uint));
        check(object != NULL);
        if ((uintptr_t)(object + NTABLES * sizeof(uint)) % PAGE_SIZE == 0)
            return object;
        others[*nothers] = object;
    }
    return NULL;
}

/* The next page_alloc() returns this page, which is free. */
static void put_on_top(void *page)
{
    struct page_chain others = { .n = 0 };
    void *taken;

    while ((taken = page_alloc()) && taken != page)
        page_chain_add(&others, frame_of(taken));
    check(taken == page);
    page_free_chain(&others);
    page_free(page);
}

TEST("§8.4 a region gives both lists of its pages back, also if the second begins where the first ends")
{
    void *others[NOBJECTS];
    uint nothers;
    struct region r;

    char *object = last_of_slab(others, &nothers);
    check(object != NULL);
    put_on_top(object + NTABLES * sizeof(uint));
    kfree(object);
    check(region_create(&r, NPAGES));
    check(r.ready.entries == r.ready.tables + NTABLES);
    region_destroy(&r);
    while (nothers > 0)
        kfree(others[--nothers]);
}
