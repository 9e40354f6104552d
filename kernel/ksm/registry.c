/*
 * registry.c - the names of segments: identifiers, and handles.
 *
 * A hash table leads from an identifier to its segment.  Identifiers whose hashes meet, as programs can arrange, are in
 * a tree: at each level one more bit of the identifier says which side to take, so it has 33 levels at most; and
 * any segment may take the place of one above it.  A handle is  generation * nslots + slot :
 * its slot leads to the segment, and its generation distinguishes that segment from the slot's earlier ones.
 * Free slots are taken last in, first out: a process that creates and deletes in a loop meets the same slot,
 * where it finds its old holding.
 *
 *     free <---> taken --last generation--> spent --no process has a holding there--> free, first generation
 *
 * A spent slot rests until no process keeps a dead handle of it, so that none can become good again; then its
 * generations come round (§3.8).  A process keeps one dead handle (holding.c), and there is a slot for each process
 * besides those for segments, so that resting slots do not lower the limit.
 *
 * Both tables are made at boot for as many segments as the limit allows, of single pages under a page of
 * pointers, so no call ever waits for them to grow.
 */
#include "ksm/ksm_impl.h"

#include "include/param.h"
#include "mm/pool.h"

#define TREES_PER_PAGE (PAGE_SIZE / sizeof(struct segment *))

struct registry registry;

static struct segment ***tree_pages;
static uint tree_bits; /* there are as many trees as slots */

struct segment **registry_tree_at(uint i) { return &tree_pages[i / TREES_PER_PAGE][i % TREES_PER_PAGE]; }

static __attribute__((noinline)) struct segment **find_below(struct segment **link, uint id)
{
    for (uint bits = id; *link && (*link)->id != id; bits >>= 1)
        link = &(*link)->child[bits & 1];
    return link;
}

static inline struct segment **find_link(uint id)
{
    struct segment **link = registry_tree_at(spread(id, tree_bits));

    return !*link || (*link)->id == id ? link : find_below(link, id);
}

struct segment **registry_find_locked(uint id) { return find_link(id); }

void registry_wait_locked(void)
{
    while (registry.divided)
        waitq_sleep(&registry.waiters, &registry.lock, 0, false);
}

bool registry_sleep_locked(enum get_wait what)
{
    uint ended = registry.nended;
    bool killed = false;

    registry.nahead += what == WAIT_ROOM;
    registry.nexpecting += what == WAIT_BIRTH;
    /* The end of a walk wakes it, too. */
    while (!killed && ended == registry.nended && (what != WAIT_TURN || registry.nahead))
        killed = waitq_sleep(&registry.waiters, &registry.lock, 0, true) == PARK_KILLED;
    registry_wait_locked();
    if (what == WAIT_BIRTH && ended == registry.nended)
        registry.nexpecting--;
    else if (what != WAIT_TURN && --registry.nahead == 0)
        waitq_wake_all(&registry.waiters);
    return !killed;
}

REACQUIRES void registry_pause_locked(void)
{
    registry.divided = true;
    registry.nsteps = 0;
    spin_pause(&registry.lock);
}

void registry_resume_locked(void)
{
    registry.divided = false;
    waitq_wake_all(&registry.waiters);
}

int registry_init(const struct ksm_limits *limits)
{
    tree_bits = 1;
    while (1u << tree_bits < limits->nsegments + NPROC)
        tree_bits++;
    registry = (struct registry){ .limits = *limits, .nslots = 1u << tree_bits, .first_free = NO_SLOT };
    registry.slot_pages = pool_alloc((registry.nslots + SLOTS_PER_PAGE - 1) / SLOTS_PER_PAGE);
    if (!registry.slot_pages)
        return -1;
    tree_pages = pool_alloc((registry.nslots + TREES_PER_PAGE - 1) / TREES_PER_PAGE);
    if (!tree_pages) {
        pool_free(registry.slot_pages);
        return -1;
    }
    spin_init(&registry.lock, RANK_KSM, "ksm");
    waitq_init(&registry.waiters);
    list_init(&registry.tasks);
    return 0;
}

static uint first_handle(uint i) { return registry.nslots + i; } /* generation 1, so that no handle is 0 */

void registry_enter_locked(struct segment *seg, struct segment **link)
{
    uint i = registry.first_free;
    struct slot *slot;

    if (i != NO_SLOT) {
        slot = registry_slot_at(i);
        registry.first_free = (uint)slot->next_free;
    } else {
        i = registry.nfresh++;
        slot = registry_slot_at(i);
        slot->state = first_handle(i);
    }
    seg->handle = (int)slot->state;
    slot->state |= SLOT_TAKEN;
    slot->segment = seg;

    *link = seg;
    seg->child[0] = seg->child[1] = NULL;
}

static void free_locked(uint i, struct slot *slot)
{
    slot->next_free = registry.first_free;
    registry.first_free = i;
}

void registry_keep_spent_locked(uint i, int change)
{
    struct slot *slot = registry_slot_at(i);

    if (slot->state != SLOT_SPENT)
        return;
    slot->nkept += (uint)change;
    if (slot->nkept)
        return;
    registry.nspent--;
    slot->state = first_handle(i);
    free_locked(i, slot);
}

/* §3.8: the slot's generations are spent.  That is so rare that a walk over all tasks costs nothing. */
static __attribute__((noinline)) void rest_locked(uint i, struct slot *slot)
{
    slot->state = SLOT_SPENT;
    slot->nkept = 0;
    list_for_each(link, &registry.tasks) {
        slot->nkept += table_get(&container_of(link, struct ksm_task, link)->handles, i) != NULL;
        registry_step_locked();
    }
    registry.nspent++;
    registry_keep_spent_locked(i, 0);
}

/* The segment has others below it: the end of a branch takes its place. */
static __attribute__((noinline)) void replace(struct segment *seg, struct segment **place)
{
    struct segment *last = seg, **link = place;

    while (last->child[0] || last->child[1]) {
        link = last->child[0] ? &last->child[0] : &last->child[1];
        last = *link;
    }
    *link = NULL;
    last->child[0] = seg->child[0];
    last->child[1] = seg->child[1];
    *place = last;
}

void registry_leave_locked(struct segment *seg, bool spent)
{
    struct segment **place = find_link(seg->id);

    if (seg->child[0] || seg->child[1])
        replace(seg, place);
    else
        *place = NULL;
    uint i = registry_slot(seg->handle);
    struct slot *slot = registry_slot_at(i);
    slot->state = (uint)seg->handle + (spent ? registry.nslots : 0);
    if (slot->state > INT32_MAX)
        rest_locked(i, slot);
    else
        free_locked(i, slot);
}

struct segment *registry_next_locked(uint *slot)
{
    for (uint i = *slot; i < registry.nfresh; i++)
        if (registry_slot_at(i)->state & SLOT_TAKEN) {
            *slot = i;
            return registry_slot_at(i)->segment;
        }
    return NULL;
}
