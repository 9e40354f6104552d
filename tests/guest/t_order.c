/*
 * t_order.c - shared memory: concurrent calls give the result of some order of them, §12.
 *
 * In each round a few workers make random calls on the same identifiers, all at once, and note what each call gave, and
 * a number from a common count before it and after it.  Then the test looks for an order of the calls in which each
 * would have given just that: one that keeps each worker's own order, and puts no call before one that had ended when
 * it began.  There is one, or the calls were not atomic.
 *
 * Workers have children: each makes one call, and ends; some are killed in the middle of it.
 *
 * t_order -s SEED -t SECONDS makes other calls, or more of them.
 *
 * Runs with: --param ksm.segments=3 --param ksm.attachments=10 --param ksm.pages=220 -- t_order
 */
#include "chance.h"
#include "ksmtest.h"
#include "procinfo.h"

#define NWORKERS 3u
#define NACTORS  (2 * NWORKERS) /* the workers, and a child of each */
#define NIDS     3u
#define NCALLS   4u                  /* of a worker in a round */
#define NNOTES   (3 * NCALLS)        /* a child's birth, call and end are three */
#define NLIVES   (NWORKERS * NCALLS) /* segments in a round, at most */

#define MAX_SEGMENTS    3u /* the boot parameters */
#define MAX_ATTACHMENTS 10u
#define MAX_PAGES       220u

enum op { GET, ATTACH, DETACH, DELETE, INFO, FORK, END };

struct note {
    enum op op;
    uint actor;
    int pid;
    bool perhaps; /* its process was killed: it was made or not, and nobody knows what it gave */
    uint id;
    int handle; /* or for GET the flags */
    uint size;
    int result;
    struct ksminfo_t info;
    uint begin, end;
};

/* Shared by all. */
struct board {
    volatile uint round, nready, ndone; /* words to wait on, and counts */
    volatile uint count;
    volatile uint nnotes[NWORKERS];
    struct note notes[NWORKERS][NNOTES];
};

static struct board *board;
static int ids[NIDS];
static uint random;
static uint nshared; /* attachments that each process has of the board */

static uint pick(uint n) { return chance(&random, n); }

static uint now(void) { return __atomic_add_fetch(&board->count, 1, __ATOMIC_SEQ_CST); }

/* The workers. */

static int handles[NIDS]; /* what the worker got last in this round; 0: nothing */
static struct note *next; /* where its next note goes */

static struct note *begin(enum op op, uint actor)
{
    struct note *n = next++;

    *n = (struct note){ .op = op, .actor = actor, .pid = getpid(), .begin = now() };
    return n;
}

static void choose_call(struct note *n)
{
    static const uint sizes[] = { 1, 3000, 4097, 100 * PAGE, 200 * PAGE };
    static const int flags[] = { 0, 0, 0, KSM_OPEN, KSM_MUSTNOTEXIST };
    uint kind = pick(12);

    n->id = pick(NIDS);
    n->handle = handles[n->id];
    if (kind < 3 || !n->handle) {
        n->op = GET;
        n->handle = flags[pick(COUNT(flags))];
        n->size = sizes[pick(COUNT(sizes))];
    } else {
        n->op = kind < 6 ? ATTACH : kind < 7 ? DETACH : kind < 8 ? DELETE : INFO;
        if (n->op == INFO && pick(2))
            n->handle = 0;
    }
}

static void make_call(struct note *n)
{
    n->begin = now();
    switch (n->op) {
    case GET:
        n->result = ksmget(ids[n->id], n->size, n->handle);
        break;
    case ATTACH:
        n->result = (int)ksmattach(n->handle, pick(2) ? KSM_READ : 0);
        break;
    case DETACH:
        n->result = ksmdetach(n->handle);
        break;
    case DELETE:
        n->result = ksmdelete(n->handle);
        break;
    default:
        n->result = ksminfo(n->handle, &n->info);
    }
    n->end = now();
    if (n->op == GET && n->result > 0)
        handles[n->id] = n->result;
}

static void child(struct note *call, struct note *end, uint how)
{
    call->pid = end->pid = getpid();
    make_call(call);
    end->begin = now();
    if (how == 1)
        for (;;) /* until it is killed */
            sleep(1000);
    if (how == 2)
        exec("/true", (char *[]){ "true", NULL });
    exits(0);
}

static void make_child(uint worker)
{
    struct note *birth = begin(FORK, worker), *call = begin(GET, NWORKERS + worker),
                *end = begin(END, NWORKERS + worker);
    uint how = pick(4), delay = pick(3000); /* how it ends: 1 killed, 2 after an exec, else by itself */
    int status;

    choose_call(call);
    call->perhaps = how == 1;
    birth->begin = now();
    int pid = fork();
    if (pid == 0)
        child(call, end, how);
    birth->end = now();
    birth->result = pid;
    if (pid < 0) {
        next = birth + 1;
        return;
    }
    if (how == 1) {
        call->pid = end->pid = pid;
        for (volatile uint i = 0; i < delay; i++)
            ;
        end->begin = now();
        kill(pid);
    }
    check_eq(waits(&status), pid);
    check_eq(status, how == 1 ? KILLED : 0);
    end->end = now();
    if (how == 1 && !call->end)
        call->end = end->end;
}

static void do_round(uint worker)
{
    struct note *notes = board->notes[worker];

    next = notes;
    for (uint i = 0; i < NIDS; i++)
        handles[i] = 0;
    for (uint i = 0; i < NCALLS; i++) {
        if (pick(4) == 0) {
            make_child(worker);
        } else {
            struct note *n = begin(GET, worker);
            choose_call(n);
            make_call(n);
        }
    }
    board->nnotes[worker] = (uint)(next - notes);
}

static void clean_up(const struct note *notes, uint n)
{
    for (uint i = 0; i < n; i++)
        if (notes[i].op == GET && notes[i].result > 0 && notes[i].actor < NWORKERS)
            while (ksmdetach(notes[i].result) == 0)
                ;
}

static void add_and_wake(volatile uint *word)
{
    __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
    ksmwake((uint *)word, 100);
}

static void wait_for(volatile uint *word, uint value)
{
    for (uint seen; (int)((seen = *word) - value) < 0;)
        ksmwaitpeer((uint *)word, seen, 0, -1);
}

static void work(void *arg)
{
    const uint *parameters = arg; /* worker, seed */

    random = chance_start(parameters[1], parameters[0]);
    for (uint round = 1;; round++) {
        wait_for(&board->round, 2 * round - 1);
        __atomic_add_fetch(&board->nready, 1, __ATOMIC_SEQ_CST);
        for (uint i = 0; i < 20000 && board->nready < round * NWORKERS; i++)
            ; /* a worker that came later has less to wait for */
        do_round(parameters[0]);
        add_and_wake(&board->ndone);
        wait_for(&board->round, 2 * round);
        clean_up(board->notes[parameters[0]], board->nnotes[parameters[0]]);
        add_and_wake(&board->ndone);
    }
}

/* The model: what there would be after some of the calls. */

struct life {   /* of a segment */
    int handle; /* 0: a killed process made it, and nobody has got it yet */
    uint id, size;
    bool marked, dead, attached_once, detached_once;
    int cpid, mpid;
    uint nattached;
};

struct world {
    uint nlives, nsegments, npages, nattached;
    struct life lives[NLIVES];
    uchar attached[NACTORS][NLIVES]; /* how often the actor has it attached */
};

static uint pages_of(uint size) { return (size + PAGE - 1) / PAGE; }

static struct life *living(struct world *w, uint id)
{
    for (uint i = 0; i < w->nlives; i++)
        if (w->lives[i].id == id && !w->lives[i].dead)
            return &w->lives[i];
    return NULL;
}

static struct life *behind(struct world *w, int handle)
{
    for (uint i = 0; i < w->nlives; i++)
        if (w->lives[i].handle == handle && !w->lives[i].dead)
            return &w->lives[i];
    return NULL;
}

static void bury_unused(struct world *w, struct life *l)
{
    if (!l->marked || l->nattached)
        return;
    l->dead = true;
    w->nsegments--;
    w->npages -= pages_of(l->size);
}

static int get(struct world *w, const struct note *n)
{
    struct life *l = living(w, n->id);

    if (l) {
        if (n->handle == KSM_MUSTNOTEXIST)
            return KSM_EEXIST;
        if (n->size > l->size)
            return KSM_ESIZE;
        if (!l->handle && !n->perhaps)
            l->handle = n->result;
        return l->handle;
    }
    if (n->handle == KSM_OPEN)
        return KSM_ENOENT;
    if (w->nsegments >= MAX_SEGMENTS || w->npages + pages_of(n->size) > MAX_PAGES)
        return KSM_ENOSPC;
    l = &w->lives[w->nlives++];
    *l = (struct life){
        .handle = n->perhaps ? 0 : n->result, .id = n->id, .size = n->size, .cpid = n->pid, .mpid = n->pid
    };
    w->nsegments++;
    w->npages += pages_of(n->size);
    return l->handle;
}

static bool info_agrees(const struct world *w, const struct life *l, const struct note *n)
{
    const struct ksminfo_t *i = &n->info;

    if (i->total_shrg_nr != w->nsegments || i->total_shpg_nr != w->npages ||
        i->total_attached_nr != w->nattached)
        return false;
    return !l || (i->ksmsz == l->size && i->cpid == l->cpid && i->mpid == l->mpid &&
                  i->attached_nr == l->nattached && i->marked == l->marked &&
                  (i->atime != 0) == l->attached_once && (i->dtime != 0) == l->detached_once);
}

static int fork_child(struct world *w, const struct note *n)
{
    uint more = nshared;

    for (uint i = 0; i < w->nlives; i++)
        more += w->attached[n->actor][i];
    if (w->nattached + more > MAX_ATTACHMENTS)
        return -1;
    w->nattached += more;
    for (uint i = 0; i < w->nlives; i++) {
        uint nattached = w->attached[NWORKERS + n->actor][i] = w->attached[n->actor][i];
        w->lives[i].nattached += nattached;
        if (nattached) {
            w->lives[i].mpid = n->result;
            w->lives[i].attached_once = true;
        }
    }
    return n->result;
}

static void end_child(struct world *w, const struct note *n)
{
    w->nattached -= nshared;
    for (uint i = 0; i < w->nlives; i++) {
        uint nattached = w->attached[n->actor][i];
        if (!nattached)
            continue;
        w->attached[n->actor][i] = 0;
        w->nattached -= nattached;
        w->lives[i].nattached -= nattached;
        w->lives[i].mpid = n->pid;
        w->lives[i].detached_once = true;
        bury_unused(w, &w->lives[i]);
    }
}

/* A call on a handle. */
static int call(struct world *w, const struct note *n)
{
    struct life *l = behind(w, n->handle);

    if (!l)
        return KSM_EHANDLE;
    uchar *nattached = &w->attached[n->actor][l - w->lives];
    int change = n->op == ATTACH ? 1 : -1;
    if (n->op == DELETE) {
        l->marked = true;
        l->mpid = n->pid;
        bury_unused(w, l);
        return 0;
    }
    if (change > 0 && w->nattached >= MAX_ATTACHMENTS)
        return KSM_ENOSPC;
    if (change < 0 && !*nattached)
        return KSM_ENOTATT;
    *nattached = (uchar)(*nattached + change);
    l->nattached += (uint)change;
    w->nattached += (uint)change;
    l->mpid = n->pid;
    if (change > 0)
        l->attached_once = true;
    else
        l->detached_once = true;
    bury_unused(w, l);
    return change > 0 && n->result > 0 ? n->result : 0;
}

/* Could the call have given this now?  Then it is made. */
static bool agrees(struct world *w, const struct note *n)
{
    int result = n->result;

    switch (n->op) {
    case GET:
        result = get(w, n);
        break;
    case INFO:
        if (n->handle && !behind(w, n->handle))
            result = KSM_EHANDLE;
        else if (n->perhaps)
            return true;
        else
            return n->result == 0 && info_agrees(w, n->handle ? behind(w, n->handle) : NULL, n);
        break;
    case FORK:
        result = fork_child(w, n);
        break;
    case END:
        end_child(w, n);
        return true;
    default:
        result = call(w, n);
    }
    return n->perhaps || result == n->result;
}

static uint done[NWORKERS]; /* calls that are in the order so far */
static uint nsteps;

/* May the worker's next call be the next one of all? */
static bool may_be_next(uint worker)
{
    uint begins = board->notes[worker][done[worker]].begin;

    for (uint i = 0; i < NWORKERS; i++)
        if (i != worker && done[i] < board->nnotes[i] && board->notes[i][done[i]].end < begins)
            return false;
    return true;
}

static bool order_exists(const struct world *w)
{
    bool over = true;

    nsteps++;
    for (uint i = 0; i < NWORKERS; i++) {
        if (done[i] == board->nnotes[i])
            continue;
        over = false;
        if (!may_be_next(i))
            continue;
        struct world then = *w;
        const struct note *n = &board->notes[i][done[i]++];
        if (agrees(&then, n) && order_exists(&then))
            return true;
        if (n->perhaps && order_exists(w))
            return true;
        done[i]--;
    }
    return over;
}

static void print_notes(void)
{
    static const char *const names[] = { "get", "attach", "detach", "delete", "info", "fork", "end" };

    for (uint i = 0; i < NWORKERS; i++)
        for (uint j = 0; j < board->nnotes[i]; j++) {
            const struct note *n = &board->notes[i][j];
            tap_note("%d-%d actor %d pid %d: %s%s id %d %x size %d = %d", n->begin, n->end, n->actor, n->pid,
                     n->perhaps ? "perhaps " : "", names[n->op], n->id, n->handle, n->size, n->result);
            if (n->op == INFO)
                tap_note("  size %d cpid %d mpid %d att %d marked %d a %d d %d; %d %d %d", n->info.ksmsz,
                         n->info.cpid, n->info.mpid, n->info.attached_nr, n->info.marked, n->info.atime,
                         n->info.dtime, n->info.total_shrg_nr, n->info.total_shpg_nr,
                         n->info.total_attached_nr);
        }
}

static void look_for_order(const struct world *start)
{
    for (uint i = 0; i < NWORKERS; i++) { /* what comes later in a worker's order ends later */
        uint end = (uint)-1;
        for (uint j = board->nnotes[i]; j-- > 0;) {
            struct note *n = &board->notes[i][j];
            if (n->end > end)
                n->end = end;
            end = n->end;
        }
        done[i] = 0;
    }
    bool found = order_exists(start);
    if (!found)
        print_notes();
    check(found);
}

TEST("§12 concurrent calls give the result of some order of them")
{
    struct procinfo self;
    int handle = fresh(sizeof(struct board)), pids[NWORKERS], h;
    uint nrounds = 0, until, ncalls = 0;

    board = (struct board *)attach(handle);
    for (uint i = 0; i < NIDS; i++)
        ids[i] = fresh_id();
    for (uint i = 0; i < NWORKERS; i++) {
        uint parameters[2] = { i, (uint)tap_seed };
        check_eq(procinfo(getpid(), &self), 0);
        nshared = self.nattached;
        pids[i] = tap_start(work, parameters);
    }
    struct ksminfo_t totals = info_of(0);
    const struct world start = { .nsegments = totals.total_shrg_nr,
                                 .npages = totals.total_shpg_nr,
                                 .nattached = totals.total_attached_nr };
    until = (uint)uptime() + 100 * (uint)(tap_seconds ? tap_seconds : 6);
    while ((int)((uint)uptime() - until) < 0) {
        nrounds++;
        add_and_wake(&board->round);
        wait_for(&board->ndone, (2 * nrounds - 1) * NWORKERS);
        for (uint i = 0; i < NWORKERS; i++)
            ncalls += board->nnotes[i];
        look_for_order(&start);
        add_and_wake(&board->round);
        wait_for(&board->ndone, 2 * nrounds * NWORKERS);
        for (uint i = 0; i < NIDS; i++)
            if ((h = ksmget(ids[i], 0, KSM_OPEN)) > 0)
                check_eq(ksmdelete(h), 0);
        totals = info_of(0);
        check_eq(totals.total_shrg_nr, start.nsegments);
        check_eq(totals.total_attached_nr, start.nattached);
        board->count = 0;
    }
    tap_note("%d rounds, %d calls, %d steps", nrounds, ncalls, nsteps);
    for (uint i = 0; i < NWORKERS; i++) {
        kill(pids[i]);
        check_eq(tap_status(pids[i]), KILLED);
    }
    ksmdetach(handle);
    ksmdelete(handle);
}

TAP_MAIN(drop_fresh)
