/*
 * attach.c - an attachment: attach, detach, and which one is at an address.
 *
 * An attachment is a mapping in the process's address space that holds one reference to its segment.  Both come and
 * go in one step under the lock.  If others could look between the mapping and the counting, they might see what no
 * order of the calls explains (§12): a marked segment that nobody has attached, or one that is kept by an attach that
 * then fails.  A mapping takes two page tables at most, so the step is short.
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

/* §4.1, §4.5: one more, whatever there is.  Its address, or an error of §9. */
static int attach_locked(struct ksm_task *task, int handle, bool writable)
{
    struct holding *h;
    struct segment *seg = holding_segment_locked(task, handle, &h); /* §4.7: marked or not */

    if (!seg)
        return KSM_EHANDLE;
    if (registry.nattached >= registry.limits.nattachments)
        return KSM_ENOSPC;
    struct attachment *a = attachment_alloc(h);
    if (!a)
        return KSM_ENOMEM;
    int error = aspace_map(task->as, &a->mapping, &seg->region, writable); /* §4.8 */
    if (error) {
        attachment_free(a);
        return error == ASPACE_ENOVA ? KSM_ENOVA : KSM_ENOMEM;
    }
    list_push_front(&h->attachments, &a->link);
    h->nattached++;
    task->nattached++;
    seg->refs++;
    count_attach_locked(seg, 1, task->pid);
    if (event_due(EVENT_RARE))
        event_put(writable ? "E attach %d %x %x rw" : "E attach %d %x %x r", task->pid, seg->id,
                  a->mapping.va);
    return (int)a->mapping.va; /* §2: user addresses are positive */
}

int ksm_attach(struct ksm_task *task, int handle, uint flags)
{
    if (flags & ~(uint)ATTACH_FLAGS)
        return KSM_EINVAL; /* §2 */
    registry_acquire();
    int result = attach_locked(task, handle, flags != KSM_READ);
    registry_release();
    return result;
}

static void detach_locked(struct ksm_task *task, struct attachment *a, struct segment **dead)
{
    struct holding *h = a->holding;
    struct segment *seg = h->segment;

    if (event_due(EVENT_RARE))
        event_put("E detach %d %x %x", task->pid, seg->id, a->mapping.va);
    task->left_va = a->mapping.va;
    task->left_npages = a->mapping.npages;
    aspace_unmap(task->as, &a->mapping); /* §5.3 */
    task->nattached--;
    list_remove(&a->link);
    h->nattached--;
    attachment_free(a); /* now: once the segment is dead, others may drop the holding */
    count_detach_locked(seg, 1, task->pid);
    segment_put_locked(seg, 1, dead);
}

int ksm_detach(struct ksm_task *task, int handle)
{
    struct segment *dead = NULL;
    struct holding *h;
    int error = KSM_EHANDLE;

    registry_acquire();
    if (holding_segment_locked(task, handle, &h))
        error = list_empty(&h->attachments) ? KSM_ENOTATT : 0;
    if (!error)
        detach_locked(task, attachment_at(h->attachments.next), &dead); /* §5.1 */
    registry_release_buried(dead);                                      /* §5.4 */
    return error;
}

int ksm_detach_at(struct ksm_task *task, uint va)
{
    struct mapping *m = aspace_mapping_at(task->as, va);
    struct segment *dead = NULL;

    if (!m || m->va != va)
        return KSM_ENOTATT; /* §5.2 */
    registry_acquire();
    detach_locked(task, attachment_of(m), &dead);
    registry_release_buried(dead); /* §5.4 */
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
