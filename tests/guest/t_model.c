/*
 * t_model.c - random calls of several processes, compared with the model of naive.h after each.
 *
 * t_model -s SEED -t SECONDS makes another sequence, or a longer one.  The test decides which helper makes which call;
 * the helpers make one call at a time, on request.
 *
 * Runs with: --param ksm.segments=14 --param ksm.attachments=48 --param ksm.pages=28000 -- t_model
 */
#include "procinfo.h"
#include "t_model/model.h"

#define SECONDS          6
#define TICKS_PER_SECOND 100
#define ORPHAN           (-2)

uint model_random, model_step;
uint model_ids[NIDS];

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
    p->first_brk = p->brk = (uint)model_call(helper, SBRK, 0, 0, 0);
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
    got = model_call(helper, FORK, free, 0, 0);
    want = naive_fork(&naive.procs[helper], &naive.procs[free], got);
    model_expect("does fork work", got > 0 ? 0 : (uint)got, (uint)want);
}

/* Its attachments are gone when its parent has waited for it.  The parent of an orphan is init. */
static void bury(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    int status, waited;

    p->alive = false;
    if (p->parent == NOBODY) {
        model_expect("the dead one", (uint)waits(&status), (uint)p->pid);
    } else if (p->parent != ORPHAN) {
        struct naive_when now = naive.now;

        waited = model_call((uint)p->parent, WAIT, 0, 0, 0);
        model_expect("the dead one", (uint)waited, (uint)p->pid);
        naive.now.since = now.since;
    } else { /* it has to take its last request before another helper may read that pipe; then init waits for it */
        struct procinfo living;

        wait_until(procinfo(p->pid, &living) < 0);
        wait_until(kill(p->pid) < 0);
    }
    for (uint i = 0; i < NAIVE_PROCS; i++) {
        if (naive.procs[i].alive && naive.procs[i].parent == (int)helper)
            naive.procs[i].parent = ORPHAN;
    }
    naive.now.until = (uint)uptime();
    naive_release(p);
}

static void do_exit(uint helper)
{
    if (pick(2)) {
        model_send(helper, EXIT, 0, 0, 0);
    } else {
        model_send(helper, SBRK, 0, 0, 0);
        model_receive();
        check_eq(kill(naive.procs[helper].pid), 0);
    }
    bury(helper);
}

static void do_exec(uint helper)
{
    struct naive_proc *p = &naive.procs[helper];
    bool good = pick(2);
    int result = model_call(helper, EXEC, good, 0, 0);

    if (!good) {
        model_expect("a failed exec", (uint)result, (uint)-1);
        return;
    }
    model_expect("does exec work", result > 0, 1);
    naive_release(p);
    p->first_brk = p->brk = (uint)result;
}

/* The run. */

static void step(uint helper)
{
    uint what = pick(200);

    if (what < MODEL_CALLS)
        model_make_call(helper, what);
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
    model_random = chance_start((uint)tap_seed, 0);
    naive.max_segments = limit_of("ksm.segments");
    naive.max_attachments = limit_of("ksm.attachments");
    naive.max_pages = naive.max_frames = limit_of("ksm.pages");
    check_eq(info_of(0).total_shrg_nr, 0); /* the model knows of no others */
    for (uint i = 0; i < NIDS; i++)
        model_ids[i] = (uint)fresh_id();
    check_eq(pipe(fds), 0);
    helper_first_fd = fds[0];
    for (uint i = 0; i < NAIVE_PROCS; i++) {
        check_eq(pipe(fds), 0);
        check_eq(fds[0], helper_fd(i));
    }
    for (; uptime() < end; model_step++) {
        step(some_helper());
        model_compare();
        if (checked && model_step % 16 == 0)
            check_eq(debug(DEBUG_CHECK, 0), 0);
    }
    tap_note("%u steps", model_step);
    for (uint i = 0; i < NAIVE_PROCS; i++) {
        if (naive.procs[i].alive) {
            kill(naive.procs[i].pid);
            bury(i);
        }
    }
    model_compare();
    drop_fresh();
}

int main(int argc, char *argv[])
{
    helper_main(argc, argv); /* returns in no helper */
    return tap_main(argc, argv, cleanup);
}
