/* aspace.c - address spaces that are no more than a sorted list of mappings; placed as §4.2 says, slowly. */
#include <stdio.h>
#include <stdlib.h>

#include "fakes/fake.h"
#include "ksm/segment.h"

#define NPRIVATE 64u /* words of private memory, at the start of the heap */

struct aspace {
    struct mapping *lowest; /* ->right is the next higher one, ->left the next lower */
    uint brk;
    uint private_words[NPRIVATE];
};

char *fake_region_bytes(struct region *r);

struct aspace *fake_aspace(uint brk)
{
    struct aspace *as = calloc(1, sizeof(*as));
    as->brk = brk;
    return as;
}

void fake_aspace_destroy(struct aspace *as)
{
    if (as->lowest) {
        printf("# an address space is destroyed with mappings\n");
        abort();
    }
    free(as);
}

void fake_set_brk(struct aspace *as, uint brk)
{
    as->brk = brk;
}

static uint end_of(const struct mapping *m)
{
    return m->va + m->npages * PAGE_SIZE;
}

/* The highest address below `limit` for n bytes. */
static uint place_below(uint limit, uint nbytes)
{
    if (limit < nbytes)
        return 0;
    uint va = limit - nbytes;
    return nbytes >= CHUNK_SIZE ? va & ~(CHUNK_SIZE - 1) : va;
}

static void insert(struct aspace *as, struct mapping *m)
{
    struct mapping *below = NULL, *above = as->lowest;
    while (above && above->va < m->va) {
        below = above;
        above = above->right;
    }
    m->left = below;
    m->right = above;
    if (above)
        above->left = m;
    *(below ? &below->right : &as->lowest) = m;
}

int aspace_map_at(struct aspace *as, struct mapping *m, struct region *r, bool writable, uint va)
{
    fake_gap();
    if (!fake_allocate())
        return ASPACE_ENOMEM;
    fake_object(1);
    *m = (struct mapping){ .va = va, .npages = region_npages(r), .region = r, .writable = writable };
    insert(as, m);
    fake_gap();
    return 0;
}

int aspace_map(struct aspace *as, struct mapping *m, struct region *r, bool writable)
{
    uint nbytes = region_npages(r) * PAGE_SIZE, limit = USER_END, heap = page_round_up(as->brk);
    struct mapping *below = as->lowest;
    while (below && below->right)
        below = below->right;
    for (;;) {
        uint va = place_below(limit, nbytes), floor = below ? end_of(below) : heap;
        if (va >= floor && va >= heap && va)
            return aspace_map_at(as, m, r, writable, va);
        if (!below)
            return ASPACE_ENOVA;
        limit = below->va;
        below = below->left;
    }
}

void aspace_unmap(struct aspace *as, struct mapping *m)
{
    fake_gap();
    if (m->right)
        m->right->left = m->left;
    *(m->left ? &m->left->right : &as->lowest) = m->right;
    fake_object(-1);
    fake_gap();
}

struct mapping *aspace_mapping_from(const struct aspace *as, uint va)
{
    struct mapping *m = as->lowest;
    while (m && m->va < va)
        m = m->right;
    return m;
}

struct mapping *aspace_mapping_at(const struct aspace *as, uint va)
{
    struct mapping *m = as->lowest;
    while (m && end_of(m) <= va)
        m = m->right;
    return m && m->va <= va ? m : NULL;
}

uint *fake_word(struct aspace *as, uint va)
{
    struct mapping *m = aspace_mapping_at(as, va);
    if (m)
        return (uint *)(void *)(fake_region_bytes(m->region) + (va - m->va));
    return va < as->brk ? &as->private_words[va / sizeof(uint) % NPRIVATE] : NULL;
}

uint word_load(const struct ksm_task *task, uint va)
{
    return *fake_word(task->as, va);
}
