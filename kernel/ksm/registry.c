/*
 * registry.c - the names of segments: identifiers, and handles.
 *
 * Identifiers are found by a hash table of chains.  A handle is  generation << slot_bits | slot : its slot leads to the
 * segment, and its generation tells that segment from the slot's earlier ones, so that a dead handle never becomes good
 * again (§3.8).  A slot is free, taken by a segment, or retired when its generations are used up.  Free slots are taken
 * last in, first out: a process that creates and deletes in a loop meets the same slot, where it finds its old holding.
 * There are twice as many slots as there may be segments: retiring does not lower the limit until half of all the
 * handles that exist are spent.
 *
 * Both tables are made at boot for as many segments as the limit allows, of single pages behind a page of pointers, so that
 * no call ever waits for them to grow.
 */
#include "ksm/segment.h"

#include "lib/printk.h"
#include "mm/page.h"

struct slot {
    union {
        struct segment *segment; /* taken */
        uintptr_t next_free;     /* free: index of the next, or NO_SLOT */
    };
    uint taken : 1;
    uint generation : 31;        /* of the segment in it, or of the next one; above the last: retired */
};

#define NO_SLOT           (~0u)
#define SLOTS_PER_PAGE    (PAGE_SIZE / sizeof(struct slot))
#define CHAINS_PER_PAGE   (PAGE_SIZE / sizeof(struct segment *))
#define POINTERS_PER_PAGE (PAGE_SIZE / sizeof(void *))

struct registry registry;

static struct slot **slot_pages;
static struct segment ***chain_pages;
static uint slot_bits;  /* of slots, and of chains */
static uint nfresh;     /* slots below were taken at least once */
static uint first_free; /* NO_SLOT: none but fresh ones */

static uint slot_count(void) { return 1u << slot_bits; }
static uint last_generation(void) { return 0x7FFFFFFFu >> slot_bits; }
static struct slot *slot_at(uint i) { return &slot_pages[i / SLOTS_PER_PAGE][i % SLOTS_PER_PAGE]; }
uint registry_slot(int handle) { return (uint)handle & (slot_count() - 1); }

static struct segment **chain_of(uint id)
{
    uint i = spread(id, slot_bits);
    return &chain_pages[i / CHAINS_PER_PAGE][i % CHAINS_PER_PAGE];
}

static void pool_free(void **pages)
{
    for (uint i = 0; i < POINTERS_PER_PAGE && pages[i]; i++)
        page_free(pages[i]);
    page_free(pages);
}

/* A page of pointers to enough zeroed pages for n things; at most one page of pointers. */
static void *pool_alloc(uint n, uint nper_page)
{
    void **pages = page_alloc_zeroed();
    if (!pages)
        return NULL;
    for (uint i = 0; i * nper_page < n; i++) {
        pages[i] = page_alloc_zeroed();
        if (!pages[i]) {
            pool_free(pages);
            return NULL;
        }
    }
    return pages;
}

int registry_init(const struct ksm_limits *limits)
{
    uint nsegments = limits->nsegments ? limits->nsegments : KSM_DEFAULT_SEGMENTS;
    if (nsegments > KSM_MAX_SEGMENTS)
        nsegments = KSM_MAX_SEGMENTS;
    slot_bits = 1;
    while (slot_count() < 2 * nsegments)
        slot_bits++;

    slot_pages = pool_alloc(slot_count(), SLOTS_PER_PAGE);
    if (!slot_pages)
        return -1;
    chain_pages = pool_alloc(slot_count(), CHAINS_PER_PAGE);
    if (!chain_pages) {
        pool_free((void **)slot_pages);
        return -1;
    }
    nfresh = 0;
    first_free = NO_SLOT;

    registry = (struct registry){ .limits = *limits };
    registry.limits.nsegments = nsegments;
    if (!limits->nattachments)
        registry.limits.nattachments = KSM_DEFAULT_ATTACHMENTS;
    if (!limits->npages)
        registry.limits.npages = page_free_count() - page_free_count() / 8; /* §10 */
    spin_init(&registry.lock, RANK_KSM, "ksm");
    waitq_init(&registry.births);
    list_init(&registry.tasks);
    return 0;
}

bool registry_has_slot(void)
{
    return first_free != NO_SLOT || nfresh < slot_count();
}

void registry_enter(struct segment *seg)
{
    uint i = first_free;
    struct slot *slot;
    if (i != NO_SLOT) {
        slot = slot_at(i);
        first_free = (uint)slot->next_free;
    } else {
        i = nfresh++;
        slot = slot_at(i);
        slot->generation = 1; /* so that no handle is 0 */
    }
    slot->taken = true;
    slot->segment = seg;
    seg->handle = (int)(slot->generation << slot_bits | i);

    struct segment **chain = chain_of(seg->id);
    seg->next = *chain;
    *chain = seg;
}

void registry_leave(struct segment *seg, bool spent)
{
    struct segment **p = chain_of(seg->id);
    while (*p != seg)
        p = &(*p)->next;
    *p = seg->next;
    seg->next = NULL;

    uint i = registry_slot(seg->handle);
    struct slot *slot = slot_at(i);
    slot->taken = false;
    slot->segment = NULL;
    if (spent && slot->generation++ == last_generation())
        return; /* retired (§3.8) */
    slot->next_free = first_free;
    first_free = i;
}

struct segment *registry_find(uint id)
{
    struct segment *seg = *chain_of(id);
    while (seg && seg->id != id)
        seg = seg->next;
    return seg;
}

struct segment *registry_find_handle(int handle)
{
    const struct slot *slot = slot_at(registry_slot(handle));
    if (!slot->taken || slot->segment->handle != handle || !slot->segment->region)
        return NULL;
    return slot->segment;
}

struct segment *registry_next(uint *slot)
{
    for (uint i = *slot; i < nfresh; i++)
        if (slot_at(i)->taken) {
            *slot = i;
            return slot_at(i)->segment;
        }
    return NULL;
}

const char *registry_check(void)
{
    uint ntaken = 0, nretired = 0, nfree = 0, nchained = 0;
    for (uint i = 0; i < nfresh; i++) {
        const struct slot *slot = slot_at(i);
        if (slot->taken) {
            ntaken++;
            if (slot->segment->handle != (int)(slot->generation << slot_bits | i))
                return "a segment's handle is not its slot's";
            if (registry_find(slot->segment->id) != slot->segment)
                return "a segment is not found by its identifier";
        } else if (slot->generation > last_generation()) {
            nretired++;
        }
    }
    for (uint i = first_free; i != NO_SLOT && nfree <= nfresh; i = (uint)slot_at(i)->next_free) {
        nfree++;
        if (slot_at(i)->taken || slot_at(i)->generation > last_generation())
            return "a slot on the free list is not free";
    }
    for (uint i = 0; i < slot_count(); i++)
        for (struct segment *seg = chain_pages[i / CHAINS_PER_PAGE][i % CHAINS_PER_PAGE]; seg; seg = seg->next)
            nchained++;
    if (ntaken + nretired + nfree != nfresh)
        return "slots are lost";
    if (ntaken != registry.nsegments + registry.nunborn || ntaken != nchained)
        return "the number of segments is wrong";
    return NULL;
}
