/*
 * visit.c - a walk over all segments and over the processes that have them, for the operator's table and the feed.
 *
 * The lock may be released between two steps.  A marker in the segment's list of holdings keeps the place: so a step
 * takes the same time wherever it is, and the marker shows if the segment died meanwhile.  What comes or goes
 * meanwhile is visited or not.
 */
#include "ksm/ksm_impl.h"

#include "include/param.h"

#define SLOTS_AT_ONCE 16u /* looked at for a segment in one step */

static void next_holding_locked(struct visit *v)
{
    const struct segment *seg = registry_slot_at(v->slot - 1)->segment; /* it lives: the marker is linked */
    struct list *next = v->marker.in_segment.next;

    list_remove(&v->marker.in_segment);
    if (next == &seg->holdings || v->nleft-- == 0)
        return;
    list_push_front(next, &v->marker.in_segment);
    v->holding = container_of(next, struct holding, in_segment);
    if (!v->holding->task)
        v->holding = NULL; /* another walk's marker */
}

static bool next_segment_locked(struct visit *v)
{
    for (uint i = 0; i < SLOTS_AT_ONCE && !v->segment; i++) {
        if (v->slot >= registry.nfresh)
            return false;
        const struct slot *slot = registry_slot_at(v->slot++);
        v->segment = slot->state & SLOT_TAKEN ? slot->segment : NULL;
    }
    if (v->segment && v->segment->state != SEGMENT_UNBORN) /* an unborn one may come to nothing */
        list_push_front(&v->segment->holdings, &v->marker.in_segment);
    v->nleft = NPROC;
    return true;
}

bool visit_next_locked(struct visit *v)
{
    v->segment = NULL;
    v->holding = NULL;
    if (!list_linked(&v->marker.in_segment))
        return next_segment_locked(v);
    next_holding_locked(v);
    return true;
}
