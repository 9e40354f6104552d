/*
 * ksm_driver.c - the real core beside the models of naive.h and ksm_sleepers.h.
 *
 * Each simulated process is an actor that carries out one operation at a time for the driver, since it may
 * fall asleep in one.  The models predict the result of every call, the address of every attachment, who is
 * woken, and each figure of every segment.  Where an allocation was made to fail and the call says
 * KSM_ENOMEM, nothing must have changed.
 */
#include "ksm_driver.h"

#include <stdlib.h>
#include <string.h>

#include "ksm/ksm_impl.h"
#include "ksm_sleepers.h"
#include "ksm_world.h"

#define NPROCS    5u
#define NSEGMENTS 6u /* the limits */
#define NATTACHED 14u
#define NPAGES    3000u
#define RAM       2600u /* pages: less than the limit, so that memory runs out, too */
#define MAX_GIVEN 4096u

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

static int handles[NSEGMENTS]; /* of the segments of the model, also when they are dead */
static int given[MAX_GIVEN];   /* all handles that ever were good */
static uint ngiven;

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

/* Ends the program where the core and the model differ. */
static void same(const char *what, long got, long want)
{
    if (got == want)
        return;
    printf("# the core and the model differ: %s: %ld, not %ld\n", what, got, want);
    abort();
}

static int pid_of(uint p) { return 100 + (int)p; }

/* The model's time is the core's. */
static void keep_time(void) { naive.now = (struct naive_when){ ticks_now, ticks_now }; }

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
    const struct naive_segment *want = &naive.segments[s];
    const struct segment *got = *registry_find_locked(want->id);

    same("is there a segment", got != NULL, true);
    same("handle", got->handle, handles[s]);
    same("nbytes", got->nbytes, want->size);
    same("npages", got->npages, want->npages);
    same("cpid", got->cpid, want->cpid);
    same("mpid", got->mpid, want->mpid);
    same("attached_nr", got->nattached, want->nattached);
    same("atime", got->atime, want->atime.since);
    same("dtime", got->dtime, want->dtime.since);
    same("ctime", got->ctime, want->ctime.since);
    same("marked", got->state == SEGMENT_MARKED, want->marked);
}

/* The word of an attachment that tells segments apart. */
static uint *stamp_of(uint p, const struct naive_view *v) { return fake_word(reals[p].task->as, v->va + 4); }

static void compare_view(uint p, const struct naive_view *v)
{
    const struct mapping *m = aspace_mapping_at(reals[p].task->as, v->va);

    same("is there an attachment", m != NULL, true);
    same("address", m->va, v->va);
    same("access", m->writable, v->writable);
    same("contents", *stamp_of(p, v), naive.segments[v->segment].stamps[0]);
}

static void compare_all(void)
{
    struct ksminfo_t want = naive_totals();
    const char *wrong = ksm_check();

    if (wrong) {
        printf("# ksm_check: %s\n", wrong);
        abort();
    }
    same("segments", registry.nsegments, want.total_shrg_nr);
    same("pages", registry.npages, want.total_shpg_nr);
    same("frames", fake_nframes(), want.total_shpg_nr);
    same("attachments", registry.nattached, want.total_attached_nr);
    for (uint s = 0; s < NSEGMENTS; s++)
        if (naive.segments[s].exists)
            compare_segment(s);
    for (uint p = 0; p < NPROCS; p++)
        for (uint i = 0; i < naive.procs[p].nviews; i++)
            compare_view(p, &naive.procs[p].views[i]);
}

/* Those who are woken by now have returned what the model says, and nobody else has. */
static void compare_sleepers(void)
{
    keep_time();
    sleepers_time_out();
    for (uint p = 0; p < NPROCS; p++) {
        struct sleeper *m = &sleepers[p];
        if (!m->asleep)
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
        return handles[pick % NSEGMENTS]; /* good, somebody else's, or dead */
    if (pick < 14 && ngiven)
        return given[take(255) % ngiven];
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

/* A new segment has this handle, as no other ever had. */
static void give(int seg, int handle)
{
    same("a new handle is positive", handle > 0, true);
    for (uint i = 0; i < ngiven; i++)
        same("a handle comes twice", given[i] == handle, false);
    if (ngiven < MAX_GIVEN)
        given[ngiven++] = handle;
    handles[seg] = handle;
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
    int got = perform(p, OP_GET, id, nbytes, flags), seg, want;
    uint nbefore = naive_totals().total_shrg_nr;

    if (got == KSM_ENOMEM && fake_failed())
        return;
    want = naive_get(&naive.procs[p], id, nbytes, flags, &seg);
    if (want < 0) {
        same("ksm_get", got, want);
        return;
    }
    if (naive_totals().total_shrg_nr > nbefore)
        give(seg, got);
    same("ksm_get", got, handles[seg]);
    naive.procs[p].handles[seg] = got;
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

    struct naive_proc *m = &naive.procs[p];
    const struct naive_view *v = &m->views[m->nviews];

    same("ksm_attach", got, naive_attach(m, handle, flags));
    if (got > 0 && v->writable)
        *stamp_of(p, v) = ++naive.segments[v->segment].stamps[0];
}

static void do_detach(uint p)
{
    int handle = some_handle();
    int got = perform(p, OP_DETACH, (uint)handle, 0, 0);

    same("ksm_detach", got, naive_detach(&naive.procs[p], handle));
}

/* The address of one of all attachments. */
static uint some_attachment(void)
{
    uint n = naive_totals().total_attached_nr, nth = n ? take(255) % n : 0;

    for (uint p = 0; p < NPROCS; nth -= naive.procs[p++].nviews)
        if (nth < naive.procs[p].nviews)
            return naive.procs[p].views[nth].va;
    return 0x7FFFF000;
}

static void do_detach_at(uint p)
{
    static const int near[] = { 0, 0, 0, 1, 4096, -4096 };
    uint va = some_attachment() + (uint)near[take(6)];
    int got = perform(p, OP_DETACH_AT, va, 0, 0);

    same("ksm_detach_at", got, naive_detach_at(&naive.procs[p], va));
}

static void do_delete(uint p)
{
    int handle = some_handle();
    int got = perform(p, OP_DELETE, (uint)handle, 0, 0);

    same("ksm_delete", got, naive_delete(&naive.procs[p], handle));
}

static void do_info(uint p)
{
    struct ksminfo_t info;
    int handle = some_handle();
    int s = naive_of_handle(&naive.procs[p], handle);
    int got = ksm_info(reals[p].task, handle, &info);

    same("ksm_info", got, s == NOBODY && handle ? KSM_EHANDLE : 0);
    if (got == 0 && handle) {
        same("info.ksmsz", info.ksmsz, naive.segments[s].size);
        same("info.attached_nr", info.attached_nr, naive.segments[s].nattached);
        same("info.marked", info.marked, naive.segments[s].marked);
    }
}

/* An address of process p where a word is: in an attachment, or private; what word it is. */
static uint some_word(uint p, int *seg, uint *offset)
{
    const struct naive_proc *m = &naive.procs[p];
    uint pick = take(8);

    *seg = NOBODY;
    *offset = 4 * (pick % 4);
    if (pick == 7 || !m->nviews)
        return *offset;

    const struct naive_view *v = &m->views[take(255) % m->nviews];

    *seg = v->segment;
    *offset = 8 + 4 * (pick % 2);
    return v->va + *offset;
}

/* Whose end is to wake process p: a process, alive or not, or any, or none. */
static int choose_peer(uint p)
{
    static struct ksm_task dead = { .pid = 1 };
    uint pick = take(4), peer = take(NPROCS);

    reals[p].peer = pick < 2                  ? NULL
                    : pick == 2               ? WORLD_NOBODY
                    : naive.procs[peer].alive ? reals[peer].task
                                              : &dead;
    return pick < 2 ? PEER_ANY : pick == 2 ? PEER_NONE : (int)peer;
}

static void do_wait(uint p)
{
    int seg;
    uint offset, va = some_word(p, &seg, &offset), nticks = take(4) * 5;
    uint value = *fake_word(reals[p].task->as, va), expected = value + (take(4) == 0);
    int peer = choose_peer(p), got = perform(p, OP_WAIT, va, expected, nticks);

    if (expected != value || (peer >= 0 && !naive.procs[peer].alive)) {
        same("ksm_wait", got, KSM_EAGAIN);
        return;
    }
    same("asleep", reals[p].done, false);
    sleepers_add(p, seg, offset, nticks, peer);
}

static void do_wake(uint p)
{
    int seg;
    uint offset, va = some_word(p, &seg, &offset), n = take(4);
    int want = sleepers_wake(seg, offset, n);

    same("ksm_wake", perform(p, OP_WAKE, va, n, 0), want);
}

/* Process p ends, in the model. */
static void leave(uint p)
{
    sleepers_exit(p);
    naive_release(&naive.procs[p]);
    naive.procs[p].alive = false;
}

static void do_exit(uint p)
{
    leave(p);
    perform(p, OP_EXIT, 0, 0, 0);
}

static void do_kill(uint p)
{
    if (!sleepers[p].asleep)
        return;
    leave(p);
    thread_kill(actor_thread(reals[p].actor));
    actors_run_now();
    same("the killed is gone", actor_done(reals[p].actor), true);
}

static void do_exec(uint p)
{
    naive_release(&naive.procs[p]);
    naive.procs[p].brk = HEAP_END;
    world_exec(reals[p].task);
}

static void do_fork(uint p)
{
    uint child = 0;

    while (child < NPROCS && naive.procs[child].alive)
        child++;
    if (child == NPROCS)
        return;

    struct ksm_task *task = world_fork(reals[p].task, pid_of(child));

    if (!task && fake_failed())
        return;
    same("fork", task ? 0 : -1, naive_fork(&naive.procs[p], &naive.procs[child], pid_of(child)));
    if (task) {
        naive.procs[child].brk = HEAP_END; /* as world_fork() sets it */
        start(child, task);
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
    naive.procs[p].brk = brk;
}

static void do_start(void)
{
    for (uint p = 0; p < NPROCS; p++)
        if (!naive.procs[p].alive) {
            naive.procs[p] = (struct naive_proc){ .alive = true, .pid = pid_of(p), .brk = HEAP_END };
            start(p, world_task(pid_of(p)));
            return;
        }
}

static void step(void)
{
    uint op = take(32), p = take(NPROCS);

    keep_time();
    fake_fail_nth(take(4) == 0 ? 1 + take(8) : 0);
    if (!naive.procs[p].alive) {
        do_start();
        return;
    }
    if (op == 0) {
        do_kill(p);
    } else if (op == 1) {
        uint nticks = take(8);
        actors_tick(nticks);
        actors_run_now();
    } else if (!sleepers[p].asleep) {
        static void (*const ops[])(uint) = { do_get,    do_get,       do_get,      do_attach, do_attach,
                                             do_attach, do_attach,    do_detach,   do_detach, do_delete,
                                             do_delete, do_detach_at, do_info,     do_wait,   do_wait,
                                             do_wake,   do_wake,      do_exec,     do_fork,   do_fork,
                                             do_sbrk,   do_exit,      do_detach_at };
        ops[op % (COUNT(ops))](p);
    }
    fake_fail_nth(0);
}

unsigned driver_run(const uint8_t *bytes, size_t n)
{
    unsigned nsteps = 0;

    input = bytes;
    ninput = n;
    world_begin_with((struct ksm_limits){ NSEGMENTS, NATTACHED, NPAGES });
    fake_ram_npages = RAM;
    naive = (struct naive){
        .max_segments = NSEGMENTS, .max_attachments = NATTACHED, .max_pages = NPAGES, .max_frames = RAM
    };
    sleepers_begin();
    memset(handles, 0, sizeof(handles));
    ngiven = 0;
    for (; ninput; nsteps++) {
        step();
        compare_sleepers();
        compare_all();
    }
    for (uint p = 0; p < NPROCS; p++) {
        if (sleepers[p].asleep)
            do_kill(p);
        else if (naive.procs[p].alive)
            do_exit(p);
        compare_sleepers();
    }

    unsigned nfailures = tap_nfailures();

    world_end();
    if (tap_nfailures() != nfailures)
        abort();
    return nsteps;
}
