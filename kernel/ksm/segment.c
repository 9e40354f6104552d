/*
 * segment.c - the life of a segment: get, delete, info, and its only death.
 *
 *   (none) --get--> UNBORN --pages made--> LIVE --delete--> MARKED --last put--> dead, then buried
 *                     | no memory            \__ delete without attachments __/
 *                     v
 *                   (none)
 *
 * UNBORN: entered in the registry and counted apart, while its creator makes the pages without the lock.  A
 * call that gets the same identifier meanwhile, or that is refused by the limits or for lack of memory, waits for the
 * outcome.  So no call sees half a birth (§12), and births of different segments run side by side.  A new one waits
 * until those that wait for room, or waited for a birth that has ended, have looked again: else a process that creates
 * and deletes in a loop could keep them waiting.
 * LIVE: holds one reference to itself, for being unmarked.  MARKED has lost it.
 * The dead leave the registry at once.  One of a single page is freed then; the others' pages are freed without the
 * lock, while all calls wait as for a walk.
 */
#include "ksm/ksm_impl.h"

#include "base/event.h"
#include "base/kstring.h"
#include "include/fnv.h"
#include "mm/slab.h"

#define GET_FLAGS (KSM_CREATE | KSM_OPEN | KSM_MUSTNOTEXIST | KSM_HUGETLB)

/* §3.3: nbytes > 0; never overflows. */
static uint pages_for(uint nbytes) { return (nbytes - 1) / PAGE_SIZE + 1; }

int ksm_init(const struct ksm_limits *limits)
{
    wait_init();
    return registry_init(limits);
}

void ksm_task_init(struct ksm_task *task, int pid, struct aspace *as)
{
    *task = (struct ksm_task){ .as = as, .pid = pid };
    list_init(&task->link);
    list_init(&task->holdings);
    list_init(&task->dead);
    list_init(&task->watchers);
}

/* §9: why there can't be a new segment; 0 if there can. */
static int refuse_new_locked(uint nbytes, uint flags)
{
    uint npages = pages_for(nbytes);

    if (flags == KSM_OPEN)
        return KSM_ENOENT;
    if (nbytes == 0)
        return KSM_EINVAL; /* §3.5 */
    if (nbytes > KSM_MAX_NBYTES || npages > registry.limits.npages)
        return KSM_ESIZE; /* §3.5 */
    if (registry.nsegments + registry.nunborn >= registry.limits.nsegments || !registry_has_slot_locked() ||
        npages > registry.limits.npages - registry.npages - registry.nunborn_pages)
        return KSM_ENOSPC; /* §10 */
    return 0;
}

static int get_existing_locked(struct ksm_task *task, struct segment *seg, uint nbytes, uint flags)
{
    if (flags & KSM_MUSTNOTEXIST)
        return KSM_EEXIST; /* §3.9: marked or not */
    if (nbytes > seg->nbytes)
        return KSM_ESIZE; /* §3.4 */
    struct holding *h = task->recent;
    if (h && h->handle == seg->handle)
        return seg->handle; /* §3.7 */
    h = holding_make_locked(task, registry_slot(seg->handle));
    if (!h)
        return KSM_ENOMEM;
    if (h->segment != seg)
        holding_settle_locked(h, seg);
    return seg->handle; /* §3.7 */
}

/* An unborn segment, which is not entered anywhere; NULL when memory runs out. */
static inline struct segment *segment_alloc(uint id, uint nbytes, int cpid)
{
    struct segment *seg = kmalloc(sizeof(*seg));

    if (!seg)
        return NULL;
    seg->id = id;
    seg->nbytes = nbytes;
    seg->npages = pages_for(nbytes);
    seg->cpid = seg->mpid = cpid;
    seg->name[0] = 0;
    seg->state = SEGMENT_UNBORN;
    seg->refs = 1;
    seg->nattached = 0;
    seg->atime = seg->dtime = 0;
    list_init(&seg->holdings);
    list_init(&seg->sleepers);
    return seg;
}

/* Makes a segment that nothing forbids.  Releases the lock while the pages are made.  Sleeps: may. */
static REACQUIRES int give_birth_locked(struct ksm_task *task, struct segment **link, uint id, uint nbytes)
{
    struct segment *seg = segment_alloc(id, nbytes, task->pid);

    if (!seg)
        return KSM_ENOMEM;
    registry_enter_locked(seg, link);
    struct holding *h = holding_make_locked(task, registry_slot(seg->handle));
    if (!h)
        goto no_holding;
    registry.nunborn++;
    registry.nunborn_pages += seg->npages;
    registry_release();

    bool made = region_create(&seg->region, seg->npages); /* §3.2: all or none; §12: without the lock */

    registry_acquire();
    registry.nunborn--;
    registry.nunborn_pages -= seg->npages;
    registry.nended++;
    registry.nahead += registry.nexpecting;
    registry.nexpecting = 0;
    if (!waitq_empty(&registry.waiters))
        waitq_wake_all(&registry.waiters);
    if (!made)
        goto no_region;
    seg->state = SEGMENT_LIVE;
    seg->ctime = ticks_now;
    registry.nsegments++;
    registry.npages += seg->npages;
    holding_settle_locked(h, seg);
    if (event_due(EVENT_RARE))
        event_put("E create %d %x %u %u", task->pid, id, seg->handle, nbytes);
    return seg->handle;

no_region:
    holding_cancel_locked(h, registry_slot(seg->handle));
no_holding:
    registry_leave_locked(seg, false);
    kfree(seg);
    return KSM_ENOMEM;
}

/* §3.1: finds it, or creates it.  Sleeps: may. */
static int get_locked(struct ksm_task *task, uint id, uint nbytes, uint flags)
{
    bool waited = false, refused = false;

    for (;; waited = true) {
        struct segment **link = registry_find_locked(id), *seg = *link;
        if (seg && seg->state != SEGMENT_UNBORN)
            return get_existing_locked(task, seg, nbytes, flags);
        int error = seg ? KSM_ENOSPC /* until it is born */ : refuse_new_locked(nbytes, flags);
        if (!error && (waited || !registry.nahead)) {
            int result = give_birth_locked(task, link, id, nbytes);
            if (result != KSM_ENOMEM || refused || registry.nunborn == 0)
                return result;
            error = KSM_ENOMEM; /* the memory may be promised to a birth that will fail */
            refused = true;     /* looks again once: others may be born without end */
        } else if (error && (error != KSM_ENOSPC || registry.nunborn == 0)) {
            return error;
        }
        if (!registry_sleep_locked(seg ? WAIT_BIRTH : error ? WAIT_ROOM : WAIT_TURN))
            return KSM_ENOMEM; /* the killed never see it */
    }
}

int ksm_get(struct ksm_task *task, uint id, uint nbytes, uint flags)
{
    if (flags & ~(uint)GET_FLAGS || (flags & KSM_OPEN && flags & KSM_MUSTNOTEXIST))
        return KSM_EINVAL; /* §2 */
    if (flags & KSM_HUGETLB)
        return KSM_ENOTSUP;
    registry_acquire();
    int result = get_locked(task, id, nbytes, flags);
    registry_release_walked();
    return result;
}

static void bury(struct segment *seg)
{
    region_destroy(&seg->region);
    kfree(seg);
}

void segment_die_locked(struct segment *seg, struct segment **dead)
{
    holding_retire_all_locked(seg);
    registry_leave_locked(seg, true);
    registry.nsegments--;
    registry.npages -= seg->npages;
    if (seg->npages == 1) { /* that takes no time: nobody has to wait for it */
        bury(seg);
        return;
    }
    seg->next = *dead;
    *dead = seg;
}

REACQUIRES void segment_bury_all_locked(struct segment *dead)
{
    registry.divided = true;
    spin_release(&registry.lock);
    for (struct segment *next; dead; dead = next) {
        next = dead->next;
        bury(dead);
        sched_checkpoint();
    }
    spin_acquire(&registry.lock);
}

int ksm_delete(struct ksm_task *task, int handle)
{
    struct segment *dead = NULL;
    struct holding *h;

    registry_acquire();
    struct segment *seg = holding_segment_locked(task, handle, &h); /* §6.2: all that it takes */
    if (!seg) {
        registry_release();
        return KSM_EHANDLE;
    }
    seg->mpid = task->pid;
    if (seg->state == SEGMENT_LIVE) { /* §6.1: marking again changes no more */
        seg->state = SEGMENT_MARKED;
        seg->ctime = ticks_now;
        if (event_due(EVENT_RARE))
            event_put("E delete %d %x", task->pid, seg->id);
        segment_put_locked(seg, 1, &dead);
    }
    registry_release_buried(dead);
    return 0;
}

int ksm_info(struct ksm_task *task, int handle, struct ksminfo_t *info)
{
    struct holding *h;
    struct segment *seg = NULL;

    registry_acquire(); /* §8.2: a snapshot */
    if (handle != 0) {
        seg = holding_segment_locked(task, handle, &h);
        if (!seg) {
            registry_release();
            return KSM_EHANDLE;
        }
        info->ksmsz = seg->nbytes;
        info->cpid = seg->cpid;
        info->mpid = seg->mpid;
        info->attached_nr = seg->nattached;
        info->atime = seg->atime;
        info->dtime = seg->dtime;
        info->ctime = seg->ctime;
        info->marked = seg->state == SEGMENT_MARKED;
    }
    info->total_shrg_nr = registry.nsegments;
    info->total_shpg_nr = registry.npages;
    info->total_attached_nr = registry.nattached;
    registry_release();
    return 0;
}

/* The name proves itself by its identifier: none can mislead the operator. */
int ksm_name(struct ksm_task *task, int handle, const char *name)
{
    struct holding *h;
    uint id = (uint)fnv_id(name);
    int error = KSM_EHANDLE;

    registry_acquire();
    struct segment *seg = holding_segment_locked(task, handle, &h);
    if (seg)
        error = seg->id == id ? 0 : KSM_EINVAL;
    if (error == 0)
        string_copy(seg->name, name, sizeof(seg->name));
    registry_release();
    return error;
}
