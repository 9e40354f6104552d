/*
 * ksm_naive.c - see ksm_naive.h.
 */
#include "ksm_naive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ksm_world.h"

struct naive_segment segs[NSEGMENTS];
struct naive_attachment atts[NATTACHED];
uint natts;
struct naive_process procs[NPROCS];
int dead_handles[MAX_DEAD];
uint ndead;
static uint nfell_asleep;

void naive_differ(const char *what, long got, long want)
{
    printf("# the core and the model differ: %s: %ld, not %ld\n", what, got, want);
    abort();
}

void naive_begin(void)
{
    memset(segs, 0, sizeof(segs));
    memset(procs, 0, sizeof(procs));
    natts = ndead = nfell_asleep = 0;
}

void naive_compact(void)
{
    uint n = 0;

    for (uint i = 0; i < natts; i++)
        if (atts[i].exists)
            atts[n++] = atts[i];
    natts = n;
}

int naive_pid(uint p) { return 100 + (int)p; }

uint naive_count_attached(uint seg)
{
    uint n = 0;

    for (uint i = 0; i < natts; i++)
        n += atts[i].exists && atts[i].seg == seg;
    return n;
}

uint naive_count_attached_by(uint p)
{
    uint n = 0;

    for (uint i = 0; i < natts; i++)
        n += atts[i].exists && atts[i].proc == p;
    return n;
}

struct naive_totals naive_totals(void)
{
    struct naive_totals t = { 0 };

    for (uint s = 0; s < NSEGMENTS; s++)
        if (segs[s].exists) {
            t.nsegments++;
            t.npages += segs[s].npages;
            t.nattached += naive_count_attached(s);
        }
    return t;
}

uint naive_find(uint p, int handle)
{
    for (uint s = 0; s < NSEGMENTS; s++)
        if (segs[s].exists && segs[s].handle == handle && procs[p].holds[s])
            return s;
    return NSEGMENTS;
}

static uint pages_for(uint nbytes) { return nbytes / PAGE_SIZE + (nbytes % PAGE_SIZE != 0); }

/* §3: getting. */

/* What keeps a new segment from being made; 0: nothing. */
static int refuse_new(uint nbytes, uint flags)
{
    struct naive_totals t = naive_totals();
    uint want = pages_for(nbytes);

    if (flags == KSM_OPEN)
        return KSM_ENOENT;
    if (!nbytes)
        return KSM_EINVAL;
    if (nbytes > KSM_MAX_NBYTES || want > NPAGES)
        return KSM_ESIZE;
    if (t.nsegments == NSEGMENTS || t.npages + want > NPAGES)
        return KSM_ENOSPC;
    return t.npages + want > RAM ? KSM_ENOMEM : 0;
}

static void make_segment(uint p, uint id, uint nbytes, int handle)
{
    uint s = 0;

    while (segs[s].exists)
        s++;
    for (uint i = 0; i < ndead; i++)
        if (dead_handles[i] == handle)
            naive_differ("a dead handle is reborn", handle, 0);
    if (handle <= 0)
        naive_differ("a new handle", handle, 1);
    segs[s] = (struct naive_segment){ .exists = true,
                                      .id = id,
                                      .nbytes = nbytes,
                                      .npages = pages_for(nbytes),
                                      .ctime = ticks_now,
                                      .handle = handle,
                                      .cpid = naive_pid(p),
                                      .mpid = naive_pid(p) };
    procs[p].holds[s] = true;
}

int naive_get(uint p, uint id, uint nbytes, uint flags, int got)
{
    uint s = 0;
    int error;

    if (flags & ~(uint)(KSM_CREATE | KSM_OPEN | KSM_MUSTNOTEXIST | KSM_HUGETLB) ||
        (flags & KSM_OPEN && flags & KSM_MUSTNOTEXIST))
        return KSM_EINVAL;
    if (flags & KSM_HUGETLB)
        return KSM_ENOTSUP;
    while (s < NSEGMENTS && !(segs[s].exists && segs[s].id == id))
        s++;
    if (s == NSEGMENTS) {
        error = refuse_new(nbytes, flags);
        if (error)
            return error;
        make_segment(p, id, nbytes, got);
        return got;
    }
    if (flags & KSM_MUSTNOTEXIST)
        return KSM_EEXIST;
    if (nbytes > segs[s].nbytes)
        return KSM_ESIZE;
    procs[p].holds[s] = true;
    return segs[s].handle;
}

/* §4 to §6: attaching, detaching, deleting. */

/* §4.2: the highest address that is free, tried one by one; 0: none. */
static uint place(uint p, uint npages)
{
    uint nbytes = npages * PAGE_SIZE, step = nbytes >= CHUNK_SIZE ? CHUNK_SIZE : PAGE_SIZE;

    for (uint va = USER_END - (nbytes + step - 1) / step * step; va >= page_round_up(procs[p].brk) && va;) {
        uint blocked = 0;
        for (uint i = 0; i < natts; i++)
            if (atts[i].exists && atts[i].proc == p && atts[i].va < va + nbytes &&
                atts[i].va + segs[atts[i].seg].npages * PAGE_SIZE > va)
                blocked = atts[i].va;
        if (!blocked)
            return va;
        while (va + nbytes > blocked) {
            if (va < step)
                return 0;
            va -= step;
        }
    }
    return 0;
}

int naive_attach(uint p, int handle, uint flags)
{
    uint s = naive_find(p, handle), va;

    if (flags & ~(uint)(KSM_READ | KSM_WRITE | KSM_RDWR))
        return KSM_EINVAL;
    if (s == NSEGMENTS)
        return KSM_EHANDLE;
    if (naive_totals().nattached == NATTACHED)
        return KSM_ENOSPC;
    va = place(p, segs[s].npages);
    if (!va)
        return KSM_ENOVA;
    atts[natts++] = (struct naive_attachment){ true, flags != KSM_READ, p, s, va };
    segs[s].atime = ticks_now;
    segs[s].mpid = naive_pid(p);
    return (int)va;
}

static void destroy_if_due(uint s)
{
    if (!segs[s].marked || naive_count_attached(s))
        return;
    segs[s].exists = false;
    if (ndead < MAX_DEAD)
        dead_handles[ndead++] = segs[s].handle;
    for (uint p = 0; p < NPROCS; p++)
        procs[p].holds[s] = false;
}

static void remove_attachment(uint i)
{
    struct naive_segment *seg = &segs[atts[i].seg];

    seg->dtime = ticks_now;
    seg->mpid = naive_pid(atts[i].proc);
    atts[i].exists = false;
    destroy_if_due(atts[i].seg);
}

int naive_detach(uint p, int handle)
{
    uint s = naive_find(p, handle), newest = natts;

    if (s == NSEGMENTS)
        return KSM_EHANDLE;
    for (uint i = 0; i < natts; i++)
        if (atts[i].proc == p && atts[i].seg == s)
            newest = i;
    if (newest == natts)
        return KSM_ENOTATT;
    remove_attachment(newest);
    return 0;
}

int naive_detach_at(uint p, uint va)
{
    for (uint i = 0; i < natts; i++)
        if (atts[i].proc == p && atts[i].va == va) {
            remove_attachment(i);
            return 0;
        }
    return KSM_ENOTATT;
}

int naive_delete(uint p, int handle)
{
    uint s = naive_find(p, handle);

    if (s == NSEGMENTS)
        return KSM_EHANDLE;
    segs[s].mpid = naive_pid(p);
    if (!segs[s].marked)
        segs[s].ctime = ticks_now;
    segs[s].marked = true;
    destroy_if_due(s);
    return 0;
}

/* §11: waiting and waking. */

void naive_sleep(uint p, uint seg, uint offset, uint nticks, int peer)
{
    struct naive_process *m = &procs[p];

    m->asleep = true;
    m->private = seg == NSEGMENTS;
    m->woken = false;
    m->seg = seg;
    m->offset = offset;
    m->peer = peer;
    m->deadline = nticks ? ticks_now + nticks : 0;
    m->since = nfell_asleep++;
}

static bool sleeps(const struct naive_process *m) { return m->alive && m->asleep && !m->woken; }

static void wake(struct naive_process *m, int result)
{
    m->woken = true;
    m->result = result;
}

int naive_wake(uint seg, uint offset, uint n)
{
    uint nwoken = 0;

    for (; nwoken < n && seg != NSEGMENTS; nwoken++) {
        struct naive_process *first = NULL;
        for (uint q = 0; q < NPROCS; q++) {
            struct naive_process *m = &procs[q];
            if (sleeps(m) && !m->private && m->seg == seg && m->offset == offset &&
                (!first || m->since < first->since))
                first = m;
        }
        if (!first)
            break;
        wake(first, 0);
    }
    return (int)nwoken;
}

void naive_time_out(void)
{
    for (uint p = 0; p < NPROCS; p++)
        if (sleeps(&procs[p]) && procs[p].deadline && procs[p].deadline <= ticks_now)
            wake(&procs[p], KSM_ETIMEDOUT);
}

/* Does the end of process p, which had these segments attached, wake that sleeper? */
static bool concerns(const struct naive_process *sleeper, uint p, const bool had[])
{
    if (sleeper->peer == ANY)
        return !sleeper->private && had[sleeper->seg];
    return sleeper->peer == (int)p;
}

/* §7: processes. */

void naive_start(uint p) { procs[p] = (struct naive_process){ .alive = true, .brk = HEAP_END }; }

bool naive_can_fork(uint p) { return naive_totals().nattached + naive_count_attached_by(p) <= NATTACHED; }

void naive_fork(uint p, uint child)
{
    naive_start(child);
    memcpy(procs[child].holds, procs[p].holds, sizeof(procs[p].holds));
    for (uint i = 0, end = natts; i < end; i++)
        if (atts[i].proc == p) {
            atts[natts] = atts[i];
            atts[natts++].proc = child;
            segs[atts[i].seg].atime = ticks_now;
            segs[atts[i].seg].mpid = naive_pid(child);
        }
}

static void leave(uint p)
{
    for (uint i = 0; i < natts; i++)
        if (atts[i].exists && atts[i].proc == p)
            remove_attachment(i);
    memset(procs[p].holds, 0, sizeof(procs[p].holds));
}

void naive_exec(uint p)
{
    leave(p);
    procs[p].brk = HEAP_END;
}

void naive_exit(uint p)
{
    bool had[NSEGMENTS] = { false };

    for (uint i = 0; i < natts; i++)
        if (atts[i].exists && atts[i].proc == p)
            had[atts[i].seg] = true;
    for (uint q = 0; q < NPROCS; q++)
        if (q != p && sleeps(&procs[q]) && concerns(&procs[q], p, had))
            wake(&procs[q], KSM_EAGAIN);
    leave(p);
    procs[p] = (struct naive_process){ 0 };
}
