/*
 * aspace.c - address spaces: fork, the heap, faults, mappings.
 *
 * Private memory: every page that may be written is one of
 *
 *     promised   nothing is there yet; the promise of a frame is ours
 *     writable   the frame is ours alone: frame->refs is 1
 *     copied     the frame may have other owners: frame->refs counts them, all in state copied, and
 *                together they have refs - 1 promises
 *
 * so that a writer that is not the last owner always finds a promised frame for its copy, and nwritable
 * pages take exactly nwritable frames and promises, however they are spread.  Read-only pages are shared
 * without promises.
 *
 * Owners of one frame run on several processors and never meet under a lock: see page_unshare().
 */
#include "base/printk.h"
#include "mm/mapping.h"
#include "mm/mm_impl.h"
#include "mm/slab.h"
#include "sched/thread.h"

static inline bool is_current(const struct aspace *as) { return thread_self()->aspace == as; }

/* The processor that runs this map forgets what it cached of it; others do so when they load it. */
static inline void flush(const struct aspace *as, uint va, uint npages)
{
    if (is_current(as))
        pmap_flush(va, npages);
}

struct aspace *aspace_create(void)
{
    struct aspace *as = kmalloc(sizeof(*as));

    if (!as)
        return NULL;
    if (!pmap_create(&as->map)) {
        kfree(as);
        return NULL;
    }
    as->brk = 0;
    as->nwritable = 0;
    as->mappings = NULL;
    return as;
}

/* Takes [start, end) out of private memory. */
static void release(struct aspace *as, uint start, uint end)
{
    struct pmap_released out;
    uint npages = (end - start) >> PAGE_SHIFT;

    if (!npages)
        return;
    pmap_release(&as->map, start, npages, &out);
    if (out.nentries != out.npromised)
        flush(as, start, npages);
    uint nwritable = out.nentries - out.nreadonly;
    uint npromises = nwritable - (out.frames.n - out.nfixed);
    as->nwritable -= nwritable;
    if (out.frames.n)
        page_free_chain(&out.frames);
    if (npromises)
        page_unpromise(npromises);
}

void aspace_destroy(struct aspace *as)
{
    debug_assert(!as->mappings);
    release(as, 0, page_round_up(as->brk));
    if (as->nwritable) /* promised for a fork that failed, and never entered */
        page_unpromise(as->nwritable);
    pmap_destroy(&as->map);
    kfree(as);
}

struct aspace *aspace_fork(struct aspace *parent)
{
    uint npromises = parent->nwritable;

    if (!page_promise(npromises))
        return NULL;
    struct aspace *child = aspace_create();
    if (!child) {
        page_unpromise(npromises);
        return NULL;
    }
    child->brk = parent->brk;
    child->nwritable = npromises;
    bool ok = pmap_fork(&child->map, &parent->map, parent->brk);
    flush(parent, 0, USER_END >> PAGE_SHIFT);
    if (ok)
        return child;
    aspace_destroy(child);
    return NULL;
}

struct aspace *aspace_switch(struct aspace *as)
{
    struct thread *self = thread_self();
    struct aspace *former = self->aspace;

    self->aspace = as;
    aspace_load(as);
    return former;
}

void aspace_load(struct aspace *as) { pmap_load(as ? &as->map : NULL); }

uint aspace_brk(const struct aspace *as) { return as->brk; }

/* Where the heap has to stop: at the lowest mapping (§4.3). */
static inline uint ceiling(const struct aspace *as)
{
    return as->mappings ? mapping_from(as->mappings, 0)->va : USER_END;
}

/* Adds promised pages from `start` to `end`, both page-aligned. */
static inline int grow(struct aspace *as, uint start, uint end)
{
    uint npages = (end - start) >> PAGE_SHIFT;

    if (!npages)
        return 0;
    if (!page_promise(npages))
        return ASPACE_ENOMEM;
    if (!pmap_promise(&as->map, start, npages)) {
        page_unpromise(npages);
        return ASPACE_ENOMEM;
    }
    as->nwritable += npages;
    return 0;
}

int aspace_sbrk(struct aspace *as, int delta, uint *old)
{
    uint brk = as->brk, new = brk + (uint)delta;

    if (delta >= 0) {
        if ((uint)delta > ceiling(as) - brk)
            return ASPACE_ENOVA;
        int error = grow(as, page_round_up(brk), page_round_up(new));
        if (error)
            return error;
    } else {
        if (new > brk)
            return ASPACE_ENOVA;
        release(as, page_round_up(new), page_round_up(brk));
    }
    as->brk = new;
    *old = brk;
    return 0;
}

int aspace_fault(struct aspace *as, uint va, bool write)
{
    if (va >= USER_END)
        return ASPACE_EFAULT;
    uint *slot = pmap_slot(&as->map, va);
    if (slot && pmap_is_promised(*slot)) {
        void *page = page_alloc_promised();
        page_zero(page);
        *slot = pmap_private_entry(page, true);
        return 0;
    }
    if (write && slot && pmap_is_copied(*slot)) {
        *slot = pmap_private_entry(page_unshare(pmap_page(*slot)), true);
        flush(as, va, 1);
        return 0;
    }
    return pmap_allows_page(&as->map, va, write) ? 0 : ASPACE_EFAULT; /* §4.4 */
}

int aspace_map(struct aspace *as, struct mapping *m, struct region *r, bool writable)
{
    uint va = mapping_find_hole(as->mappings, page_round_up(as->brk), r->npages << PAGE_SHIFT);

    if (!va)
        return ASPACE_ENOVA;
    if (!pmap_map(&as->map, va, writable, &r->ready))
        return ASPACE_ENOMEM;
    m->va = va;
    m->npages = r->npages;
    m->region = r;
    m->writable = writable;
    mapping_insert(&as->mappings, m);
    return 0;
}

int aspace_inherit(struct aspace *child, struct mapping *m, struct mapping *from)
{
    if (!pmap_map(&child->map, from->va, from->writable, &from->region->ready))
        return ASPACE_ENOMEM;
    mapping_add_twin(&child->mappings, m, from);
    return 0;
}

void aspace_inherit_done(struct aspace *child, const struct aspace *parent)
{
    mapping_twins_done(&child->mappings, parent->mappings, sched_checkpoint);
}

void aspace_unmap(struct aspace *as, struct mapping *m)
{
    mapping_remove(&as->mappings, m);
    pmap_unmap(&as->map, m->va, &m->region->ready);
    flush(as, m->va, m->npages); /* §5.3: only this processor has the map loaded */
}

void aspace_unmap_all(struct aspace *as)
{
    struct mapping *m;

    while ((m = mapping_pop(&as->mappings)) != NULL) {
        pmap_unmap(&as->map, m->va, &m->region->ready);
        sched_checkpoint();
    }
    flush(as, 0, USER_END >> PAGE_SHIFT);
}

struct mapping *aspace_mapping_at(const struct aspace *as, uint va) { return mapping_at(as->mappings, va); }

#ifdef DEBUG
struct mapping *aspace_mapping_from(const struct aspace *as, uint va)
{
    return mapping_from(as->mappings, va);
}

bool aspace_mapping_intact(const struct aspace *as, const struct mapping *m)
{
    return pmap_maps(&as->map, m->va, m->writable, &m->region->ready);
}

void aspace_check(const struct aspace *as)
{
    uint nmapped, nshared;
    const char *wrong = mapping_check(as->mappings, &nmapped);

    if (wrong)
        panic("address space: %s", wrong);
    const struct mapping *lowest = mapping_from(as->mappings, 0);
    if (lowest && lowest->va < as->brk)
        panic("the heap reaches %x, a mapping %x", as->brk, lowest->va);
    uint nwritable = pmap_check(&as->map, &nshared);
    if (nwritable != as->nwritable || nshared != nmapped)
        panic("address space: %u writable pages, not %u; %u mapped, not %u", nwritable, as->nwritable,
              nshared, nmapped);
}

/* course 2: */
/* A page's kind; NULL: no access. */
static const char *page_kind(const struct pmap *map, uint va)
{
    const uint *slot = pmap_slot(map, va);

    if (!slot) /* no page table, or a region's */
        return pmap_allows_page(map, va, false) ? "shared" : NULL;
    if (!*slot)
        return NULL;
    if (pmap_is_promised(*slot))
        return "promised";
    if (*slot & PTE_SHARED)
        return "shared";
    if (pmap_is_copied(*slot))
        return "copied";
    return pmap_is_readonly(*slot) ? "read-only" : "writable";
}

/* course end */
void aspace_print(const struct aspace *as)
{
    /* course 2: (void)as; */
    const char *kind = NULL, *next;
    uint start = 0;

    for (uint va = 0; va <= USER_END; va += PAGE_SIZE) {
        next = va < USER_END ? page_kind(&as->map, va) : NULL;
        if (next == kind) /* the names are literals of one function */
            continue;
        if (kind)
            printk("0x%08x-0x%08x %s\n", start, va, kind);
        kind = next;
        start = va;
    }
    /* course end */
}
#endif
