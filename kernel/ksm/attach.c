/*
 * attach.c - attachments: attach, detach, and what fork, exec and exit do to them.
 *
 * An attachment is a mapping in the process's address space that holds one reference to its segment.  Address
 * spaces are changed without the lock, since only their own process changes them.  So a call has three steps:
 * under the lock it finds the segment and announces itself (by task->busy, or for attach by a pin, which
 * keeps the segment alive and becomes the attachment's reference); then it maps or unmaps; then it counts,
 * under the lock again.  Until then nobody sees the attachment come, or go: unmapped but counted is harmless,
 * the other way round never happens.
 */
#include "ksm/ksm_impl.h"

#include "mm/slab.h"

#define ATTACH_FLAGS (KSM_READ | KSM_WRITE | KSM_RDWR)

/* The bodies run for each holding of a task, and for each attachment of a holding. */
#define for_each_holding(link, task) list_for_each(link, &(task)->holdings)
#define for_each_attachment(link, h) list_for_each(link, &(h)->attachments)

static void count_attach(struct segment *seg, int pid)
{
    seg->nattached++;
    registry.nattached++;
    seg->mpid = pid;
    seg->atime = ticks_now;
}

static void count_detach(struct segment *seg, int pid)
{
    seg->nattached--;
    registry.nattached--;
    seg->mpid = pid;
    seg->dtime = ticks_now;
}

/* NULL for want of memory. */
static struct attachment *attachment_alloc(struct holding *h)
{
    struct attachment *a = h->first_used ? kmalloc(sizeof *a) : &h->first;

    if (!a)
        return NULL;
    if (a == &h->first)
        h->first_used = true;
    a->holding = h;
    return a;
}

static void attachment_free(struct attachment *a)
{
    if (a == &a->holding->first)
        a->holding->first_used = false;
    else
        kfree(a);
}

/* Makes and maps an attachment; an error of §9.  Lock not held. */
static int make_attachment(struct ksm_task *task, struct holding *h, bool writable, struct attachment **made)
{
    struct attachment *a = attachment_alloc(h);

    if (!a)
        return KSM_ENOMEM;
    int error = aspace_map(task->as, &a->mapping, h->segment->region, writable); /* §4.8 */
    if (error) {
        attachment_free(a);
        return error == ASPACE_ENOVA ? KSM_ENOVA : KSM_ENOMEM;
    }
    *made = a;
    return 0;
}

int ksm_attach(struct ksm_task *task, int handle, uint flags)
{
    struct attachment *a = NULL;
    struct holding *h;
    struct segment *dead = NULL;

    if (flags & ~(uint)ATTACH_FLAGS)
        return KSM_EINVAL; /* §2 */

    int error = KSM_EHANDLE;
    spin_acquire(&registry.lock);
    struct segment *seg = holding_segment(task, handle, &h); /* §4.7: marked or not */
    if (!seg)
        goto refused;
    error = KSM_ENOSPC;
    if (registry.nattached >= registry.limits.nattachments)
        goto refused;
    seg->refs++;
    task->pinned = seg;
    spin_release(&registry.lock);

    error = make_attachment(task, h, flags != KSM_READ, &a); /* §4.1, §4.5: one more, whatever there is */

    spin_acquire(&registry.lock);
    if (a && registry.nattached >= registry.limits.nattachments) { /* others were faster */
        spin_release(&registry.lock);
        aspace_unmap(task->as, &a->mapping);
        attachment_free(a);
        error = KSM_ENOSPC;
        spin_acquire(&registry.lock);
    }
    task->pinned = NULL;
    if (error) {
        segment_put(seg, &dead);
    } else { /* the pin is now the attachment's reference */
        list_push_front(&h->attachments, &a->link);
        task->nattached++;
        count_attach(seg, task->pid);
    }
    spin_release(&registry.lock);
    segment_bury(dead);
    return error ? error : (int)a->mapping.va; /* §2: user addresses are positive */

refused:
    spin_release(&registry.lock);
    return error;
}

/* The lock is held, and released here. */
static void detach(struct ksm_task *task, struct attachment *a)
{
    struct segment *seg = a->holding->segment, *dead = NULL;

    task->busy = true;
    spin_release(&registry.lock);

    aspace_unmap(task->as, &a->mapping); /* §5.3 */

    spin_acquire(&registry.lock);
    task->busy = false;
    task->nattached--;
    list_remove(&a->link);
    count_detach(seg, task->pid);
    segment_put(seg, &dead);
    spin_release(&registry.lock);
    attachment_free(a);
    segment_bury(dead); /* §5.4 */
}

int ksm_detach(struct ksm_task *task, int handle)
{
    struct holding *h;
    int error = KSM_EHANDLE;

    spin_acquire(&registry.lock);
    if (!holding_segment(task, handle, &h))
        goto refused;
    error = KSM_ENOTATT;
    if (list_empty(&h->attachments))
        goto refused;
    detach(task, attachment_at(h->attachments.next)); /* §5.1: the newest */
    return 0;

refused:
    spin_release(&registry.lock);
    return error;
}

int ksm_detach_at(struct ksm_task *task, uint va)
{
    struct mapping *m = aspace_mapping_at(task->as, va);

    if (!m || m->va != va)
        return KSM_ENOTATT; /* §5.2 */
    spin_acquire(&registry.lock);
    detach(task, attachment_of(m));
    return 0;
}

/* The child of a fork gets a copy of one holding with its attachments, not counted yet; false for want of
   memory. */
static bool inherit(struct ksm_task *child, const struct holding *from)
{
    struct holding *h = kmalloc(sizeof *h);

    if (!h)
        return false;
    holding_init(h, from->handle, from->segment);
    if (!table_set(&child->handles, registry_slot(h->handle), h)) {
        kfree(h);
        return false;
    }
    list_push_back(&child->holdings, &h->link);
    for_each_attachment(link, from) {
        struct attachment *a = attachment_alloc(h);
        if (!a)
            return false;
        if (aspace_inherit(child->as, &a->mapping, &attachment_at(link)->mapping)) {
            attachment_free(a);
            return false;
        }
        list_push_back(&h->attachments, &a->link);
        child->nattached++;
        sched_checkpoint();
    }
    return true;
}

static bool is_dead(const struct holding *h)
{
    spin_acquire(&registry.lock);
    bool dead = !registry_find_handle(h->handle);
    spin_release(&registry.lock);
    return dead;
}

/* Frees holdings and attachments of a task that is not linked. */
static void forget_all(struct ksm_task *task)
{
    for (struct list *at; (at = list_pop(&task->holdings)) != NULL;) {
        struct holding *h = holding_at(at);
        for (struct list *link; (link = list_pop(&h->attachments)) != NULL;)
            attachment_free(attachment_at(link));
        kfree(h);
        sched_checkpoint();
    }
    table_clear(&task->handles);
    task->recent = NULL;
    task->nattached = 0;
}

/* The child appears with all its attachments; false, with nothing counted, where the limit forbids them. */
static bool count_inherited(struct ksm_task *child)
{
    spin_acquire(&registry.lock);
    bool room = child->nattached <= registry.limits.nattachments - registry.nattached;
    if (room && holding_any(child)) {
        for_each_holding(at, child)
            for_each_attachment(link, holding_at(at)) {
                struct segment *seg = holding_at(at)->segment;
                seg->refs++;
                count_attach(seg, child->pid); /* §7.1 */
            }
        list_push_back(&registry.tasks, &child->link);
    }
    spin_release(&registry.lock);
    return room;
}

int ksm_fork(struct ksm_task *parent, struct ksm_task *child)
{
    if (!list_linked(&parent->link))
        return 0;
    for_each_holding(link, parent) {
        const struct holding *h = holding_at(link);
        if (list_empty(&h->attachments) && is_dead(h))
            continue;
        if (!inherit(child, h))
            goto undo;
    }
    aspace_inherit_done(child->as, parent->as);
    if (count_inherited(child))
        return 0;
undo:
    aspace_unmap_all(child->as);
    forget_all(child);
    return -1;
}

void ksm_release(struct ksm_task *task, bool at_exit)
{
    struct segment *dead = NULL;

    if (!list_linked(&task->link))
        return;
    spin_acquire(&registry.lock);
    task->busy = true;
    spin_release(&registry.lock);

    aspace_unmap_all(task->as);

    spin_acquire(&registry.lock);
    for_each_holding(at, task) {
        const struct holding *h = holding_at(at);
        if (at_exit && !list_empty(&h->attachments))
            wait_wake_all(h->segment); /* §11.6 */
        for_each_attachment(link, h) {
            count_detach(h->segment, task->pid); /* §8.3 */
            segment_put(h->segment, &dead);
        }
    }
    task->busy = false;
    list_remove(&task->link);
    spin_release(&registry.lock);
    forget_all(task);
    segment_bury(dead);
}
