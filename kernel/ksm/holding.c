/*
 * holding.c - a process's handles.
 *
 * The first get of a segment makes a holding, and fork copies them; exec and exit drop all (§3.6).  A holding is
 * found by its handle's slot, and is in two lists: its process's and its segment's.
 *
 *      good  --its segment dies--> dead  --its slot's next segment is got--> good
 *                                    '---the process keeps another---> dropped
 *
 * When a segment dies, all its holdings move to their processes' lists of the dead.  A process keeps one, and uses
 * it again: so a loop of create and delete allocates nothing, and what a process keeps of dead segments is
 * bounded, whoever deleted them (§3.8).  It is the one with the lowest slot, which the same gets and deletes meet
 * again: so they leave as many frames in use each time (§8.4).  One that a later get had no use for makes way.  Each
 * move is paid for by the get or fork that made the holding.
 *
 * Only fork walks a process's holdings without the lock.  While it does, those that die stay in the list of the good
 * ones, without a segment, and fork moves them at its end.
 *
 * A task is in registry.tasks exactly while it has holdings, good or dead.
 */
#include "ksm/ksm_impl.h"

#include "mm/slab.h"

struct holding *holding_look_up_locked(struct ksm_task *task, int handle)
{
    struct holding *h = table_get(&task->handles, registry_slot(handle));

    if (!h || h->handle != handle)
        return NULL;
    task->recent = h;
    return h;
}

/* A dead one is to be used again. */
static void revive_locked(struct holding *h)
{
    list_unlink(&h->link);
    list_push_back(&h->task->holdings, &h->link);
    h->task->ndead--;
    h->task->passed_over = false;
}

/* The first one for a slot. */
static __attribute__((noinline)) struct holding *add_locked(struct ksm_task *task, uint slot)
{
    struct holding *h = kmalloc(sizeof(*h));

    if (!h)
        return NULL;
    holding_init(h, task, 0);
    if (!table_set(&task->handles, slot, h)) {
        kfree(h);
        return NULL;
    }
    list_push_back(&task->holdings, &h->link);
    task->passed_over = task->ndead > 0;
    if (!list_linked(&task->link))
        list_push_back(&registry.tasks, &task->link);
    return h;
}

struct holding *holding_make_locked(struct ksm_task *task, uint slot)
{
    struct holding *h = task->recent;

    if (!h || registry_slot(h->handle) != slot)
        h = table_get(&task->handles, slot);
    if (!h)
        return add_locked(task, slot);
    if (!h->segment)
        revive_locked(h);
    return h;
}

static void drop_locked(struct holding *h, uint slot)
{
    struct ksm_task *task = h->task;

    table_remove(&task->handles, slot);
    list_remove(&h->link);
    if (task->recent == h)
        task->recent = NULL;
    kfree(h);
    if (!holding_any(task))
        list_remove(&task->link);
}

/* A process keeps too many dead ones, the last of which is h: one goes.  Not inline: it is rare. */
static __attribute__((noinline)) void drop_dead_locked(struct ksm_task *task, struct holding *h)
{
    /* Whoever frees a holding takes it out first.  NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    struct holding *kept = holding_at(task->dead.next);
    bool changes = task->passed_over || registry_slot(h->handle) < registry_slot(kept->handle);

    struct holding *gone = changes ? kept : h;
    int handle = gone->handle;
    task->ndead--;
    task->passed_over = false;
    drop_locked(gone, registry_slot(handle));
    registry_keep_locked(handle, -1);
}

void holding_retire_locked(struct holding *h)
{
    struct ksm_task *task = h->task;

    h->segment = NULL;
    if (task->unlocked >= KSM_FORKS) {
        task->unlocked = KSM_FORKS_STALE;
        return;
    }
    list_unlink(&h->link);
    list_push_back(&task->dead, &h->link);
    if (++task->ndead > 1)
        drop_dead_locked(task, h);
}

void holding_retire_all_locked(struct segment *seg)
{
    for (struct list *link; (link = list_pop(&seg->holdings)) != NULL;) {
        struct holding *h = container_of(link, struct holding, in_segment);
        if (h->task)
            holding_retire_locked(h);
        if (!list_empty(&seg->holdings))
            registry_step_locked();
    }
}

void holding_cancel_locked(struct holding *h, uint slot)
{
    if (h->handle == 0)
        drop_locked(h, slot);
    else
        holding_retire_locked(h); /* it was dead before */
}

void holding_settle_locked(struct holding *h, struct segment *seg)
{
    h->handle = seg->handle;
    h->segment = seg;
    list_push_back(&seg->holdings, &h->in_segment);
    h->task->recent = h;
}
