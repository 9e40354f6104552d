/*
 * holding.c - what a process has got: its good handles.
 *
 * A holding is made by the first get of a segment, or inherited by fork; exec and exit drop all (§3.6).  It
 * is found by the handle's slot.  When the segment dies the holding stays, and its handle is no longer good;
 * it is used again when the slot's next segment is got, and whoever needs a new holding first looks at two
 * old ones.  So what a process keeps of dead segments does not grow with the number of segments that it has
 * seen (§3.8).
 *
 * The rule for registry.tasks: a task is linked while it has holdings.
 */
#include "ksm/ksm_impl.h"

#include "mm/slab.h"

struct holding *holding_look_up(struct ksm_task *task, int handle)
{
    struct holding *h = table_get(&task->handles, registry_slot(handle));

    if (!h || h->handle != handle)
        return NULL;
    task->recent = h;
    return h;
}

struct holding *holding_make(struct ksm_task *task, uint slot)
{
    struct holding *h = task->recent;

    if (!h || registry_slot(h->handle) != slot)
        h = table_get(&task->handles, slot);
    if (h)
        return h;
    h = kmalloc(sizeof *h);
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

static void drop(struct ksm_task *task, uint slot)
{
    struct holding *h = table_remove(&task->handles, slot);

    list_remove(&h->link);
    kfree(h);
    task->recent = NULL;
    if (!holding_any(task))
        list_remove(&task->link);
}

void holding_cancel(struct ksm_task *task, uint slot)
{
    struct holding *h = table_get(&task->handles, slot);

    if (h->handle == 0) /* else it was there before, and stays as it was */
        drop(task, slot);
}

void holding_settle(struct ksm_task *task, struct holding *h, struct segment *seg)
{
    bool made = h->handle == 0;

    h->handle = seg->handle;
    h->segment = seg;
    for (int i = 0; made && i < 2; i++) {
        struct holding *old = holding_at(task->holdings.next);
        if (registry_find_handle(old->handle)) {
            list_remove(&old->link);
            list_push_back(&task->holdings, &old->link);
        } else {
            drop(task, registry_slot(old->handle));
        }
    }
    task->recent = h;
}
