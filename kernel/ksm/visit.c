/*
 * visit.c - all segments and attachments of one moment, for the feed (docs/feed.md).
 *
 * The visitor makes the registry `divided`, as a call does that walks over many things, and leaves it so from
 * ksm_freeze() to ksm_thaw().  It holds the lock for a line at a time; nothing changes in between, so it needs no marker
 * to keep its place.
 */
#include "ksm/ksm_impl.h"

#include "base/snapshot.h"
#include "mm/page.h"

#define EMPTY_SLOTS_PER_STEP 16u

#define SEGMENT_BYTES    150u /* of the longest lines */
#define ATTACHMENT_BYTES 26u

uint ksm_snapshot_bytes(void)
{
    return registry.limits.nsegments * SEGMENT_BYTES + registry.limits.nattachments * ATTACHMENT_BYTES;
}

void ksm_freeze(void)
{
    registry_acquire();
    registry_pause_locked();
    registry_release();
}

void ksm_thaw(void)
{
    spin_acquire(&registry.lock);
    registry_release_walked();
}

static REACQUIRES void visit_locked(const struct segment *seg)
{
    char name[FEED_NAME_SIZE] = "-";

    if (seg->name[0])
        feed_name(name, seg->name);
    snapshot_put("S %x %d %u %u %u %d %d %s %s", seg->id, seg->handle, seg->nbytes, seg->npages,
                 seg->nattached, seg->cpid, seg->mpid, seg->state == SEGMENT_MARKED ? "marked" : "live",
                 name);
    registry_pause_locked();
    list_for_each(in_segment, &seg->holdings) {
        const struct holding *h = container_of(in_segment, struct holding, in_segment);
        list_for_each(link, &h->attachments) {
            const struct mapping *m = &attachment_at(link)->mapping;
            snapshot_put("A %d %x %s", h->task->pid, m->va, m->writable ? "rw" : "r");
            registry_pause_locked();
        }
        registry_step_locked();
    }
}

void ksm_snapshot(void)
{
    spin_acquire(&registry.lock);
    for (uint i = 0; i < registry.nfresh; i++) {
        const struct slot *slot = registry_slot_at(i);
        if (i % EMPTY_SLOTS_PER_STEP == 0)
            registry_step_locked();
        if (slot->state & SLOT_TAKEN && slot->segment->state != SEGMENT_UNBORN) {
            visit_locked(slot->segment);
        }
    }
    spin_release(&registry.lock);
}

void ksm_snapshot_totals(uint nlost)
{
    snapshot_put("T %u %u %u %u %u %u", page_used(), page_free_count(), registry.nsegments, registry.npages,
                 registry.nattached, nlost);
}
