/*
 * check.c - proves the invariants that kernel/ksm/README.md lists.
 *
 * It walks all tasks and their page tables, counts the references, attachments and pages that it finds, and
 * compares them with what the segments and the registry say.  All under the ksm lock.  It leaves out the
 * mappings of a task that is changing them; everything else is exact at any moment.  It takes time linear in all
 * there is: for debug builds and tests.
 */
#ifdef DEBUG
#include "ksm/ksm_impl.h"

/* The tasks with a holding at a slot. */
static uint count_kept_locked(uint slot)
{
    uint n = 0;

    list_for_each(link, &registry.tasks)
        n += table_get(&container_of(link, struct ksm_task, link)->handles, slot) != NULL;
    return n;
}

static const char *check_slots_locked(uint *ntaken, uint *nspent)
{
    for (uint i = 0; i < registry.nfresh; i++) {
        const struct slot *slot = registry_slot_at(i);
        if (slot->state & SLOT_TAKEN) {
            ++*ntaken;
            int handle = slot->segment->handle;
            if ((uint)handle != (slot->state & ~SLOT_TAKEN) || registry_slot(handle) != i)
                return "a segment's handle is not its slot's";
            if (*registry_find_locked(slot->segment->id) != slot->segment)
                return "a segment is not found by its identifier";
        } else if (slot->state == SLOT_SPENT) {
            ++*nspent;
            if (slot->nkept == 0 || slot->nkept != count_kept_locked(i))
                return "a spent slot rests too long, or too short a time";
        }
    }
    return NULL;
}

static uint count_tree(const struct segment *seg)
{
    return seg ? 1 + count_tree(seg->child[0]) + count_tree(seg->child[1]) : 0;
}

/* Do slots, trees and free list agree? */
static const char *check_registry_locked(void)
{
    uint ntaken = 0, nspent = 0, nfree = 0, nnamed = 0;
    const char *wrong = check_slots_locked(&ntaken, &nspent);

    if (wrong)
        return wrong;
    for (uint i = registry.first_free; i != NO_SLOT && nfree <= registry.nfresh; nfree++) {
        const struct slot *slot = registry_slot_at(i);
        if (slot->state & SLOT_TAKEN || slot->state == SLOT_SPENT)
            return "a slot on the free list is not free";
        i = (uint)slot->next_free;
    }
    for (uint i = 0; i < registry.nslots; i++)
        nnamed += count_tree(*registry_tree_at(i));
    if (ntaken + nspent + nfree != registry.nfresh || nspent != registry.nspent)
        return "slots are lost";
    if (ntaken != registry.nsegments + registry.nunborn || ntaken != nnamed)
        return "the number of segments is wrong";
    return NULL;
}

/* Attachments and mappings of a task are the same things, one for one. */
static const char *check_mappings_locked(const struct ksm_task *task)
{
    uint nmapped = 0;
    const struct mapping *m;

    for (uint va = 0; (m = aspace_mapping_from(task->as, va)) != NULL; va = m->va + m->npages * PAGE_SIZE)
        nmapped++;
    return nmapped == task->nattached ? NULL : "a task has not as many mappings as attachments";
}

static const char *check_attachment_locked(const struct ksm_task *task, const struct holding *h,
                                           const struct attachment *a)
{
    if (a->holding != h || !h->segment)
        return "an attachment is of no segment";
    h->segment->nfound++;
    if (task->unlocked == KSM_UNMAPS)
        return NULL;
    if (aspace_mapping_at(task->as, a->mapping.va) != &a->mapping)
        return "an attachment is not mapped";
    if (a->mapping.region != &h->segment->region || a->mapping.npages != h->segment->npages)
        return "a mapping is not of its segment";
    if (!aspace_mapping_intact(task->as, &a->mapping))
        return "page tables and a mapping differ";
    return NULL;
}

/* Counts its attachments. */
static const char *check_holding_locked(const struct ksm_task *task, const struct holding *h, uint *nattached)
{
    uint n = 0;

    if (h->task != task)
        return "a holding is another task's";
    if (h->segment && h->segment != registry_find_handle_locked(h->handle))
        return "a holding's segment is not its handle's";
    if (list_linked(&h->in_segment) != (h->segment != NULL))
        return "a holding is not in its segment's list";
    list_for_each(link, &h->attachments) {
        const char *wrong = check_attachment_locked(task, h, attachment_at(link));
        if (wrong)
            return wrong;
        n++;
    }
    *nattached += n;
    return n == h->nattached ? NULL : "a holding's number of attachments is wrong";
}

/* Are they in the task's table?  Counts them. */
static const char *check_list_locked(const struct ksm_task *task, const struct list *holdings, uint *n)
{
    list_for_each(link, holdings) {
        const struct holding *h = holding_at(link);
        if (h->handle < 0 || (h->handle && table_get(&task->handles, registry_slot(h->handle)) != h))
            return "a holding is not at its slot";
        ++*n;
    }
    return NULL;
}

static const char *check_task_locked(const struct ksm_task *task)
{
    const struct holding *h;
    uint nattached = 0, ngood = 0, ndead = 0, nin_table = 0;

    if (!holding_any(task))
        return "a task without holdings is linked";
    const char *wrong = check_list_locked(task, &task->holdings, &ngood);
    if (!wrong)
        wrong = check_list_locked(task, &task->dead, &ndead);
    for (uint slot = 0; !wrong && (h = table_next(&task->handles, &slot)) != NULL; slot++) {
        wrong = check_holding_locked(task, h, &nattached);
        nin_table++;
    }
    if (wrong)
        return wrong;
    if (ngood + ndead != nin_table || ndead != task->ndead)
        return "a task's holdings are not those of its table";
    if (nattached != task->nattached)
        return "a task's number of attachments is wrong";
    return task->unlocked == KSM_UNMAPS ? NULL : check_mappings_locked(task);
}

static const char *check_segment_locked(const struct segment *seg)
{
    if (seg->state == SEGMENT_UNBORN)
        return seg->refs == 1 && !seg->nattached ? NULL : "an unborn segment is in use";
    if (seg->refs != seg->nfound + (seg->state == SEGMENT_LIVE))
        return "a segment's references are not accounted for";
    if (seg->nattached != seg->nfound)
        return "a segment's attachments are not those of the tasks";
    if (region_npages(&seg->region) != seg->npages)
        return "a segment's region has another size";
    list_for_each(link, &seg->holdings) {
        const struct holding *h = container_of(link, struct holding, in_segment);
        if (h->task && h->segment != seg)
            return "a segment's holding is another's";
    }
    return NULL;
}

static const char *check_totals_locked(void)
{
    struct segment *seg;
    uint npages = 0, nattached = 0, nunborn_pages = 0;

    for (uint slot = 0; (seg = registry_next_locked(&slot)) != NULL; slot++) {
        const char *wrong = check_segment_locked(seg);
        if (wrong)
            return wrong;
        *(seg->state == SEGMENT_UNBORN ? &nunborn_pages : &npages) += seg->npages;
        nattached += seg->nattached;
    }
    if (nattached != registry.nattached || nattached > registry.limits.nattachments)
        return "the total of attachments is wrong";
    if (npages != registry.npages || nunborn_pages != registry.nunborn_pages ||
        npages + nunborn_pages > registry.limits.npages)
        return "the total of pages is wrong";
    return NULL;
}

/* Counts the sleepers in the queues of a stripe that any end wakes.  NULL, or what is wrong with one. */
static const char *check_stripe_locked(struct stripe *stripe, uint *nqueued)
{
    for (uint i = 0; i < 1u << QUEUE_BITS; i++)
        list_for_each(link, &stripe->queues[i]) {
            const struct ksm_sleeper *s = container_of(link, struct ksm_sleeper, word.queue);
            if (!s->word.segment)
                continue; /* a waker's place */
            if (registry_find_handle_locked(s->word.segment->handle) != s->word.segment)
                return "a sleeper's segment is dead";
            if (stripe_of(s->word.segment) != stripe ||
                queue_of(stripe, s->word.segment, s->word.offset) != &stripe->queues[i])
                return "a sleeper stands in the wrong queue";
            if (list_linked(&s->in_segment) != (s->peer == KSM_PEER_ANY))
                return "a sleeper is not in its segment's list";
            if (s->peer > 0 && !list_linked(&s->watch))
                return "a sleeper does not watch its peer";
            *nqueued += s->peer == KSM_PEER_ANY;
        }
    return NULL;
}

static const char *check_stripes_locked(void)
{
    for (uint i = 0; i < NSTRIPES; i++) {
        struct stripe *stripe = &stripes[i];
        uint nqueued = 0, nlisted = 0;
        spin_acquire(&stripe->lock);
        const char *wrong = check_stripe_locked(stripe, &nqueued);
        struct segment *seg;
        for (uint slot = 0; (seg = registry_next_locked(&slot)) != NULL; slot++)
            if (stripe_of(seg) == stripe)
                list_for_each(link, &seg->sleepers)
                    nlisted++;
        spin_release(&stripe->lock);
        if (wrong)
            return wrong;
        if (nqueued != nlisted)
            return "sleepers in queues and in segments differ";
    }
    return NULL;
}

static const char *check_waiting_locked(void)
{
    spin_acquire(&peers_lock);
    const char *wrong = check_stripes_locked();
    spin_release(&peers_lock);
    return wrong;
}

static const char *check_locked(void)
{
    const char *wrong = check_registry_locked();
    struct segment *seg;

    for (uint slot = 0; (seg = registry_next_locked(&slot)) != NULL; slot++)
        seg->nfound = 0;
    list_for_each(link, &registry.tasks) {
        if (wrong)
            return wrong;
        wrong = check_task_locked(container_of(link, struct ksm_task, link));
    }
    if (!wrong)
        wrong = check_totals_locked();
    return wrong ? wrong : check_waiting_locked();
}

const char *ksm_check(void)
{
    registry_acquire();
    const char *wrong = check_locked();
    registry_release();
    return wrong;
}

#else
typedef int ksm_check_is_empty; /* a file must declare something */
#endif
