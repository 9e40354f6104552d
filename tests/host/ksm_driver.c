/*
 * ksm_driver.c - the real core beside the model of ksm_naive.h.
 *
 * Each simulated process is an actor that carries out one operation at a time for the driver, since it may
 * fall asleep in one.  The model predicts the result of every call, the address of every attachment, who is
 * woken, and each figure of every segment.  Where an allocation was made to fail and the call says
 * KSM_ENOMEM, nothing must have changed.
 */
#include "ksm_driver.h"

#include <stdlib.h>

#include "ksm/ksm_impl.h"
#include "ksm_naive.h"
#include "ksm_world.h"

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

static void same(const char *what, long got, long want)
{
    if (got != want)
        naive_differ(what, got, want);
}

static int carry_out(struct real *r, enum op op)
{
    switch (op) {
    case OP_GET:
        return ksm_get(r->task, r->x, r->y, r->z);
    case OP_ATTACH:
        return ksm_attach(r->task, (int)r->x, r->y);
    case OP_DETACH:
        return ksm_detach(r->task, (int)r->x);
    case OP_DETACH_AT:
        return ksm_detach_at(r->task, r->x);
    case OP_DELETE:
        return ksm_delete(r->task, (int)r->x);
    case OP_WAIT:
        return world_wait(r->task, r->x, r->y, r->z, r->peer);
    case OP_WAKE:
        return ksm_wake(r->task, r->x, r->y);
    default:
        return 0;
    }
}

static void serve(void *arg)
{
    struct real *r = arg;

    while (r->op != OP_EXIT) {
        enum op op = r->op;

        r->op = OP_NONE;
        if (op != OP_NONE)
            r->result = carry_out(r, op);
        if (thread_killed(thread_self()))
            break;
        if (op != OP_NONE)
            r->done = true;
        actor_pause();
    }
    world_exit(r->task);
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

/* Comparing everything. */

static void compare_segment(uint s)
{
    const struct naive_segment *want = &segs[s];
    const struct segment *got = *registry_find_locked(want->id);

    if (!got)
        naive_differ("a segment is missing", 0, want->id);
    same("handle", got->handle, want->handle);
    same("nbytes", got->nbytes, want->nbytes);
    same("npages", got->npages, want->npages);
    same("cpid", got->cpid, want->cpid);
    same("mpid", got->mpid, want->mpid);
    same("attached_nr", got->nattached, naive_count_attached(s));
    same("atime", got->atime, want->atime);
    same("dtime", got->dtime, want->dtime);
    same("ctime", got->ctime, want->ctime);
    same("marked", got->state == SEGMENT_MARKED, want->marked);
}

/* The word of an attachment that tells segments apart. */
static uint *stamp_of(uint i) { return fake_word(reals[atts[i].proc].task->as, atts[i].va + 4); }

static void compare_all(void)
{
    struct naive_totals want = naive_totals();
    const char *wrong = ksm_check();

    if (wrong) {
        printf("# ksm_check: %s\n", wrong);
        abort();
    }
    same("segments", registry.nsegments, want.nsegments);
    same("pages", registry.npages, want.npages);
    same("frames", fake_nframes(), want.npages);
    same("attachments", registry.nattached, want.nattached);
    for (uint s = 0; s < NSEGMENTS; s++)
        if (segs[s].exists)
            compare_segment(s);
    for (uint i = 0; i < natts; i++) {
        const struct aspace *as = reals[atts[i].proc].task->as;
        const struct mapping *m = aspace_mapping_at(as, atts[i].va);
        if (!m)
            naive_differ("an attachment is missing", 0, atts[i].va);
        same("address", m->va, atts[i].va);
        same("access", m->writable, atts[i].writable);
        same("contents", *stamp_of(i), segs[atts[i].seg].stamp);
    }
}

/* Those who are woken by now have returned what the model says, and nobody else has. */
static void compare_sleepers(void)
{
    naive_time_out();
    for (uint p = 0; p < NPROCS; p++) {
        struct naive_process *m = &procs[p];
        if (!m->alive || !m->asleep)
            continue;
        same("awake", reals[p].done, m->woken);
        if (m->woken) {
            same("ksm_wait", reals[p].result, m->result);
            m->asleep = false;
        }
    }
}

/* Operations. */

static int some_handle(void)
{
    static const int odd[] = { 0, -1, 1, 0x7FFFFFFF, (int)0x80000000, 8, 16, 17 };
    uint pick = take(16);

    if (pick < 12)
        return segs[pick % NSEGMENTS].handle; /* good, somebody else's, or dead */
    if (pick < 14 && ndead)
        return dead_handles[take(255) % ndead];
    return odd[take(8)];
}

static uint some_size(void)
{
    /* clang-format off */
    static const uint sizes[] = {
        1, 4095, 4096, 4097, 8192, 5000, 3 * 4096, 0, CHUNK_SIZE, CHUNK_SIZE + 1, 6 << 20, NPAGES * 4096,
        NPAGES * 4096 + 1, 0x7FFFE000, 0xFFFFFFFF, 4,
    };
    /* clang-format on */

    return sizes[take(16)];
}

static void do_get(uint p)
{
    /* clang-format off */
    static const uint some_flags[] = {
        0, 0, 0, KSM_CREATE, KSM_OPEN, KSM_MUSTNOTEXIST, KSM_OPEN | KSM_CREATE, KSM_MUSTNOTEXIST | KSM_CREATE,
        KSM_HUGETLB, KSM_OPEN | KSM_MUSTNOTEXIST, KSM_READ, 0x100,
    };
    /* clang-format on */
    uint id = take(9), nbytes = some_size(), flags = some_flags[take(12)];
    int got = perform(p, OP_GET, id, nbytes, flags);

    if (got == KSM_ENOMEM && fake_failed())
        return;
    same("ksm_get", got, naive_get(p, id, nbytes, flags, got));
}

static void do_attach(uint p)
{
    static const uint some_flags[] = { 0, KSM_READ, KSM_WRITE, KSM_RDWR, KSM_READ | KSM_WRITE,
                                       0, 0,        KSM_CREATE };
    uint flags = some_flags[take(8)];
    int handle = some_handle();
    int got = perform(p, OP_ATTACH, (uint)handle, flags, 0);

    if (got == KSM_ENOMEM && fake_failed())
        return;

    uint before = natts;

    same("ksm_attach", got, naive_attach(p, handle, flags));
    if (natts > before && atts[before].writable)
        *stamp_of(before) = ++segs[atts[before].seg].stamp;
}

static void do_detach(uint p)
{
    int handle = some_handle();
    int got = perform(p, OP_DETACH, (uint)handle, 0, 0);

    same("ksm_detach", got, naive_detach(p, handle));
}

static void do_detach_at(uint p)
{
    static const int near[] = { 0, 0, 0, 1, 4096, -4096 };
    uint va = (natts ? atts[take(255) % natts].va : 0x7FFFF000) + (uint)near[take(6)];
    int got = perform(p, OP_DETACH_AT, va, 0, 0);

    same("ksm_detach_at", got, naive_detach_at(p, va));
}

static void do_delete(uint p)
{
    int handle = some_handle();
    int got = perform(p, OP_DELETE, (uint)handle, 0, 0);

    same("ksm_delete", got, naive_delete(p, handle));
}

static void do_info(uint p)
{
    struct ksminfo_t info;
    int handle = some_handle();
    uint s = naive_find(p, handle);
    int got = ksm_info(reals[p].task, handle, &info);

    same("ksm_info", got, s == NSEGMENTS && handle ? KSM_EHANDLE : 0);
    if (got == 0 && handle) {
        same("info.ksmsz", info.ksmsz, segs[s].nbytes);
        same("info.attached_nr", info.attached_nr, naive_count_attached(s));
        same("info.marked", info.marked, segs[s].marked);
    }
}

/* An address of process p where a word is: in an attachment, or private; what word it is. */
static uint some_word(uint p, uint *seg, uint *offset)
{
    uint pick = take(8), n = naive_count_attached_by(p);

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
    naive_sleep(p, seg, offset, nticks, peer);
}

static void do_wake(uint p)
{
    uint seg, offset, va = some_word(p, &seg, &offset), n = take(4);
    int want = naive_wake(seg, offset, n);

    same("ksm_wake", perform(p, OP_WAKE, va, n, 0), want);
}

static void do_exit(uint p)
{
    naive_exit(p);
    perform(p, OP_EXIT, 0, 0, 0);
}

static void do_kill(uint p)
{
    if (!procs[p].asleep)
        return;
    naive_exit(p);
    thread_kill(actor_thread(reals[p].actor));
    actors_run_now();
    same("the killed is gone", actor_done(reals[p].actor), true);
}

static void do_exec(uint p)
{
    naive_exec(p);
    world_exec(reals[p].task);
}

static void do_fork(uint p)
{
    uint child = 0;

    while (child < NPROCS && procs[child].alive)
        child++;
    if (child == NPROCS)
        return;

    struct ksm_task *task = world_fork(reals[p].task, naive_pid(child));

    if (!task) {
        same("fork refused", fake_failed() || !naive_can_fork(p), true);
        return;
    }
    same("fork", naive_can_fork(p), true);
    start(child, task);
    naive_fork(p, child);
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
            naive_start(p);
            start(p, world_task(naive_pid(p)));
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
    naive_compact();
}

unsigned driver_run(const uint8_t *bytes, size_t n)
{
    unsigned nsteps = 0;

    input = bytes;
    ninput = n;
    world_begin_with((struct ksm_limits){ NSEGMENTS, NATTACHED, NPAGES });
    fake_ram_npages = RAM;
    naive_begin();
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
