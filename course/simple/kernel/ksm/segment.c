/*
 * segment.c - the life of a segment: get, delete, info.
 *
 *   (none) --get--> live --delete--> marked --last detach--> dead, then buried
 *                      \__ delete without attachments __/
 *
 * A segment stands in a slot of the registry, and its handle says in which.
 */
#include "ksm/ksm_impl.h"

#include "base/min.h"
#include "mm/slab.h"

#define GET_FLAGS (KSM_CREATE | KSM_OPEN | KSM_MUSTNOTEXIST | KSM_HUGETLB)

struct registry registry;

int ksm_init(const struct ksm_limits *limits)
{
    registry.limits = *limits;
    registry.limits.nsegments = min_uint(limits->nsegments, NSLOTS);
    for (uint i = 0; i < NSLOTS; i++)
        registry.handles[i] = (int)(NSLOTS + i);
    spin_init(&registry.lock, RANK_KSM, "ksm");
    wait_init();
    return 0;
}

void ksm_task_init(struct ksm_task *task, int pid, struct aspace *as)
{
    *task = (struct ksm_task){ .as = as, .pid = pid };
    list_init(&task->holdings);
}

struct segment *segment_at_locked(int handle)
{
    /* course 3: return (void)handle, NULL; */
    struct segment *seg = registry.slots[(uint)handle % NSLOTS];

    return seg && seg->handle == handle ? seg : NULL;
    /* course end */
}

struct segment *segment_find_locked(struct ksm_task *task, int handle, struct holding **holding)
{
    /* course 3: return (void)task, (void)handle, (void)holding, NULL; */
    list_for_each(link, &task->holdings) {
        struct holding *h = holding_at(link);
        if (h->handle == handle) {
            *holding = h;
            return segment_at_locked(handle);
        }
    }
    return NULL;
    /* course end */
}

struct holding *holding_make(struct ksm_task *task, int handle)
{
    /* course 3: return (void)task, (void)handle, NULL; */
    struct holding *h = kmalloc(sizeof(*h));

    if (!h)
        return NULL;
    h->handle = handle;
    list_init(&h->attachments);
    list_push_back(&task->holdings, &h->link);
    return h;
    /* course end */
}

/* course 3: */
/* course 6: */
/* §3.8: what a process keeps of dead segments is bounded. */
static void drop_dead_locked(struct ksm_task *task)
{
    list_for_each_safe(link, &task->holdings) {
        struct holding *h = holding_at(link);
        if (segment_at_locked(h->handle))
            continue;
        list_remove(link);
        kfree(h);
    }
}

/* course end */
static uint pages_for(uint nbytes)
{
    return nbytes / PAGE_SIZE + (nbytes % PAGE_SIZE != 0); /* §3.3: never overflows */
}

static struct segment *find_id_locked(uint id)
{
    for (uint i = 0; i < registry.nused; i++)
        if (registry.slots[i] && registry.slots[i]->id == id)
            return registry.slots[i];
    return NULL;
}

/* course 6: */
/* A handle is  generation * NSLOTS + slot , so that a slot's next segment has another one, and an old one leads nowhere
   (§3.8).  A slot whose generations are spent is not taken again. */
#define SPENT_SLOT (-1)

/* course end */
/* The lowest slot that can be taken; NSLOTS: there is none. */
static uint free_slot_locked(void)
{
    uint i = 0;

    /* course 6: while (i < NSLOTS && registry.slots[i]) */
    while (i < NSLOTS && (registry.slots[i] || registry.handles[i] == SPENT_SLOT))
        /* course end */
        i++;
    return i;
}

/* §9: why there can't be a new segment; 0 if there can. */
static int refuse_new_locked(uint nbytes, uint flags)
{
    if (flags == KSM_OPEN)
        return KSM_ENOENT;
    if (nbytes == 0)
        return KSM_EINVAL; /* §3.5 */
    if (nbytes > KSM_MAX_NBYTES || pages_for(nbytes) > registry.limits.npages)
        return KSM_ESIZE; /* §3.5 */
    /* course 7: */
    if (registry.nsegments >= registry.limits.nsegments || free_slot_locked() == NSLOTS ||
        pages_for(nbytes) > registry.limits.npages - registry.npages)
        return KSM_ENOSPC; /* §10 */
    /* course end */
    return 0;
}

/* The handle of an existing segment, or an error; 0: it has to be created. */
static int find_locked(struct ksm_task *task, uint id, uint nbytes, uint flags)
{
    struct segment *seg = find_id_locked(id);
    struct holding *h;

    if (!seg)
        return refuse_new_locked(nbytes, flags);
    if (flags & KSM_MUSTNOTEXIST)
        return KSM_EEXIST; /* §3.9 */
    if (nbytes > seg->nbytes)
        return KSM_ESIZE; /* §3.4 */
    if (segment_find_locked(task, seg->handle, &h))
        return seg->handle; /* §3.7 */
    /* course 6: */
    drop_dead_locked(task);
    /* course end */
    return holding_make(task, seg->handle) ? seg->handle : KSM_ENOMEM;
}

/* Puts a new segment into the registry.  Its handle, or an error. */
static int enter_locked(struct ksm_task *task, struct segment *seg)
{
    uint i = free_slot_locked();

    /* course 6: */
    drop_dead_locked(task);
    /* course end */
    if (!holding_make(task, registry.handles[i]))
        return KSM_ENOMEM;
    seg->handle = registry.handles[i];
    seg->ctime = ticks_now;
    registry.slots[i] = seg;
    if (registry.nused <= i)
        registry.nused = i + 1;
    registry.nsegments++;
    registry.npages += seg->npages;
    return seg->handle;
}

/* A segment that is in no registry yet, with its pages; NULL: no memory.  Sleeps: may. */
static struct segment *make(struct ksm_task *task, uint id, uint nbytes)
{
    struct segment *seg = kmalloc(sizeof(*seg));

    if (!seg)
        return NULL;
    *seg = (struct segment){
        .id = id, .nbytes = nbytes, .npages = pages_for(nbytes), .cpid = task->pid, .mpid = task->pid
    };
    if (region_create(&seg->region, seg->npages)) /* §3.2 */
        return seg;
    /* course 7: */
    kfree(seg);
    /* course end */
    return NULL;
}

/* Nothing has the identifier.  Sleeps: may. */
static int create(struct ksm_task *task, uint id, uint nbytes, uint flags)
{
    struct segment *seg = make(task, id, nbytes);

    if (!seg)
        return KSM_ENOMEM;
    spin_acquire(&registry.lock);
    int result = find_locked(task, id, nbytes, flags); /* others may have been faster */
    bool ours = result == 0;
    if (ours)
        result = enter_locked(task, seg);
    spin_release(&registry.lock);
    /* course 7: if (!ours) */
    if (!ours || result < 0)
        /* course end */
        segment_bury(seg);
    return result;
}
/* course end */

int ksm_get(struct ksm_task *task, uint id, uint nbytes, uint flags)
{
    /* course 3: return (void)task, (void)id, (void)nbytes, (void)flags, KSM_ENOTSUP; */
    if (flags & ~(uint)GET_FLAGS || (flags & KSM_OPEN && flags & KSM_MUSTNOTEXIST))
        return KSM_EINVAL; /* §2 */
    if (flags & KSM_HUGETLB)
        return KSM_ENOTSUP;
    spin_acquire(&registry.lock);
    int result = find_locked(task, id, nbytes, flags);
    spin_release(&registry.lock);
    return result ? result : create(task, id, nbytes, flags);
    /* course end */
}

void segment_leave_locked(struct segment *seg, struct segment **dead)
{
    /* course 3: (void)seg, (void)dead; */
    uint i = (uint)seg->handle % NSLOTS;

    registry.slots[i] = NULL;
    /* course 6: */
    registry.handles[i] = seg->handle > INT32_MAX - (int)NSLOTS ? SPENT_SLOT : seg->handle + (int)NSLOTS;
    /* course end */
    registry.nsegments--;
    registry.npages -= seg->npages;
    seg->next = *dead;
    *dead = seg;
    /* course end */
}

void segment_bury(struct segment *dead)
{
    /* course 3: (void)dead; */
    while (dead) {
        struct segment *seg = dead;
        dead = seg->next;
        region_destroy(&seg->region);
        kfree(seg);
    }
    /* course end */
}

int ksm_delete(struct ksm_task *task, int handle)
{
    /* course 3: return (void)task, (void)handle, KSM_ENOTSUP; */
    struct segment *dead = NULL;
    struct holding *h;
    int error = KSM_EHANDLE;

    spin_acquire(&registry.lock);
    struct segment *seg = segment_find_locked(task, handle, &h);
    if (seg) {
        error = 0;
        /* course 6: if (seg->nattached == 0) */
        seg->mpid = task->pid;
        if (!seg->marked) { /* §6.1: marking again changes no more */
            seg->marked = true;
            seg->ctime = ticks_now;
        }
        if (seg->nattached == 0)
            /* course end */
            segment_leave_locked(seg, &dead);
    }
    spin_release(&registry.lock);
    segment_bury(dead);
    return error;
    /* course end */
}

int ksm_info(struct ksm_task *task, int handle, struct ksminfo_t *info)
{
    /* course 3:
    (void)task;
    */
    struct segment *seg = NULL;
    struct holding *h;

    /* course end */
    spin_acquire(&registry.lock); /* §8.2: a snapshot */
    if (handle != 0) {
        /* course 3:
        spin_release(&registry.lock);
        return KSM_ENOTSUP;
        */
        seg = segment_find_locked(task, handle, &h);
        if (!seg) {
            spin_release(&registry.lock);
            return KSM_EHANDLE;
        }
        info->ksmsz = seg->nbytes;
        info->cpid = seg->cpid;
        info->mpid = seg->mpid;
        info->attached_nr = seg->nattached;
        info->atime = seg->atime;
        info->dtime = seg->dtime;
        info->ctime = seg->ctime;
        info->marked = seg->marked;
        /* course end */
    }
    info->total_shrg_nr = registry.nsegments;
    info->total_shpg_nr = registry.npages;
    info->total_attached_nr = registry.nattached;
    spin_release(&registry.lock);
    return 0;
}
