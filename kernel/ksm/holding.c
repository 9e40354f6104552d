/*
 * holding.c - a process's handles.
 *
 * The first get of a segment makes a holding, and fork copies them; exec and exit drop all (§3.6).  A holding is
 * found by its handle's slot.  When the segment dies the holding stays, and its handle is no longer good; it is
 * used again when a later segment takes the slot, and a process that needs a new holding first tests two old
 * ones for death.  So what a process keeps of dead segments does not grow with the number of segments that it
 * has seen (§3.8).
 *
 * A task is in registry.tasks exactly while it has holdings.
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

struct holding *holding_make_locked(struct ksm_task *task, uint slot)
{
    struct holding *h = task->recent;

    if (!h || registry_slot(h->handle) != slot)
        h = table_get(&task->handles, slot);
    if (h)
        return h;
    h = kmalloc(sizeof(*h));
    if (!h)
        return NULL;
    holding_init(h, 0, NULL);
    if (!table_set(&task->handles, slot, h)) {
        kfree(h);
        return NULL;
    }
    list_push_back(&task->holdings, &h->link);
    if (!list_linked(&task->link))
        list_push_back(&registry.tasks, &task->link);
    return h;
}

static void drop_locked(struct ksm_task *task, uint slot)
{
    struct holding *h = table_remove(&task->handles, slot);

    list_remove(&h->link);
    kfree(h);
    task->recent = NULL;
    if (!holding_any(task))
        list_remove(&task->link);
}

void holding_cancel_locked(struct ksm_task *task, uint slot)
{
    struct holding *h = table_get(&task->handles, slot);

    if (h->handle == 0) /* else it was there before, and stays as it was */
        drop_locked(task, slot);
}

void holding_settle_locked(struct ksm_task *task, struct holding *h, struct segment *seg)
{
    bool made = h->handle == 0;

    h->handle = seg->handle;
    h->segment = seg;
    for (int i = 0; made && i < 2; i++) {
        struct holding *old = holding_at(task->holdings.next);
        if (registry_find_handle_locked(old->handle)) {
            list_remove(&old->link);
            list_push_back(&task->holdings, &old->link);
        } else {
            drop_locked(task, registry_slot(old->handle));
        }
    }
    task->recent = h;
}
