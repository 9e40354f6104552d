/*
 * feed.c - all segments and attachments of one moment, for the feed (docs/feed.md).
 *
 * The feed makes the registry `divided`, as a call does that walks over many things, and leaves it so from
 * ksm_freeze() to ksm_thaw(): the lock is released after each line, and nothing changes in between.
 */
#include "ksm/ksm_impl.h"

#include "base/snapshot.h"
#include "mm/page.h"

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

static REACQUIRES void put_segment_locked(const struct segment *seg)
{
    char name[FEED_NAME_SIZE] = "-";

    if (seg->name[0])
        feed_name(name, seg->name);
    snapshot_put("S %x %d %u %u %u %d %d %s %s", seg->id, seg->handle, seg->nbytes, seg->npages,
                 seg->nattached, seg->cpid, seg->mpid, seg->state == SEGMENT_MARKED ? "marked" : "live",
                 name);
    registry_pause_locked();
}

static REACQUIRES void put_attachments_locked(const struct holding *h)
{
    list_for_each(link, &h->attachments) {
        const struct mapping *m = &attachment_at(link)->mapping;
        snapshot_put("A %d %x %s", h->task->pid, m->va, m->writable ? "rw" : "r");
        registry_pause_locked();
    }
}

void ksm_snapshot(void)
{
    struct visit v = { .slot = 0 };

    holding_init(&v.marker, NULL, 0);
    spin_acquire(&registry.lock);
    while (visit_next_locked(&v)) {
        if (v.segment && v.segment->state != SEGMENT_UNBORN)
            put_segment_locked(v.segment);
        if (v.holding)
            put_attachments_locked(v.holding);
        registry_step_locked();
    }
    spin_release(&registry.lock);
}

void ksm_snapshot_totals(uint nlost)
{
    snapshot_put("T %u %u %u %u %u %u", page_used(), page_free_count(), registry.nsegments, registry.npages,
                 registry.nattached, nlost);
}
