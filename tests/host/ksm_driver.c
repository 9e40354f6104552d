/*
 * ksm_driver.c - the real core beside a model that is as plain as can be: flat arrays, searched from end to
 * end.
 *
 * Each simulated process is an actor that carries out one operation at a time for the driver, since it may
 * fall asleep in one.  The model predicts the result of every call, the address of every attachment, who is
 * woken, and each figure of every segment.  Where an allocation was made to fail and the call says
 * KSM_ENOMEM, nothing must have changed.
 */
#include "ksm_driver.h"

#include <stdlib.h>
#include <string.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

#define NPROCS    5u
#define NSEGMENTS 6u /* the limits */
#define NATTACHED 14u
#define NPAGES    3000u
#define RAM       2600u /* less than the limit, so that memory runs out, too */
#define MAX_DEAD  4096u
#define ANY       (-1) /* peers */
#define NOBODY    (-2)

/* The model. */

struct mseg {
    bool exists, marked;
    uint id, nbytes, npages, atime, dtime, ctime, stamp;
    int handle, cpid, mpid;
};

struct matt { /* in the order of attaching */
    bool exists, writable;
    uint proc, seg, va;
};

struct mproc {
    bool alive;
    bool holds[NSEGMENTS]; /* a good handle of that segment */
    uint brk;
    /* asleep */
    bool asleep, private;
    uint seg, offset, deadline, since;
    int peer;   /* whose end wakes it: a process, or ANY, or NOBODY */
    bool woken; /* and what it will return */
    int result;
};

static struct mseg segs[NSEGMENTS];
static struct matt atts[NATTACHED + 1];
static uint natts; /* entries used, in order */
static struct mproc procs[NPROCS];
static int dead_handles[MAX_DEAD];
static uint ndead, nfell_asleep;

/* The real processes. */

enum op { OP_NONE, OP_GET, OP_ATTACH, OP_DETACH, OP_DETACH_AT, OP_DELETE, OP_WAIT, OP_WAKE, OP_EXIT };

static struct real {
    struct ksm_task *task;
    struct actor *actor;
    enum op op;
    uint x, y, z; /* arguments */
    struct ksm_task *peer;
    int result;
    bool done;
} reals[NPROCS];

static const uint8_t *input;
static size_t ninput;

static uint take(uint below)
{
    uint byte = 0;

    if (ninput) {
        byte = *input++;
        ninput--;
    }
    return byte % below;
}

static void differ(const char *what, long got, long want)
{
    printf("# the core and the model differ: %s: %ld, not %ld\n", what, got, want);
    abort();
}

static void same(const char *what, long got, long want)
{
    if (got != want)
        differ(what, got, want);
}

static int pid_of(uint p) { return 100 + (int)p; }

static void serve(void *arg)
{
    struct real *r = arg;

    for (;;) {
        enum op op = r->op;
        r->op = OP_NONE;
        switch (op) {
        case OP_GET:
            r->result = ksm_get(r->task, r->x, r->y, r->z);
            break;
        case OP_ATTACH:
            r->result = ksm_attach(r->task, (int)r->x, r->y);
            break;
        case OP_DETACH:
            r->result = ksm_detach(r->task, (int)r->x);
            break;
        case OP_DETACH_AT:
            r->result = ksm_detach_at(r->task, r->x);
            break;
        case OP_DELETE:
            r->result = ksm_delete(r->task, (int)r->x);
            break;
        case OP_WAIT:
            r->result = world_wait(r->task, r->x, r->y, r->z, r->peer);
            break;
        case OP_WAKE:
            r->result = ksm_wake(r->task, r->x, r->y);
            break;
        case OP_EXIT:
            world_exit(r->task);
            return;
        case OP_NONE:
            break;
        }
        if (thread_killed(thread_self())) {
            world_exit(r->task);
            return;
        }
        if (op != OP_NONE)
            r->done = true;
        actor_pause();
    }
}

/* Has process p do it; it may be asleep afterwards. */
static int perform(uint p, enum op op, uint x, uint y, uint z)
{
    struct real *r = &reals[p];

    r->op = op;
    r->x = x;
    r->y = y;
    r->z = z;
    r->done = false;
    actor_resume(r->actor);
    actors_run_now();
    return r->result;
}

static void start(uint p, struct ksm_task *task)
{
    reals[p] = (struct real){ .task = task };
    reals[p].actor = actor_start(serve, &reals[p]);
    actors_run_now();
}

/* What the model knows. */

static uint count_attached(uint seg)
{
    uint n = 0;

    for (uint i = 0; i < natts; i++)
        n += atts[i].exists && atts[i].seg == seg;
    return n;
}

static void totals(uint *nsegs, uint *npages, uint *nattached)
{
    *nsegs = *npages = *nattached = 0;
    for (uint s = 0; s < NSEGMENTS; s++)
        if (segs[s].exists) {
            ++*nsegs;
            *npages += segs[s].npages;
            *nattached += count_attached(s);
        }
}

/* Which segment a handle is good for in process p; NSEGMENTS: none. */
static uint seg_of(uint p, int handle)
{
    for (uint s = 0; s < NSEGMENTS; s++)
        if (segs[s].exists && segs[s].handle == handle && procs[p].holds[s])
            return s;
    return NSEGMENTS;
}

static void destroy_if_due(uint s)
{
    if (!segs[s].marked || count_attached(s))
        return;
    segs[s].exists = false;
    if (ndead < MAX_DEAD)
        dead_handles[ndead++] = segs[s].handle;
    for (uint p = 0; p < NPROCS; p++)
        procs[p].holds[s] = false;
}

static void remove_attachment(uint i)
{
    struct mseg *seg = &segs[atts[i].seg];

    seg->dtime = ticks_now;
    seg->mpid = pid_of(atts[i].proc);
    atts[i].exists = false;
    destroy_if_due(atts[i].seg);
}

static void compact(void)
{
    uint n = 0;

    for (uint i = 0; i < natts; i++)
        if (atts[i].exists)
            atts[n++] = atts[i];
    natts = n;
}

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

/* Comparing everything. */

static void compare_segment(uint s)
{
    const struct mseg *want = &segs[s];
    const struct segment *got = *registry_find_locked(want->id);

    if (!got)
        differ("a segment is missing", want->id, want->id);
    same("handle", got->handle, want->handle);
    same("nbytes", got->nbytes, want->nbytes);
    same("npages", got->npages, want->npages);
    same("cpid", got->cpid, want->cpid);
    same("mpid", got->mpid, want->mpid);
    same("attached_nr", got->nattached, count_attached(s));
    same("atime", got->atime, want->atime);
    same("dtime", got->dtime, want->dtime);
    same("ctime", got->ctime, want->ctime);
    same("marked", got->state == SEGMENT_MARKED, want->marked);
}

static void compare_all(void)
{
    uint nsegs, npages, nattached;
    const char *wrong = ksm_check();

    if (wrong) {
        printf("# ksm_check: %s\n", wrong);
        abort();
    }
    totals(&nsegs, &npages, &nattached);
    same("segments", registry.nsegments, nsegs);
    same("pages", registry.npages, npages);
    same("frames", fake_nframes(), npages);
    same("attachments", registry.nattached, nattached);
    for (uint s = 0; s < NSEGMENTS; s++)
        if (segs[s].exists)
            compare_segment(s);
    for (uint i = 0; i < natts; i++) {
        const struct aspace *as = reals[atts[i].proc].task->as;
        const struct mapping *m = aspace_mapping_at(as, atts[i].va);
        if (!m)
            differ("an attachment is missing", atts[i].va, atts[i].va);
        same("address", m->va, atts[i].va);
        same("access", m->writable, atts[i].writable);
        same("contents", *fake_word(reals[atts[i].proc].task->as, m->va + 4), segs[atts[i].seg].stamp);
    }
}

/* Those who are woken by now have returned what the model says, and nobody else has. */
static void compare_sleepers(void)
{
    for (uint p = 0; p < NPROCS; p++) {
        struct mproc *m = &procs[p];
        if (!m->alive || !m->asleep)
            continue;
        if (!m->woken && m->deadline && m->deadline <= ticks_now) {
            m->woken = true;
            m->result = KSM_ETIMEDOUT;
        }
        same("awake", reals[p].done, m->woken);
        if (m->woken) {
            same("ksm_wait", reals[p].result, m->result);
            m->asleep = false;
        }
    }
}

/* Operations. */

static int some_handle(uint p)
{
    uint pick = take(16);

    if (pick < 12)
        return segs[pick % NSEGMENTS].handle; /* good, somebody else's, or dead */
    if (pick < 14 && ndead)
        return dead_handles[take(255) % ndead];
    static const int odd[] = { 0, -1, 1, 0x7FFFFFFF, (int)0x80000000, 8, 16, 17 };
    (void)p;
    return odd[take(8)];
}

static uint some_size(void)
{
    static const uint sizes[] = { 1,
                                  4095,
                                  4096,
                                  4097,
                                  8192,
                                  5000,
                                  3 * 4096,
                                  0,
                                  CHUNK_SIZE,
                                  CHUNK_SIZE + 1,
                                  6 << 20,
                                  NPAGES * 4096,
                                  NPAGES * 4096 + 1,
                                  0x7FFFE000,
                                  0xFFFFFFFF,
                                  4 };

    return sizes[take(16)];
}

static int predict_new(uint nbytes, uint flags)
{
    uint nsegs, npages, nattached, want = nbytes / PAGE_SIZE + (nbytes % PAGE_SIZE != 0);

    totals(&nsegs, &npages, &nattached);
    if (flags == KSM_OPEN)
        return KSM_ENOENT;
    if (!nbytes)
        return KSM_EINVAL;
    if (nbytes > KSM_MAX_NBYTES || want > NPAGES)
        return KSM_ESIZE;
    if (nsegs == NSEGMENTS || npages + want > NPAGES)
        return KSM_ENOSPC;
    return npages + want > RAM ? KSM_ENOMEM : 0;
}

static void born(uint p, uint id, uint nbytes, int handle)
{
    uint s = 0;

    while (segs[s].exists)
        s++;
    for (uint i = 0; i < ndead; i++)
        if (dead_handles[i] == handle)
            differ("a dead handle is reborn", handle, 0);
    if (handle <= 0)
        differ("a new handle", handle, 1);
    segs[s] = (struct mseg){ .exists = true,
                             .id = id,
                             .nbytes = nbytes,
                             .ctime = ticks_now,
                             .handle = handle,
                             .npages = nbytes / PAGE_SIZE + (nbytes % PAGE_SIZE != 0),
                             .cpid = pid_of(p),
                             .mpid = pid_of(p) };
    procs[p].holds[s] = true;
}

static void do_get(uint p)
{
    static const uint some_flags[] = { 0,
                                       0,
                                       0,
                                       KSM_CREATE,
                                       KSM_OPEN,
                                       KSM_MUSTNOTEXIST,
                                       KSM_OPEN | KSM_CREATE,
                                       KSM_MUSTNOTEXIST | KSM_CREATE,
                                       KSM_HUGETLB,
                                       KSM_OPEN | KSM_MUSTNOTEXIST,
                                       KSM_READ,
                                       0x100 };
    uint id = take(9), nbytes = some_size(), flags = some_flags[take(12)], s = 0;
    int got = perform(p, OP_GET, id, nbytes, flags);

    if (got == KSM_ENOMEM && fake_failed())
        return;
    while (s < NSEGMENTS && !(segs[s].exists && segs[s].id == id))
        s++;
    int want;
    if (flags == KSM_READ || flags == 0x100 || flags == (KSM_OPEN | KSM_MUSTNOTEXIST))
        want = KSM_EINVAL;
    else if (flags == KSM_HUGETLB)
        want = KSM_ENOTSUP;
    else if (s == NSEGMENTS)
        want = predict_new(nbytes, flags);
    else if (flags & KSM_MUSTNOTEXIST)
        want = KSM_EEXIST;
    else
        want = nbytes > segs[s].nbytes ? KSM_ESIZE : segs[s].handle;
    if (want == 0) {
        born(p, id, nbytes, got);
        return;
    }
    same("ksm_get", got, want);
    if (want > 0)
        procs[p].holds[s] = true;
}

static void do_attach(uint p)
{
    static const uint some_flags[] = { 0, KSM_READ, KSM_WRITE, KSM_RDWR, KSM_READ | KSM_WRITE,
                                       0, 0,        KSM_CREATE };
    uint flags = some_flags[take(8)], nsegs, npages, nattached;
    int handle = some_handle(p);
    int got = perform(p, OP_ATTACH, (uint)handle, flags, 0);

    if (got == KSM_ENOMEM && fake_failed())
        return;
    uint s = seg_of(p, handle);
    totals(&nsegs, &npages, &nattached);
    if (flags == KSM_CREATE) {
        same("ksm_attach", got, KSM_EINVAL);
    } else if (s == NSEGMENTS) {
        same("ksm_attach", got, KSM_EHANDLE);
    } else if (nattached == NATTACHED) {
        same("ksm_attach", got, KSM_ENOSPC);
    } else {
        uint va = place(p, segs[s].npages);
        same("ksm_attach", got, va ? (long)va : KSM_ENOVA);
        if (!va)
            return;
        atts[natts++] = (struct matt){ true, flags != KSM_READ, p, s, va };
        segs[s].atime = ticks_now;
        segs[s].mpid = pid_of(p);
        if (flags != KSM_READ)
            *fake_word(reals[p].task->as, va + 4) = ++segs[s].stamp;
    }
}

static void do_detach(uint p)
{
    int handle = some_handle(p);
    int got = perform(p, OP_DETACH, (uint)handle, 0, 0);
    uint s = seg_of(p, handle), newest = natts;

    for (uint i = 0; i < natts; i++)
        if (atts[i].proc == p && atts[i].seg == s)
            newest = i;
    same("ksm_detach", got, s == NSEGMENTS ? KSM_EHANDLE : newest == natts ? KSM_ENOTATT : 0);
    if (got == 0)
        remove_attachment(newest);
}

static void do_detach_at(uint p)
{
    static const int near[] = { 0, 0, 0, 1, 4096, -4096 };
    uint va = (natts ? atts[take(255) % natts].va : 0x7FFFF000) + (uint)near[take(6)], found = natts;
    int got = perform(p, OP_DETACH_AT, va, 0, 0);

    for (uint i = 0; i < natts; i++)
        if (atts[i].proc == p && atts[i].va == va)
            found = i;
    same("ksm_detach_at", got, found == natts ? KSM_ENOTATT : 0);
    if (got == 0)
        remove_attachment(found);
}

static void do_delete(uint p)
{
    int handle = some_handle(p);
    int got = perform(p, OP_DELETE, (uint)handle, 0, 0);
    uint s = seg_of(p, handle);

    same("ksm_delete", got, s == NSEGMENTS ? KSM_EHANDLE : 0);
    if (got)
        return;
    segs[s].mpid = pid_of(p);
    if (!segs[s].marked)
        segs[s].ctime = ticks_now;
    segs[s].marked = true;
    destroy_if_due(s);
}

static void do_info(uint p)
{
    struct ksminfo_t info;
    int handle = some_handle(p);
    uint s = seg_of(p, handle);
    int got = ksm_info(reals[p].task, handle, &info);

    same("ksm_info", got, s == NSEGMENTS && handle ? KSM_EHANDLE : 0);
    if (got == 0 && handle) {
        same("info.ksmsz", info.ksmsz, segs[s].nbytes);
        same("info.attached_nr", info.attached_nr, count_attached(s));
        same("info.marked", info.marked, segs[s].marked);
    }
}

/* An address of process p where a word is: in an attachment, or private; what word it is. */
static uint some_word(uint p, uint *seg, uint *offset)
{
    uint pick = take(8), n = 0;

    for (uint i = 0; i < natts; i++)
        n += atts[i].proc == p;
    *seg = NSEGMENTS;
    *offset = 4 * (pick % 4);
    if (pick == 7 || !n)
        return *offset;
    uint nth = take(255) % n;
    for (uint i = 0;; i++)
        if (atts[i].proc == p && nth-- == 0) {
            *seg = atts[i].seg;
            *offset = 8 + 4 * (pick % 2);
            return atts[i].va + *offset;
        }
}

/* Whose end is to wake process p: ANY, NOBODY, or a process, alive or not. */
static int choose_peer(uint p)
{
    static struct ksm_task dead = { .pid = 1 };
    uint pick = take(4), peer = take(NPROCS);

    reals[p].peer = pick < 2 ? NULL : pick == 2 ? WORLD_NOBODY : procs[peer].alive ? reals[peer].task : &dead;
    return pick < 2 ? ANY : pick == 2 ? NOBODY : (int)peer;
}

static void do_wait(uint p)
{
    uint seg, offset, va = some_word(p, &seg, &offset), nticks = take(4) * 5;
    uint value = *fake_word(reals[p].task->as, va), expected = value + (take(4) == 0);
    int peer = choose_peer(p), got = perform(p, OP_WAIT, va, expected, nticks);

    if (expected != value || (peer >= 0 && !procs[peer].alive)) {
        same("ksm_wait", got, KSM_EAGAIN);
        return;
    }
    same("asleep", reals[p].done, false);
    struct mproc *m = &procs[p];
    m->asleep = true;
    m->private = seg == NSEGMENTS;
    m->woken = false;
    m->seg = seg;
    m->offset = offset;
    m->peer = peer;
    m->deadline = nticks ? ticks_now + nticks : 0;
    m->since = nfell_asleep++;
}

static void do_wake(uint p)
{
    uint seg, offset, va = some_word(p, &seg, &offset), n = take(4), nwoken = 0;

    for (; nwoken < n && seg != NSEGMENTS; nwoken++) {
        struct mproc *first = NULL;
        for (uint q = 0; q < NPROCS; q++) {
            struct mproc *m = &procs[q];
            if (m->alive && m->asleep && !m->woken && !m->private && m->seg == seg && m->offset == offset &&
                (!first || m->since < first->since))
                first = m;
        }
        if (!first)
            break;
        first->woken = true;
        first->result = 0;
    }
    same("ksm_wake", perform(p, OP_WAKE, va, n, 0), nwoken);
}

/* Does the end of process p, which had these segments attached, wake that sleeper? */
static bool concerns(const struct mproc *sleeper, uint p, const bool had[])
{
    if (sleeper->peer == ANY)
        return !sleeper->private && had[sleeper->seg];
    return sleeper->peer == (int)p;
}

/* What exit and exec do to the model. */
static void leave(uint p, bool at_exit)
{
    bool had[NSEGMENTS] = { false };

    for (uint i = 0; i < natts; i++)
        if (atts[i].exists && atts[i].proc == p)
            had[atts[i].seg] = true;
    for (uint q = 0; at_exit && q < NPROCS; q++)
        if (q != p && procs[q].asleep && !procs[q].woken && concerns(&procs[q], p, had)) {
            procs[q].woken = true;
            procs[q].result = KSM_EAGAIN;
        }
    for (uint i = 0; i < natts; i++)
        if (atts[i].exists && atts[i].proc == p)
            remove_attachment(i);
    memset(procs[p].holds, 0, sizeof(procs[p].holds));
    if (at_exit)
        procs[p] = (struct mproc){ 0 };
}

static void do_exit(uint p)
{
    leave(p, true);
    perform(p, OP_EXIT, 0, 0, 0);
}

static void do_kill(uint p)
{
    if (!procs[p].asleep)
        return;
    leave(p, true);
    thread_kill(actor_thread(reals[p].actor));
    actors_run_now();
    same("the killed is gone", actor_done(reals[p].actor), true);
}

static void do_exec(uint p)
{
    leave(p, false);
    procs[p].brk = HEAP_END;
    world_exec(reals[p].task);
}

static void do_fork(uint p)
{
    uint child = 0, nsegs, npages, nattached, n = 0;

    while (child < NPROCS && procs[child].alive)
        child++;
    if (child == NPROCS)
        return;
    for (uint i = 0; i < natts; i++)
        n += atts[i].proc == p;
    totals(&nsegs, &npages, &nattached);
    struct ksm_task *task = world_fork(reals[p].task, pid_of(child));
    if (!task) {
        same("fork refused", fake_failed() || nattached + n > NATTACHED, true);
        return;
    }
    same("fork", nattached + n <= NATTACHED, true);
    start(child, task);
    procs[child] = (struct mproc){ .alive = true, .brk = HEAP_END };
    memcpy(procs[child].holds, procs[p].holds, sizeof(procs[p].holds));
    for (uint i = 0, end = natts; i < end; i++)
        if (atts[i].proc == p) {
            atts[natts] = atts[i];
            atts[natts++].proc = child;
            segs[atts[i].seg].atime = ticks_now;
            segs[atts[i].seg].mpid = pid_of(child);
        }
}

/* The heap's end moves, to near the attachments or back. */
static void do_sbrk(uint p)
{
    uint brk = take(3) ? HEAP_END : USER_END - take(64) * PAGE_SIZE * 8 - take(2);
    const struct mapping *lowest = aspace_mapping_from(reals[p].task->as, 0);

    if (lowest && lowest->va < brk)
        return;
    fake_set_brk(reals[p].task->as, brk);
    procs[p].brk = brk;
}

static void do_start(void)
{
    for (uint p = 0; p < NPROCS; p++)
        if (!procs[p].alive) {
            procs[p] = (struct mproc){ .alive = true, .brk = HEAP_END };
            start(p, world_task(pid_of(p)));
            return;
        }
}

static void step(void)
{
    uint op = take(32), p = take(NPROCS);

    fake_fail_nth(take(4) == 0 ? 1 + take(8) : 0);
    if (!procs[p].alive) {
        do_start();
        return;
    }
    if (op == 0) {
        do_kill(p);
    } else if (op == 1) {
        uint nticks = take(8);
        actors_tick(nticks);
        actors_run_now();
    } else if (!procs[p].asleep) {
        static void (*const ops[])(uint) = { do_get,    do_get,       do_get,      do_attach, do_attach,
                                             do_attach, do_attach,    do_detach,   do_detach, do_delete,
                                             do_delete, do_detach_at, do_info,     do_wait,   do_wait,
                                             do_wake,   do_wake,      do_exec,     do_fork,   do_fork,
                                             do_sbrk,   do_exit,      do_detach_at };
        ops[op % (COUNT(ops))](p);
    }
    fake_fail_nth(0);
    compact();
}

unsigned driver_run(const uint8_t *bytes, size_t n)
{
    unsigned nsteps = 0;

    input = bytes;
    ninput = n;
    world_begin_with((struct ksm_limits){ NSEGMENTS, NATTACHED, NPAGES });
    fake_ram_npages = RAM;
    memset(segs, 0, sizeof(segs));
    memset(procs, 0, sizeof(procs));
    natts = ndead = nfell_asleep = 0;
    for (; ninput; nsteps++) {
        step();
        compare_sleepers();
        compare_all();
    }
    for (uint p = 0; p < NPROCS; p++) {
        if (procs[p].alive && procs[p].asleep)
            do_kill(p);
        else if (procs[p].alive)
            do_exit(p);
        compare_sleepers();
    }

    unsigned nfailures = tap_nfailures();

    world_end();
    if (tap_nfailures() != nfailures)
        abort();
    return nsteps;
}
