/*
 * model.c - the naive model of shared memory: see model.h.
 */
#include "model.h"

#define GET_KNOWN    (KSM_CREATE | KSM_OPEN | KSM_MUSTNOTEXIST | KSM_HUGETLB)
#define ATTACH_KNOWN (KSM_READ | KSM_WRITE | KSM_RDWR)
#define LARGEST      0x7FFFE000u
#define LARGE        (4 * MB)

struct model model;

uint model_stamp_page(const struct model_segment *s, uint i)
{
    const uint pages[MODEL_STAMPS] = { 0, s->npages > 1, s->npages / 2, s->npages - 1 };

    return pages[i];
}

struct ksminfo_t model_totals(void)
{
    struct ksminfo_t info;

    memset(&info, 0, sizeof(info));
    for (uint i = 0; i < MODEL_SEGMENTS; i++) {
        const struct model_segment *s = &model.segments[i];

        if (!s->exists)
            continue;
        info.total_shrg_nr++;
        info.total_shpg_nr += s->npages;
        info.total_attached_nr += s->nattached;
    }
    return info;
}

int model_of_handle(const struct model_proc *p, int handle)
{
    for (uint i = 0; handle && i < MODEL_SEGMENTS; i++) {
        if (p->handles[i] == handle && model.segments[i].exists)
            return (int)i;
    }
    return NOBODY;
}

static int find_id(uint id)
{
    for (uint i = 0; i < MODEL_SEGMENTS; i++) {
        if (model.segments[i].exists && model.segments[i].id == id)
            return (int)i;
    }
    return NOBODY;
}

static int create(struct model_proc *p, uint id, uint size, int *segment)
{
    struct ksminfo_t totals = model_totals();
    uint npages = size / PAGE + (size % PAGE != 0);
    struct model_segment *s = model.segments;

    if (size == 0)
        return KSM_EINVAL;
    if (size > LARGEST || npages > model.max_pages)
        return KSM_ESIZE;
    if (totals.total_shrg_nr == model.max_segments || npages > model.max_pages - totals.total_shpg_nr)
        return KSM_ENOSPC;
    while (s->exists)
        s++;
    memset(s, 0, sizeof(*s));
    s->exists = true;
    s->id = id;
    s->size = size;
    s->npages = npages;
    s->cpid = s->mpid = p->pid;
    s->ctime = model.now;
    *segment = s - model.segments;
    for (uint i = 0; i < MODEL_PROCS; i++) /* handles to what was here before are dead */
        model.procs[i].handles[*segment] = 0;
    return 0;
}

int model_get(struct model_proc *p, uint id, uint size, uint flags, int *segment)
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
    return size > model.segments[*segment].size ? KSM_ESIZE : 0;
}

/* The view that covers va, or NULL. */
static const struct model_view *covering(const struct model_proc *p, uint va)
{
    for (uint i = 0; i < p->nviews; i++) {
        const struct model_view *v = &p->views[i];

        if (va >= v->va && va - v->va < model.segments[v->segment].npages * PAGE)
            return v;
    }
    return NULL;
}

bool model_can(const struct model_proc *p, uint va, uint n, bool write)
{
    for (uint at = va; at < va + n; at++) {
        const struct model_view *v = covering(p, at);

        if (!v || (write && !v->writable))
            return false;
    }
    return true;
}

/* The end of the highest view that begins below va, or of the heap. */
static uint below(const struct model_proc *p, uint va)
{
    uint end = (p->brk + PAGE - 1) & ~(PAGE - 1);

    for (uint i = 0; i < p->nviews; i++) {
        const struct model_view *v = &p->views[i];
        uint v_end = v->va + model.segments[v->segment].npages * PAGE;

        if (v->va < va && v_end > end)
            end = v_end;
    }
    return end;
}

/* The start of the highest view below va: another hole may end there.  0: there is none. */
static uint next_end(const struct model_proc *p, uint va)
{
    uint best = 0;

    for (uint i = 0; i < p->nviews; i++) {
        if (p->views[i].va < va && p->views[i].va > best)
            best = p->views[i].va;
    }
    return best;
}

/* The highest hole that fits; 0: none does. */
static uint place(const struct model_proc *p, uint nbytes)
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

static void count_attach(struct model_segment *s, int pid)
{
    s->nattached++;
    s->mpid = pid;
    s->atime = model.now;
}

int model_attach(struct model_proc *p, int handle, uint flags)
{
    int segment = model_of_handle(p, handle);
    uint va;

    if (flags & ~(uint)ATTACH_KNOWN)
        return KSM_EINVAL;
    if (segment == NOBODY)
        return KSM_EHANDLE;
    if (model_totals().total_attached_nr == model.max_attachments)
        return KSM_ENOSPC;
    va = place(p, model.segments[segment].npages * PAGE);
    if (!va)
        return KSM_ENOVA;
    check(p->nviews < MODEL_VIEWS);
    p->views[p->nviews++] = (struct model_view){ va, segment, flags != KSM_READ };
    count_attach(&model.segments[segment], p->pid);
    return (int)va;
}

static void die_if_unused(struct model_segment *s)
{
    if (s->marked && s->nattached == 0)
        s->exists = false;
}

static void detach(struct model_proc *p, uint i)
{
    struct model_segment *s = &model.segments[p->views[i].segment];

    s->nattached--;
    s->mpid = p->pid;
    s->dtime = model.now;
    die_if_unused(s);
    for (p->nviews--; i < p->nviews; i++)
        p->views[i] = p->views[i + 1];
}

int model_detach(struct model_proc *p, int handle)
{
    int segment = model_of_handle(p, handle);

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

int model_detach_at(struct model_proc *p, uint va)
{
    for (uint i = 0; i < p->nviews; i++) {
        if (p->views[i].va == va) {
            detach(p, i);
            return 0;
        }
    }
    return KSM_ENOTATT;
}

int model_delete(struct model_proc *p, int handle)
{
    int segment = model_of_handle(p, handle);

    if (segment == NOBODY)
        return KSM_EHANDLE;
    struct model_segment *s = &model.segments[segment];
    s->mpid = p->pid;
    if (!s->marked) {
        s->marked = true;
        s->ctime = model.now;
    }
    die_if_unused(s);
    return 0;
}

int model_fork(struct model_proc *p, struct model_proc *child, int pid)
{
    if (p->nviews > model.max_attachments - model_totals().total_attached_nr)
        return -1;
    *child = *p;
    child->pid = pid;
    child->parent = p - model.procs;
    for (uint i = 0; i < p->nviews; i++)
        count_attach(&model.segments[p->views[i].segment], pid);
    return 0;
}

void model_release(struct model_proc *p)
{
    while (p->nviews)
        detach(p, p->nviews - 1);
    memset(p->handles, 0, sizeof(p->handles));
}
