/* aspace.c - address spaces without page tables: the real tree of mappings, and a few words of private memory. */
#include <stdio.h>
#include <stdlib.h>

#include "fakes/fake.h"
#include "ksm/ksm_impl.h"
#include "mm/mapping.h"

#define NPRIVATE 64u /* words of private memory, which repeat up to the heap's end */

struct aspace {
    struct mapping *mappings;
    uint brk;
    uint private_words[NPRIVATE];
};

struct aspace *fake_aspace(uint brk)
{
    struct aspace *as = calloc(1, sizeof(*as));

    as->brk = brk;
    return as;
}

void fake_aspace_destroy(struct aspace *as)
{
    if (as->mappings) {
        printf("# an address space is destroyed with mappings\n");
        abort();
    }
    free(as);
}

void fake_set_brk(struct aspace *as, uint brk) { as->brk = brk; }

int aspace_map(struct aspace *as, struct mapping *m, struct region *r, bool writable)
{
    uint va = mapping_find_hole(as->mappings, page_round_up(as->brk), region_npages(r) << PAGE_SHIFT);

    if (!va)
        return ASPACE_ENOVA;
    fake_gap();
    if (!fake_allocate())
        return ASPACE_ENOMEM;
    fake_object(1);
    *m = (struct mapping){ .va = va, .npages = region_npages(r), .region = r, .writable = writable };
    mapping_insert(&as->mappings, m);
    fake_gap();
    return 0;
}

int aspace_inherit(struct aspace *child, struct mapping *m, struct mapping *from)
{
    fake_gap();
    if (!fake_allocate())
        return ASPACE_ENOMEM;
    fake_object(1);
    mapping_add_twin(&child->mappings, m, from);
    fake_gap();
    return 0;
}

void aspace_inherit_done(struct aspace *child, const struct aspace *parent)
{
    mapping_twins_done(&child->mappings, parent->mappings, fake_gap);
}

void aspace_unmap(struct aspace *as, struct mapping *m)
{
    fake_gap();
    mapping_remove(&as->mappings, m);
    fake_object(-1);
    fake_gap();
}

void aspace_unmap_all(struct aspace *as)
{
    while (mapping_pop(&as->mappings)) {
        fake_object(-1);
        fake_gap();
    }
}

struct mapping *aspace_mapping_from(const struct aspace *as, uint va)
{
    return mapping_from(as->mappings, va);
}

struct mapping *aspace_mapping_at(const struct aspace *as, uint va) { return mapping_at(as->mappings, va); }

const struct mapping *fake_damaged_mapping;

bool aspace_mapping_intact(const struct aspace *as, const struct mapping *m)
{
    (void)as;
    return m != fake_damaged_mapping;
}

uint *fake_word(struct aspace *as, uint va)
{
    struct mapping *m = aspace_mapping_at(as, va);

    if (m)
        return (uint *)(void *)(fake_region_bytes(m->region) + (va - m->va));
    return va < as->brk ? &as->private_words[va / sizeof(uint) % NPRIVATE] : NULL;
}

bool word_readable(const struct ksm_task *task, uint va) { return fake_word(task->as, va); }

uint word_read(const struct ksm_task *task, uint va) { return *fake_word(task->as, va); }
