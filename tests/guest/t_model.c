/*
 * t_model.c - random calls of several processes, compared with the model of naive.h after each.
 *
 * t_model -s SEED -t SECONDS makes another sequence, or a longer one.  The test decides which helper makes which call;
 * the helpers make one call at a time, on request.
 *
 * Runs with: --param ksm.segments=14 --param ksm.attachments=48 --param ksm.pages=28000 -- t_model
 */
#include "chance.h"
#include "helper.h"
#include "ksmtest.h"
#include "naive.h"
#include "procinfo.h"

#define SECONDS          6
#define TICKS_PER_SECOND 100
#define NIDS             20u
#define NHISTORY         64u
#define ORPHAN           (-2)
#define HEAP_MOST        (64 * 1024)
#define HUGE_SIZE        (100 * MB)

/* Requests to the helpers. */

static uint random, nsteps;
static uint ids[NIDS];
static int history[NHISTORY]; /* handles that some process had */
static uint nhistory;
static struct helper_request request; /* the last one, */
static uint by;                       /* and the helper that got it */

static uint pick(uint n) { return chance(&random, n); }

static void send(uint helper, enum helper_op op, uint a, uint b, uint c)
{
    by = helper;
    request = (struct helper_request){ op, a, b, c };
    naive.now.since = (uint)uptime();
    check_eq(write(helper_fd(helper) + 1, &request, sizeof(request)), sizeof(request));
}

static struct helper_reply receive(void)
{
    struct helper_reply reply;

    check_eq(read(helper_first_fd, &reply, sizeof(reply)), sizeof(reply));
    naive.now.until = (uint)uptime();
    return reply;
}

static int call(uint helper, enum helper_op op, uint a, uint b, uint c)
{
    send(helper, op, a, b, c);
    return receive().result;
}

static void expect(const char *what, uint got, uint want)
{
    if (got == want)
        return;
    tap_note("seed %d, step %u: after %s(0x%x, 0x%x, 0x%x) by process %u: %s", tap_seed, nsteps,
             helper_op_names[request.op], request.a, request.b, request.c, by, what);
    check_eq(got, want);
}

static void expect_when(const char *what, uint got, struct naive_when when)
{
    if (got < when.since || got > when.until)
        expect(what, got, when.since);
}

/* Comparing the whole. */

static void compare_totals(const struct ksminfo_t *info)
{
    struct ksminfo_t want = naive_totals();

    expect("segments", info->total_shrg_nr, want.total_shrg_nr);
    expect("pages", info->total_shpg_nr, want.total_shpg_nr);
    expect("attachments", info->total_attached_nr, want.total_attached_nr);
}

static void compare_segment(uint helper, uint segment)
{
    const struct naive_segment *s = &naive.segments[segment];
    struct helper_request cause = request;
    uint cause_by = by;
    struct naive_when now = naive.now;

    send(helper, INFO, (uint)naive.procs[helper].handles[segment], 0, 0);

    struct helper_reply reply = receive();
    const struct ksminfo_t *info = &reply.info;

    request = cause; /* the call that made a difference, if there is one */
    by = cause_by;
    naive.now = now;
    expect("the result of info", (uint)reply.result, 0);
    expect("ksmsz", info->ksmsz, s->size);
    expect("cpid", (uint)info->cpid, (uint)s->cpid);
    expect("mpid", (uint)info->mpid, (uint)s->mpid);
    expect("attached_nr", info->attached_nr, s->nattached);
    expect("marked", info->marked, s->marked);
    expect_when("atime", info->atime, s->atime);
    expect_when("dtime", info->dtime, s->dtime);
    expect_when("ctime", info->ctime, s->ctime);
    compare_totals(info);
}

/* Each segment is looked at by a helper that has it. */
static void compare(void)
{
    struct ksminfo_t totals = info_of(0);

    compare_totals(&totals);
    for (uint i = 0; i < NAIVE_SEGMENTS; i++) {
        uint first = pick(NAIVE_PROCS);

        for (uint j = 0; naive.segments[i].exists && j < NAIVE_PROCS; j++) {
            uint helper = (first + j) % NAIVE_PROCS;

            if (naive.procs[helper].alive && naive.procs[helper].handles[i]) {
                compare_segment(helper, i);
                break;
            }
        }
    }
}

/* Arguments. */

#define PICK(array) (array)[pick(sizeof(array) / sizeof((array)[0]))]

static uint any_handle(uint helper)
{
    const struct naive_proc *p = &naive.procs[helper];
    static const uint wild[] = { 0, (uint)-1, 1, 0x7FFFFFFF, 0x80000000 };
    uint from = pick(NAIVE_SEGMENTS);

    if (pick(8) != 0) {
        for (uint i = 0; i < NAIVE_SEGMENTS; i++) {
            uint segment = (from + i) % NAIVE_SEGMENTS;

            if (p->handles[segment])
                return (uint)p->handles[segment] ^ (pick(32) ? 0 : 1u << pick(32));
        }
    }
    return pick(4) ? (uint)history[pick(NHISTORY)] : PICK(wild);
}

static uint any_size(void)
{
    static const uint small[] = { 0, 1, 1, 4095, 4096, 4096, 4097, 3 * PAGE, 7 * PAGE + 1, 30 * PAGE };
    static const uint large[] = { 4 * MB - 1, 4 * MB, 4 * MB + 1, 9 * MB, HUGE_SIZE, HUGE_SIZE };
    const uint bad[] = { naive.max_pages * PAGE,
                         naive.max_pages * PAGE + 1,
                         0x7FFFDFFF,
                         0x7FFFE000,
                         0x7FFFE001,
                         0x80000000,
                         0xFFFFEFFF,
                         0xFFFFF000,
                         0xFFFFF001,
                         0xFFFFFFFF };
    uint kind = pick(40);

    if (kind < 36)
        return kind < 34 ? PICK(small) : PICK(large);
    return kind < 39 ? PICK(bad) : pick(0x80000000u) * 2;
}

static uint get_flags(void)
{
    static const uint flags[] = {
        0,
        0,
        0,
        0,
        KSM_CREATE,
        KSM_CREATE,
        KSM_OPEN,
        KSM_OPEN,
        KSM_CREATE | KSM_OPEN,
        KSM_MUSTNOTEXIST,
        KSM_CREATE | KSM_MUSTNOTEXIST,
        KSM_OPEN | KSM_MUSTNOTEXIST,
        KSM_HUGETLB,
        KSM_READ,
        KSM_HUGETLB | KSM_CREATE,
    };
    uint kind = pick(20);

    return kind < 18 ? PICK(flags) : kind < 19 ? 1u << pick(32) : pick(256);
}

static uint attach_flags_any(void)
{
    static const uint flags[] = {
        0, 0, KSM_READ, KSM_READ, KSM_WRITE, KSM_RDWR, KSM_READ | KSM_WRITE, KSM_READ | KSM_RDWR, KSM_CREATE
    };
    uint kind = pick(20);

    return kind < 18 ? PICK(flags) : kind < 19 ? 1u << pick(32) : pick(256);
}

static const struct naive_view *any_view(const struct naive_proc *p)
{
    return p->nviews ? &p->views[pick(p->nviews)] : NULL;
}

/* Calls. */

static void do_get(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    uint id = ids[pick(NIDS)], size = any_size(), flags = get_flags();
    int got = call(helper, GET, id, size, flags), segment;
    int want = naive_get(p, id, size, flags, &segment);

    if (want < 0) {
        expect("the error of get", (uint)got, (uint)want);
        return;
    }
    expect("a handle is positive", got > 0, 1);
    if (p->handles[segment])
        expect("the same handle again", (uint)got, (uint)p->handles[segment]);
    else
        expect("nothing else has this handle", (uint)naive_of_handle(p, got), (uint)NOBODY);
    p->handles[segment] = got;
    history[nhistory++ % NHISTORY] = got;
}

static void check_stamps(uint helper, const struct naive_view *v)
{
    const struct naive_segment *s = &naive.segments[v->segment];

    for (uint i = 0; i < NAIVE_STAMPS; i++) {
        uint va = v->va + naive_stamp_page(s, i) * PAGE;

        expect("a stamp", (uint)call(helper, PEEK, va, 0, 0), s->stamps[i]);
    }
}

static void do_attach(uint helper, uint handle)
{
    uint flags = attach_flags_any();
    int got = call(helper, ATTACH, handle, flags, 0);
    int want = naive_attach(&naive.procs[helper], (int)handle, flags);

    expect("the result of attach", (uint)got, (uint)want);
    if (got > 0)
        check_stamps(helper, &naive.procs[helper].views[naive.procs[helper].nviews - 1]);
}

static void do_attach_many(uint helper)
{
    uint handle = any_handle(helper);

    for (uint n = pick(50); n > 0; n--)
        do_attach(helper, handle);
}

static void do_detach(uint helper)
{
    uint handle = any_handle(helper);
    int got = call(helper, DETACH, handle, 0, 0);

    expect("the result of detach", (uint)got, (uint)naive_detach(&naive.procs[helper], (int)handle));
}

static void do_detach_at(uint helper)
{
    static const uint off[] = { 0, 0, 0, 0, 1, 4, PAGE, (uint) - (int)PAGE, 0x80000000 };
    const struct naive_view *v = any_view(&naive.procs[helper]);
    uint va = (v ? v->va : pick(KERNBASE)) + PICK(off);
    int got = call(helper, DETACH_AT, va, 0, 0);

    expect("the result of detachat", (uint)got, (uint)naive_detach_at(&naive.procs[helper], va));
}

static void do_delete(uint helper)
{
    uint handle = any_handle(helper);
    int got = call(helper, DELETE, handle, 0, 0);

    expect("the result of delete", (uint)got, (uint)naive_delete(&naive.procs[helper], (int)handle));
}

static void do_info(uint helper)
{
    uint handle = any_handle(helper);
    bool good = handle == 0 || naive_of_handle(&naive.procs[helper], (int)handle) != NOBODY;

    expect("the result of info", (uint)call(helper, INFO, handle, 0, 0), good ? 0 : (uint)KSM_EHANDLE);
}

/* The record goes into an attachment, or half into it, and overwrites no stamp. */
static void do_info_at(uint helper)
{
    static const uint offsets[] = { 8, 2048, PAGE - sizeof(struct ksminfo_t), PAGE - 40, PAGE - 4, -4u };
    const struct naive_proc *p = &naive.procs[helper];
    const struct naive_view *v = any_view(p);
    uint offset = PICK(offsets);
    bool straddles = offset > PAGE - sizeof(struct ksminfo_t);
    int handle = straddles ? 0x7FFFFFFF : 0;

    if (!v)
        return;

    uint va = v->va + (pick(2) ? (naive.segments[v->segment].npages - 1) * PAGE : 0) + offset;
    int want = !naive_can(p, va, sizeof(struct ksminfo_t), true) ? KSM_EFAULT : straddles ? KSM_EHANDLE : 0;

    if (va < (p->brk + PAGE - 1) / PAGE * PAGE) /* half in the heap */
        return;
    expect("the result of info", (uint)call(helper, INFO_AT, (uint)handle, va, 0), (uint)want);
}

static void do_poke(uint helper)
{
    const struct naive_view *v = any_view(&naive.procs[helper]);
    uint which = pick(NAIVE_STAMPS), value = pick(0xFFFFFFFF);

    if (!v)
        return;

    struct naive_segment *s = &naive.segments[v->segment];
    uint page = naive_stamp_page(s, which);

    if (v->writable) {
        call(helper, POKE, v->va + page * PAGE, value, 0);
        for (uint i = 0; i < NAIVE_STAMPS; i++) {
            if (naive_stamp_page(s, i) == page)
                s->stamps[i] = value;
        }
    }
    check_stamps(helper, any_view(&naive.procs[helper]));
}

static void do_sbrk(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    uint top = KERNBASE, room, deltas[8] = { 0, 1, PAGE, 2 * PAGE + 5, 0x70000000, 0x80000000 };

    for (uint i = 0; i < p->nviews; i++)
        top = p->views[i].va < top ? p->views[i].va : top;
    room = top - p->brk;
    deltas[6] = room + 1;
    deltas[7] = -pick(p->brk - p->first_brk + 1);

    uint delta = PICK(deltas);
    bool shrinks = (int)delta < 0;
    bool fits = shrinks ? p->brk + delta <= p->brk : delta <= room && delta < HUGE_SIZE;

    if (!shrinks && delta < HUGE_SIZE && p->brk + delta - p->first_brk > HEAP_MOST)
        return;
    expect("the result of sbrk", (uint)call(helper, SBRK, delta, 0, 0), fits ? p->brk : (uint)-1);
    if (fits)
        p->brk += delta;
}

/* Processes. */

/* Starts a helper without segments, as a child of this process. */
static void start_helper(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    int pid = fork();

    check(pid >= 0);
    if (pid == 0)
        helper_obey(helper);
    memset(p, 0, sizeof(*p));
    p->alive = true;
    p->pid = pid;
    p->parent = NOBODY;
    p->first_brk = p->brk = (uint)call(helper, SBRK, 0, 0, 0);
}

static void do_fork(uint helper)
{
    uint free = 0;
    int want, got;

    while (free < NAIVE_PROCS && naive.procs[free].alive)
        free++;
    if (free == NAIVE_PROCS)
        return;
    if (pick(3) == 0) {
        start_helper(free);
        return;
    }
    got = call(helper, FORK, free, 0, 0);
    want = naive_fork(&naive.procs[helper], &naive.procs[free], got);
    expect("does fork work", got > 0 ? 0 : (uint)got, (uint)want);
}

/* Its attachments are gone when its parent's wait() returns.  The parent of an orphan is init. */
static void bury(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    int status, waited;

    p->alive = false;
    if (p->parent == NOBODY) {
        expect("the dead one", (uint)waits(&status), (uint)p->pid);
    } else if (p->parent != ORPHAN) {
        struct naive_when now = naive.now;

        waited = call((uint)p->parent, WAIT, 0, 0, 0);
        expect("the dead one", (uint)waited, (uint)p->pid);
        naive.now.since = now.since;
    }
    for (uint i = 0; i < NAIVE_PROCS; i++) {
        if (naive.procs[i].alive && naive.procs[i].parent == (int)helper)
            naive.procs[i].parent = ORPHAN;
    }
    naive.now.until = (uint)uptime();
    naive_release(p);
    if (p->parent == ORPHAN) { /* it has to take its last request before another helper may read that pipe */
        struct procinfo living;

        wait_until(procinfo(p->pid, &living) < 0);
    }
    for (int i = 0; p->parent == ORPHAN && i < 100; i++) {
        struct ksminfo_t info = info_of(0), want = naive_totals();

        if (info.total_attached_nr == want.total_attached_nr && info.total_shrg_nr == want.total_shrg_nr)
            break;
        sleep(1);
    }
}

static void do_exit(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    struct naive_when now;

    if (pick(2)) {
        send(helper, EXIT, 0, 0, 0);
    } else {
        send(helper, SBRK, 0, 0, 0);
        receive();
        check_eq(kill(p->pid), 0);
    }
    now.since = naive.now.since;
    if (p->parent == ORPHAN) { /* no wait() returns when it has ended */
        now.until = now.since + 1000;
        bury(helper);
        for (uint i = 0; i < NAIVE_SEGMENTS; i++) {
            if (naive.segments[i].dtime.since == now.since)
                naive.segments[i].dtime.until = now.until;
        }
    } else {
        bury(helper);
    }
}

static void do_exec(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    bool good = pick(2);
    int result = call(helper, EXEC, good, 0, 0);

    if (!good) {
        expect("a failed exec", (uint)result, (uint)-1);
        return;
    }
    expect("does exec work", result > 0, 1);
    naive_release(p);
    p->first_brk = p->brk = (uint)result;
}

/* The run. */

static void step(uint helper)
{
    uint what = pick(200);

    if (what < 50)
        do_get(helper);
    else if (what < 85)
        do_attach(helper, any_handle(helper));
    else if (what < 87)
        do_attach_many(helper);
    else if (what < 112)
        do_detach(helper);
    else if (what < 130)
        do_detach_at(helper);
    else if (what < 145)
        do_delete(helper);
    else if (what < 150)
        do_info(helper);
    else if (what < 160)
        do_info_at(helper);
    else if (what < 175)
        do_poke(helper);
    else if (what < 185)
        do_sbrk(helper);
    else if (what < 192)
        do_fork(helper);
    else if (what < 196)
        do_exit(helper);
    else
        do_exec(helper);
}

static uint some_helper(void)
{
    uint i = pick(NAIVE_PROCS);

    for (uint n = 0; n < NAIVE_PROCS; n++, i = (i + 1) % NAIVE_PROCS) {
        if (naive.procs[i].alive)
            return i;
    }
    start_helper(i);
    return i;
}

static uint limit_of(const char *name)
{
    char text[16];
    int value;

    check(bootarg(name, text, sizeof(text)) > 0 && parse_number(text, &value));
    return (uint)value;
}

static void end_helpers(void)
{
    for (uint i = 0; i < NAIVE_PROCS; i++) {
        if (naive.procs[i].alive)
            kill(naive.procs[i].pid);
    }
    while (wait() > 0)
        ;
}

static void cleanup(void)
{
    end_helpers();
    drop_fresh();
}

TEST("§3 §4 §5 §6 §7 §8 §9 §10 §12 random calls of several processes give what the model gives")
{
    int fds[2], end = uptime() + (tap_seconds ? tap_seconds : SECONDS) * TICKS_PER_SECOND;
    bool checked = debug(DEBUG_CHECK, 0) == 0;

    tap_note("seed %d", tap_seed);
    random = chance_start((uint)tap_seed, 0);
    naive.max_segments = limit_of("ksm.segments");
    naive.max_attachments = limit_of("ksm.attachments");
    naive.max_pages = naive.max_frames = limit_of("ksm.pages");
    check_eq(info_of(0).total_shrg_nr, 0); /* the model knows of no others */
    for (uint i = 0; i < NIDS; i++)
        ids[i] = (uint)fresh_id();
    check_eq(pipe(fds), 0);
    helper_first_fd = fds[0];
    for (uint i = 0; i < NAIVE_PROCS; i++) {
        check_eq(pipe(fds), 0);
        check_eq(fds[0], helper_fd(i));
    }
    for (; uptime() < end; nsteps++) {
        step(some_helper());
        compare();
        if (checked && nsteps % 16 == 0)
            check_eq(debug(DEBUG_CHECK, 0), 0);
    }
    tap_note("%u steps", nsteps);
    for (uint i = 0; i < NAIVE_PROCS; i++) {
        if (naive.procs[i].alive) {
            kill(naive.procs[i].pid);
            bury(i);
        }
    }
    compare();
    drop_fresh();
}

int main(int argc, char *argv[])
{
    helper_main(argc, argv); /* returns in no helper */
    return tap_main(argc, argv, cleanup);
}
