/*
 * attach.c - an attachment: attach, detach, and which one is at an address.
 *
 * An attachment is a mapping in the process's address space that holds one reference to its segment.  Only its
 * own process changes an address space, and so without the lock.  A call has three steps: under the lock it
 * finds the segment and announces itself (by task->unlocked, or for attach by a pin, which keeps the segment alive
 * and becomes the attachment's reference); then it maps or unmaps; then, under the lock again, it counts.  Until
 * then nobody sees the attachment come or go.  So a mapping may be gone and still counted, which harms nobody,
 * but never be there uncounted once the call has returned.
 */
#include "ksm/ksm_impl.h"

#include "base/event.h"
#include "base/kstring.h"
#include "mm/slab.h"

#define ATTACH_FLAGS (KSM_READ | KSM_WRITE | KSM_RDWR)
#define NEAR_PAGES   16u /* so far from a segment's end, an address may still be meant to lie in it */

void count_attach_locked(struct segment *seg, uint n, int pid)
{
    seg->nattached += n;
    registry.nattached += n;
    seg->mpid = pid;
    seg->atime = ticks_now;
}

void count_detach_locked(struct segment *seg, uint n, int pid)
{
    seg->nattached -= n;
    registry.nattached -= n;
    seg->mpid = pid;
    seg->dtime = ticks_now;
}

struct attachment *attachment_alloc(struct holding *h)
{
    struct attachment *a = h->first.holding ? kmalloc(sizeof(*a)) : &h->first;

    if (!a)
        return NULL;
    a->holding = h;
    return a;
}

void attachment_free(struct attachment *a)
{
    if (a == &a->holding->first)
        a->holding = NULL;
    else
        kfree(a);
}

/* Finds the holding of a handle and pins its segment for an attach.  0, or an error of §9. */
static int pin(struct ksm_task *task, int handle, struct holding **holding)
{
    int error = KSM_EHANDLE;

    registry_acquire();
    struct segment *seg = holding_segment_locked(task, handle, holding); /* §4.7: marked or not */
    if (seg)
        error = registry.nattached < registry.limits.nattachments ? 0 : KSM_ENOSPC;
    if (!error) {
        seg->refs++;
        task->pinned = seg;
    }
    registry_release();
    return error;
}

static void unpin(struct ksm_task *task)
{
    struct segment *dead = NULL;

    registry_acquire();
    struct segment *seg = task->pinned;
    task->pinned = NULL;
    segment_put_locked(seg, 1, &dead);
    registry_release_walked();
    segment_bury(dead);
}

/* Makes and maps an attachment; NULL with an error of §9. */
static struct attachment *map(struct ksm_task *task, struct holding *h, bool writable, int *error)
{
    struct attachment *a = attachment_alloc(h);

    *error = KSM_ENOMEM;
    if (!a)
        return NULL;
    int result = aspace_map(task->as, &a->mapping, &h->segment->region, writable); /* §4.8 */
    if (!result)
        return a;
    attachment_free(a);
    if (result == ASPACE_ENOVA)
        *error = KSM_ENOVA;
    return NULL;
}

/* Counts a new attachment, and the pin becomes its reference; false when others were faster to the limit. */
static bool count_new(struct ksm_task *task, struct attachment *a)
{
    registry_acquire();
    bool room = registry.nattached < registry.limits.nattachments;
    if (room) {
        list_push_front(&a->holding->attachments, &a->link);
        a->holding->nattached++;
        task->nattached++;
        count_attach_locked(task->pinned, 1, task->pid);
        task->pinned = NULL;
    }
    registry_release();
    return room;
}

int ksm_attach(struct ksm_task *task, int handle, uint flags)
{
    struct holding *h;

    if (flags & ~(uint)ATTACH_FLAGS)
        return KSM_EINVAL; /* §2 */
    int error = pin(task, handle, &h);
    if (error)
        return error;
    /* §4.1, §4.5: one more, whatever there is */
    struct attachment *a = map(task, h, flags != KSM_READ, &error);
    if (!a)
        goto not_mapped;
    if (!count_new(task, a))
        goto no_room;
    if (event_due(EVENT_RARE))
        event_put(a->mapping.writable ? "E attach %d %x %x rw" : "E attach %d %x %x r", task->pid,
                  h->segment->id, a->mapping.va);
    return (int)a->mapping.va; /* §2: user addresses are positive */

no_room:
    error = KSM_ENOSPC;
    aspace_unmap(task->as, &a->mapping);
    attachment_free(a);
not_mapped:
    unpin(task);
    return error;
}

/* Takes away an attachment of a task that has announced it. */
static void detach(struct ksm_task *task, struct attachment *a)
{
    struct segment *seg = a->holding->segment, *dead = NULL;

    if (event_due(EVENT_RARE))
        event_put("E detach %d %x %x", task->pid, seg->id, a->mapping.va);
    task->left_va = a->mapping.va;
    task->left_npages = a->mapping.npages;
    aspace_unmap(task->as, &a->mapping); /* §5.3 */

    registry_acquire();
    task->unlocked = KSM_RESTS;
    task->nattached--;
    list_remove(&a->link);
    a->holding->nattached--;
    attachment_free(a); /* now: once the segment is dead, others may drop the holding */
    count_detach_locked(seg, 1, task->pid);
    segment_put_locked(seg, 1, &dead);
    registry_release_walked();
    segment_bury(dead); /* §5.4 */
}

int ksm_detach(struct ksm_task *task, int handle)
{
    struct attachment *newest = NULL;
    struct holding *h;
    int error = KSM_EHANDLE;

    registry_acquire();
    if (holding_segment_locked(task, handle, &h))
        error = list_empty(&h->attachments) ? KSM_ENOTATT : 0;
    if (!error) {
        newest = attachment_at(h->attachments.next); /* §5.1 */
        task->unlocked = KSM_UNMAPS;
    }
    registry_release();
    if (error)
        return error;
    detach(task, newest);
    return 0;
}

void task_announce(struct ksm_task *task, enum ksm_unlocked what)
{
    registry_acquire();
    task->unlocked = what;
    registry_release();
}

int ksm_detach_at(struct ksm_task *task, uint va)
{
    struct mapping *m = aspace_mapping_at(task->as, va);

    if (!m || m->va != va)
        return KSM_ENOTATT; /* §5.2 */
    task_announce(task, KSM_UNMAPS);
    detach(task, attachment_of(m));
    return 0;
}

static bool in_mapping(const struct mapping *m, uint va) { return va - m->va < m->npages << PAGE_SHIFT; }

/* The mapping that covers va, or one that ends a little below. */
static struct mapping *mapping_near(const struct aspace *as, uint va)
{
    struct mapping *m = NULL;

    for (uint below = 0; !m && below <= NEAR_PAGES; below++)
        m = aspace_mapping_at(as, va - (below << PAGE_SHIFT));
    return m;
}

bool ksm_find_place(const struct ksm_task *task, uint va, struct ksm_place *place)
{
    struct mapping *m = mapping_near(task->as, va);
    bool in = m && in_mapping(m, va);

    place->kind = KSM_PLACE_DETACHED;
    place->offset = va - task->left_va;
    if (!in && place->offset < task->left_npages << PAGE_SHIFT)
        return true;
    if (!m)
        return false;
    registry_acquire();
    const struct segment *seg = attachment_of(m)->holding->segment;
    place->kind = in ? KSM_PLACE_IN : KSM_PLACE_PAST;
    place->offset = va - m->va;
    place->id = seg->id;
    string_copy(place->name, seg->name, sizeof(place->name));
    registry_release();
    return true;
}
