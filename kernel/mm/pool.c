/*
 * pool.c - see pool.h.  A pointer that is 0 ends the list, unless the page is full of them.
 */
#include "mm/pool.h"
#include "mm/page.h"

void pool_free(void *pool)
{
    void **pages = pool;

    for (uint i = 0; i < POOL_PAGES_MAX && pages[i]; i++)
        page_free(pages[i]);
    page_free(pages);
}

void *pool_alloc(uint npages)
{
    void **pages = npages <= POOL_PAGES_MAX ? page_alloc_zeroed() : NULL;

    if (!pages)
        return NULL;
    for (uint i = 0; i < npages; i++) {
        pages[i] = page_alloc_zeroed();
        if (!pages[i]) {
            pool_free(pages);
            return NULL;
        }
    }
    return pages;
}
