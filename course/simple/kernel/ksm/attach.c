/*
 * attach.c - attachments: attach, detach, and what fork, exec and exit do to them.
 *
 * An attachment is a mapping in the process's address space, counted by its segment.  It is counted as long as it is
 * mapped, and may be for longer: so a segment is never freed while it is mapped.
 */
#include "ksm/ksm_impl.h"

#include "mm/slab.h"

#define ATTACH_FLAGS (KSM_READ | KSM_WRITE | KSM_RDWR)

/* course 3: */
static void count_attach_locked(struct ksm_task *task, struct segment *seg)
{
    task->nattached++;
    seg->nattached++;
    registry.nattached++;
    seg->mpid = task->pid;
    seg->atime = ticks_now;
}

static void count_detach_locked(struct ksm_task *task, struct segment *seg, struct segment **dead)
{
    task->nattached--;
    seg->nattached--;
    registry.nattached--;
    seg->mpid = task->pid;
    seg->dtime = ticks_now;
    /* course 6: (void)dead; */
    if (seg->marked && seg->nattached == 0)
        segment_leave_locked(seg, dead); /* §5.4 */
    /* course end */
}

/* An attachment's address, or an error of §9. */
static int attach_locked(struct ksm_task *task, struct holding *h, struct segment *seg, uint flags)
{
    /* course 7: */
    if (registry.nattached >= registry.limits.nattachments)
        return KSM_ENOSPC; /* §10 */
    /* course end */
    struct attachment *a = kmalloc(sizeof(*a));

    if (!a)
        return KSM_ENOMEM;
    /* course 5:
    (void)flags;
    int error = aspace_map(task->as, &a->mapping, &seg->region, true);
    */
    int error = aspace_map(task->as, &a->mapping, &seg->region, flags != KSM_READ);
    /* course end */
    /* course 7:
    if (error)
        return error == ASPACE_ENOVA ? KSM_ENOVA : KSM_ENOMEM;
    */
    if (error) {
        kfree(a);
        return error == ASPACE_ENOVA ? KSM_ENOVA : KSM_ENOMEM;
    }
    /* course end */
    a->segment = seg;
    list_push_front(&h->attachments, &a->link);
    count_attach_locked(task, seg);
    return (int)a->mapping.va;
}
/* course end */

int ksm_attach(struct ksm_task *task, int handle, uint flags)
{
    /* course 3: return (void)task, (void)handle, (void)flags, KSM_ENOTSUP; */
    struct holding *h;

    if (flags & ~(uint)ATTACH_FLAGS)
        return KSM_EINVAL; /* §2 */
    spin_acquire(&registry.lock);
    struct segment *seg = segment_find_locked(task, handle, &h);
    int result = seg ? attach_locked(task, h, seg, flags) : KSM_EHANDLE;
    spin_release(&registry.lock);
    return result;
    /* course end */
}

/* course 3: */
static void detach_locked(struct ksm_task *task, struct attachment *a, struct segment **dead)
{
    task->left_va = a->mapping.va;
    task->left_npages = a->mapping.npages;
    aspace_unmap(task->as, &a->mapping); /* §5.3 */
    list_remove(&a->link);
    count_detach_locked(task, a->segment, dead);
    kfree(a);
}
/* course end */

int ksm_detach(struct ksm_task *task, int handle)
{
    /* course 3: return (void)task, (void)handle, KSM_ENOTSUP; */
    struct segment *dead = NULL;
    struct holding *h;
    int error = KSM_EHANDLE;

    spin_acquire(&registry.lock);
    if (segment_find_locked(task, handle, &h))
        error = list_empty(&h->attachments) ? KSM_ENOTATT : 0;
    if (!error)
        detach_locked(task, attachment_at(h->attachments.next), &dead); /* §5.1 */
    spin_release(&registry.lock);
    segment_bury(dead);
    return error;
    /* course end */
}

int ksm_detach_at(struct ksm_task *task, uint va)
{
    /* course 3: return (void)task, (void)va, KSM_ENOTSUP; */
    struct mapping *m = aspace_mapping_at(task->as, va);
    struct segment *dead = NULL;

    if (!m || m->va != va)
        return KSM_ENOTATT; /* §5.2 */
    spin_acquire(&registry.lock);
    detach_locked(task, attachment_of(m), &dead);
    spin_release(&registry.lock);
    segment_bury(dead);
    return 0;
    /* course end */
}

/* course 3: */
/* Frees the holdings of a process that has nothing mapped. */
static void forget(struct ksm_task *task)
{
    for (struct list *link; (link = list_pop(&task->holdings)) != NULL;) {
        struct holding *h = holding_at(link);
        for (struct list *at; (at = list_pop(&h->attachments)) != NULL;)
            kfree(attachment_at(at));
        kfree(h);
    }
}
/* course end */

/* course 4: */
/* The child gets a copy of one holding with its attachments, not counted yet; false: no memory. */
static bool inherit_locked(struct ksm_task *child, const struct holding *from)
{
    struct holding *h = holding_make(child, from->handle);

    if (!h)
        return false;
    list_for_each(link, &from->attachments) {
        struct attachment *theirs = attachment_at(link), *a = kmalloc(sizeof(*a));
        if (!a)
            return false;
        /* course 7:
        if (aspace_inherit(child->as, &a->mapping, &theirs->mapping))
            return false;
        */
        if (aspace_inherit(child->as, &a->mapping, &theirs->mapping)) {
            kfree(a);
            return false;
        }
        /* course end */
        a->segment = theirs->segment;
        list_push_back(&h->attachments, &a->link);
    }
    return true;
}

static bool inherit_all_locked(struct ksm_task *parent, struct ksm_task *child)
{
    list_for_each(link, &parent->holdings)
        if (segment_at_locked(holding_at(link)->handle) && !inherit_locked(child, holding_at(link)))
            return false;
    return true;
}

/* §7.1: each inherited attachment counts; false: they would be too many, and none is counted. */
static bool count_all_locked(struct ksm_task *child)
{
    /* course 7: */
    uint n = 0;

    list_for_each(link, &child->holdings)
        list_for_each(at, &holding_at(link)->attachments)
            n++;
    if (n > registry.limits.nattachments - registry.nattached)
        return false; /* §10 */
    /* course end */
    list_for_each(link, &child->holdings)
        list_for_each(at, &holding_at(link)->attachments)
            count_attach_locked(child, attachment_at(at)->segment);
    return true;
}
/* course end */

int ksm_fork(struct ksm_task *parent, struct ksm_task *child)
{
    /* course 4: return (void)parent, (void)child, 0; */
    spin_acquire(&registry.lock);
    bool done = inherit_all_locked(parent, child) && count_all_locked(child);
    spin_release(&registry.lock);
    if (done) {
        aspace_inherit_done(child->as, parent->as); /* sleeps */
        return 0;
    }
    aspace_unmap_all(child->as);
    /* course 7: */
    forget(child);
    /* course end */
    return -1;
    /* course end */
}

void ksm_release(struct ksm_task *task, bool at_exit)
{
    /* course 4: */
    struct segment *dead = NULL;

    /* course end */
    aspace_unmap_all(task->as);
    task->left_npages = 0;
    spin_acquire(&registry.lock);
    if (at_exit)
        wait_wake_end_locked(task); /* §11.6 */
    /* course 4: */
    list_for_each(link, &task->holdings)
        list_for_each(at, &holding_at(link)->attachments)
            count_detach_locked(task, attachment_at(at)->segment, &dead);
    /* course end */
    spin_release(&registry.lock);
    /* course 3: list_init(&task->holdings); */
    forget(task);
    /* course end */
    /* course 4: */
    segment_bury(dead);
    /* course end */
}
