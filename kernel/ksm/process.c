/*
 * process.c - what fork, exec and exit do to all of a process's attachments.
 *
 * What attach.c does in one step takes three for many at once: announce, map or unmap without the lock, and count under
 * it.  Counting walks, so that no lock is held for long, and is one step for all others.
 */
#include "ksm/ksm_impl.h"

#include "mm/slab.h"

/* The child of a fork gets a copy of one holding with its attachments, not counted yet; false when memory runs
   out. */
static bool inherit(struct ksm_task *child, const struct holding *from)
{
    struct holding *h = kmalloc(sizeof(*h));

    if (!h)
        return false;
    holding_init(h, child, from->handle);
    if (!table_set(&child->handles, registry_slot(h->handle), h)) {
        kfree(h);
        return false;
    }
    list_push_back(&child->holdings, &h->link);
    list_for_each(link, &from->attachments) {
        struct attachment *a = attachment_alloc(h);
        if (!a)
            return false;
        if (aspace_inherit(child->as, &a->mapping, &attachment_at(link)->mapping)) {
            attachment_free(a);
            return false;
        }
        list_push_back(&h->attachments, &a->link);
        h->nattached++;
        child->nattached++;
        sched_checkpoint();
    }
    return true;
}

/* All holdings of the parent, which is forking.  One without attachments may die meanwhile. */
static bool inherit_all(struct ksm_task *child, const struct ksm_task *parent)
{
    list_for_each(link, &parent->holdings) {
        const struct holding *h = holding_at(link);
        if (__atomic_load_n(&h->segment, __ATOMIC_RELAXED) && !inherit(child, h))
            return false;
        sched_checkpoint();
    }
    aspace_inherit_done(child->as, parent->as);
    return true;
}

/* Frees the holdings in a list, and their attachments, of a task that is not linked. */
static void forget(struct list *holdings)
{
    for (struct list *at; (at = list_pop(holdings)) != NULL;) {
        struct holding *h = holding_at(at);
        for (struct list *link; (link = list_pop(&h->attachments)) != NULL;) {
            attachment_free(attachment_at(link));
            sched_checkpoint();
        }
        kfree(h);
        sched_checkpoint();
    }
}

static void forget_all(struct ksm_task *task)
{
    forget(&task->holdings);
    forget(&task->dead);
    table_clear(&task->handles, sched_checkpoint);
    task->recent = NULL;
    task->ndead = task->nattached = 0;
}

/* A child's holding enters its segment's list, with all its attachments, or the list of the dead. */
static void count_holding_locked(struct holding *h)
{
    struct segment *seg = registry_find_handle_locked(h->handle);

    registry_keep_locked(h->handle, 1);
    if (!seg) {
        holding_retire_locked(h);
        return;
    }
    h->segment = seg;
    list_push_back(&seg->holdings, &h->in_segment);
    seg->refs += h->nattached;
    if (h->nattached)
        count_attach_locked(seg, h->nattached, h->task->pid); /* §7.1 */
}

/* The child appears with all its attachments; false, with nothing counted, where the limit forbids them.  Walks. */
static bool count_inherited_locked(struct ksm_task *child)
{
    if (child->nattached > registry.limits.nattachments - registry.nattached)
        return false;
    if (holding_any(child))
        list_push_back(&registry.tasks, &child->link);
    list_for_each_safe(link, &child->holdings) {
        count_holding_locked(holding_at(link));
        if (link_next != &child->holdings)
            registry_step_locked();
    }
    return true;
}

/* Holdings may move again; those whose segments died meanwhile do.  Walks. */
static void end_fork_locked(struct ksm_task *task)
{
    bool stale = task->unlocked == KSM_FORKS_STALE;

    task->unlocked = KSM_RESTS;
    if (!stale)
        return;
    list_for_each_safe(link, &task->holdings) {
        if (!holding_at(link)->segment)
            holding_retire_locked(holding_at(link));
        registry_step_locked();
    }
}

/* What the task does from now on without the lock. */
static void announce(struct ksm_task *task, enum ksm_unlocked what)
{
    registry_acquire();
    task->unlocked = what;
    registry_release();
}

int ksm_fork(struct ksm_task *parent, struct ksm_task *child)
{
    if (!list_linked(&parent->link))
        return 0;
    announce(parent, KSM_FORKS);

    bool done = inherit_all(child, parent);

    registry_acquire();
    if (done)
        done = count_inherited_locked(child);
    end_fork_locked(parent);
    registry_release_walked();
    if (done)
        return 0;
    aspace_unmap_all(child->as);
    forget_all(child);
    return -1;
}

/* A good holding of a process that ends, or execs: its attachments go. */
static void release_locked(struct holding *h, bool at_exit, struct segment **dead)
{
    struct segment *seg = h->segment;

    registry_keep_locked(h->handle, -1);
    list_remove(&h->in_segment);
    if (!h->nattached)
        return;
    if (at_exit)
        wait_wake_all_locked(seg);                        /* §11.6 */
    count_detach_locked(seg, h->nattached, h->task->pid); /* §8.3 */
    segment_put_locked(seg, h->nattached, dead);
}

static void release_all(struct ksm_task *task, bool at_exit)
{
    struct segment *dead = NULL;

    announce(task, KSM_UNMAPS);

    aspace_unmap_all(task->as);

    registry_acquire();
    list_remove(&task->link);
    list_for_each(link, &task->holdings) {
        release_locked(holding_at(link), at_exit, &dead);
        if (link->next != &task->holdings)
            registry_step_locked();
    }
    list_for_each(link, &task->dead)
        registry_keep_locked(holding_at(link)->handle, -1);
    task->unlocked = KSM_RESTS;
    registry_release_buried(dead);
    forget_all(task);
}

void ksm_release(struct ksm_task *task, bool at_exit)
{
    task->left_npages = 0;
    if (list_linked(&task->link))
        release_all(task, at_exit);
    if (at_exit)
        wait_wake_watchers(task); /* §11.7: even of an empty list, whose last one may be just leaving */
}
