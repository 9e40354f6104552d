/*
 * naive.c - the naive model of shared memory: see naive.h.
 */
#include "naive.h"

#include "../include/memlayout.h"

#define GET_KNOWN    (KSM_CREATE | KSM_OPEN | KSM_MUSTNOTEXIST | KSM_HUGETLB)
#define ATTACH_KNOWN (KSM_READ | KSM_WRITE | KSM_RDWR)
#define PAGE         4096u
#define LARGE        (1024 * PAGE) /* has page tables of its own */

struct naive naive;

uint naive_stamp_page(const struct naive_segment *s, uint i)
{
    const uint pages[NAIVE_STAMPS] = { 0, s->npages > 1, s->npages / 2, s->npages - 1 };

    return pages[i];
}

struct ksminfo_t naive_totals(void)
{
    struct ksminfo_t info = { 0 };

    for (uint i = 0; i < NAIVE_SEGMENTS; i++) {
        const struct naive_segment *s = &naive.segments[i];

        if (!s->exists)
            continue;
        info.total_shrg_nr++;
        info.total_shpg_nr += s->npages;
        info.total_attached_nr += s->nattached;
    }
    return info;
}

int naive_of_handle(const struct naive_proc *p, int handle)
{
    for (uint i = 0; handle && i < NAIVE_SEGMENTS; i++) {
        if (p->handles[i] == handle && naive.segments[i].exists)
            return (int)i;
    }
    return NOBODY;
}

static int find_id(uint id)
{
    for (uint i = 0; i < NAIVE_SEGMENTS; i++) {
        if (naive.segments[i].exists && naive.segments[i].id == id)
            return (int)i;
    }
    return NOBODY;
}

static int create(struct naive_proc *p, uint id, uint size, int *segment)
{
    struct ksminfo_t totals = naive_totals();
    uint npages = size / PAGE + (size % PAGE != 0);
    struct naive_segment *s = naive.segments;

    if (size == 0)
        return KSM_EINVAL;
    if (size > KSM_MAX_NBYTES || npages > naive.max_pages)
        return KSM_ESIZE;
    if (totals.total_shrg_nr == naive.max_segments || npages > naive.max_pages - totals.total_shpg_nr)
        return KSM_ENOSPC;
    if (npages > naive.max_frames - totals.total_shpg_nr)
        return KSM_ENOMEM;
    while (s->exists)
        s++;
    *s = (struct naive_segment){ .exists = true,
                                 .id = id,
                                 .size = size,
                                 .npages = npages,
                                 .cpid = p->pid,
                                 .mpid = p->pid,
                                 .ctime = naive.now };
    *segment = s - naive.segments;
    for (uint i = 0; i < NAIVE_PROCS; i++) /* handles to what was here before are dead */
        naive.procs[i].handles[*segment] = 0;
    return 0;
}

int naive_get(struct naive_proc *p, uint id, uint size, uint flags, int *segment)
{
    if (flags & ~(uint)GET_KNOWN || (flags & KSM_OPEN && flags & KSM_MUSTNOTEXIST))
        return KSM_EINVAL;
    if (flags & KSM_HUGETLB)
        return KSM_ENOTSUP;
    *segment = find_id(id);
    if (*segment == NOBODY)
        return flags == KSM_OPEN ? KSM_ENOENT : create(p, id, size, segment);
    if (flags & KSM_MUSTNOTEXIST)
        return KSM_EEXIST;
    return size > naive.segments[*segment].size ? KSM_ESIZE : 0;
}

/* The view that covers va, or NULL. */
static const struct naive_view *covering(const struct naive_proc *p, uint va)
{
    for (uint i = 0; i < p->nviews; i++) {
        const struct naive_view *v = &p->views[i];

        if (va >= v->va && va - v->va < naive.segments[v->segment].npages * PAGE)
            return v;
    }
    return NULL;
}

bool naive_can(const struct naive_proc *p, uint va, uint n, bool write)
{
    for (uint at = va; at < va + n; at++) {
        const struct naive_view *v = covering(p, at);

        if (!v || (write && !v->writable))
            return false;
    }
    return true;
}

/* The end of the highest view that begins below va, or of the heap. */
static uint below(const struct naive_proc *p, uint va)
{
    uint end = (p->brk + PAGE - 1) & ~(PAGE - 1);

    for (uint i = 0; i < p->nviews; i++) {
        const struct naive_view *v = &p->views[i];
        uint v_end = v->va + naive.segments[v->segment].npages * PAGE;

        if (v->va < va && v_end > end)
            end = v_end;
    }
    return end;
}

/* The start of the highest view below va: another hole may end there.  0: there is none. */
static uint next_end(const struct naive_proc *p, uint va)
{
    uint best = 0;

    for (uint i = 0; i < p->nviews; i++) {
        if (p->views[i].va < va && p->views[i].va > best)
            best = p->views[i].va;
    }
    return best;
}

/* The highest hole that fits; 0: none does. */
static uint place(const struct naive_proc *p, uint nbytes)
{
    for (uint end = KERNBASE; end; end = next_end(p, end)) {
        uint start = below(p, end), va = end - nbytes;

        if (end < start || end - start < nbytes)
            continue;
        if (nbytes >= LARGE)
            va &= ~(LARGE - 1);
        if (va >= start)
            return va;
    }
    return 0;
}

static void count_attach(struct naive_segment *s, int pid)
{
    s->nattached++;
    s->mpid = pid;
    s->atime = naive.now;
}

int naive_attach(struct naive_proc *p, int handle, uint flags)
{
    int segment = naive_of_handle(p, handle);
    uint va;

    if (flags & ~(uint)ATTACH_KNOWN)
        return KSM_EINVAL;
    if (segment == NOBODY)
        return KSM_EHANDLE;
    if (naive_totals().total_attached_nr == naive.max_attachments)
        return KSM_ENOSPC;
    va = place(p, naive.segments[segment].npages * PAGE);
    if (!va)
        return KSM_ENOVA;
    p->views[p->nviews++] = (struct naive_view){ va, segment, flags != KSM_READ };
    count_attach(&naive.segments[segment], p->pid);
    return (int)va;
}

static void die_if_unused(struct naive_segment *s)
{
    if (s->marked && s->nattached == 0)
        s->exists = false;
}

static void detach(struct naive_proc *p, uint i)
{
    struct naive_segment *s = &naive.segments[p->views[i].segment];

    s->nattached--;
    s->mpid = p->pid;
    s->dtime = naive.now;
    die_if_unused(s);
    for (p->nviews--; i < p->nviews; i++)
        p->views[i] = p->views[i + 1];
}

int naive_detach(struct naive_proc *p, int handle)
{
    int segment = naive_of_handle(p, handle);

    if (segment == NOBODY)
        return KSM_EHANDLE;
    for (uint i = p->nviews; i-- > 0;) {
        if (p->views[i].segment == segment) {
            detach(p, i);
            return 0;
        }
    }
    return KSM_ENOTATT;
}

int naive_detach_at(struct naive_proc *p, uint va)
{
    for (uint i = 0; i < p->nviews; i++) {
        if (p->views[i].va == va) {
            detach(p, i);
            return 0;
        }
    }
    return KSM_ENOTATT;
}

int naive_delete(struct naive_proc *p, int handle)
{
    int segment = naive_of_handle(p, handle);

    if (segment == NOBODY)
        return KSM_EHANDLE;
    struct naive_segment *s = &naive.segments[segment];
    s->mpid = p->pid;
    if (!s->marked) {
        s->marked = true;
        s->ctime = naive.now;
    }
    die_if_unused(s);
    return 0;
}

int naive_fork(struct naive_proc *p, struct naive_proc *child, int pid)
{
    if (p->nviews > naive.max_attachments - naive_totals().total_attached_nr)
        return -1;
    *child = *p;
    child->pid = pid;
    child->parent = p - naive.procs;
    for (uint i = 0; i < p->nviews; i++)
        count_attach(&naive.segments[p->views[i].segment], pid);
    return 0;
}

void naive_release(struct naive_proc *p)
{
    while (p->nviews)
        detach(p, p->nviews - 1);
    for (uint i = 0; i < NAIVE_SEGMENTS; i++)
        p->handles[i] = 0;
}
