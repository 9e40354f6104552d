/*
 * t_ksmrace.c - shared memory: calls of several processes against each other, §12.
 *
 * Each worker makes its random calls from a seed of its own.  What they may find is fixed by stamps: a
 * page of a segment holds only zeroes or what was written under its identifier, and a worker's private
 * segment only what it wrote itself; so a frame that is reached through an old address, or given to two
 * owners, shows.  The figures are compared when all workers are gone.
 */
#include "chance.h"
#include "ksmtest.h"

#define NSHARED  4 /* segments that all workers use */
#define NWORKERS 4
#define NPAGES   3 /* of each */
#define SEED     20180u

static int first_id; /* of the shared ones */
static uint random;

static uint pick(uint n) { return chance(&random, n); }

static uint stamp_of(int id, uint page) { return (uint)id * 2654435761u ^ page; }

/* An attachment of a shared segment: zeroes or stamps, and now stamps. */
static void check_shared(int id, uint *p, bool writable)
{
    for (uint page = 0; page < NPAGES; page++) {
        volatile uint *word = p + page * PAGE / sizeof(uint) + pick(PAGE / sizeof(uint));

        check(*word == 0 || *word == stamp_of(id, page));
        if (writable)
            *word = stamp_of(id, page);
    }
}

static void use_shared(void)
{
    int id = first_id + pick(NSHARED), handle = ksmget(id, NPAGES * PAGE);
    int flags = pick(3) ? 0 : KSM_READ;
    struct ksminfo_t info;
    uint *p;

    check_positive(handle);
    p = ksmattach(handle, flags);
    if (ksmerror(p)) { /* destroyed since */
        check_eq(ksmerror(p), KSM_EHANDLE);
        return;
    }
    check_shared(id, p, flags == 0);
    check_eq(ksminfo(handle, &info), 0); /* ours, so it lives */
    check(info.attached_nr >= 1 && info.ksmsz == NPAGES * PAGE);
    if (pick(4) == 0)
        check_eq(ksmdelete(handle), 0);
    check_shared(id, p, flags == 0);
    check_eq(pick(2) ? ksmdetach(handle) : ksmdetachat(p), 0);
}

static void use_private(void)
{
    uint npages = 1 + pick(5), value = pick(0x10000) << 8;
    int handle = fresh(npages * PAGE);
    uint *p = (uint *)attach(handle);

    for (uint i = 0; i < npages * PAGE / sizeof(uint); i += 97) {
        check_eq(p[i], 0);
        p[i] = value + i;
    }
    check_eq(ksmdelete(handle), 0);
    for (uint i = 0; i < npages * PAGE / sizeof(uint); i += 97)
        check_eq(p[i], value + i);
    check_eq(ksmdetachat(p), 0);
    check_eq(ksmdetach(handle), KSM_EHANDLE);
}

/* A child inherits attachments, and ends in one of several ways. */
static void use_child(void)
{
    int id = first_id + pick(NSHARED), handle = ksmget(id, NPAGES * PAGE);
    int how = pick(4), pid, status;
    uint *p = ksmattach(handle);

    pid = fork();
    if (pid == 0) {
        if (!ksmerror(p))
            check_shared(id, p, true);
        if (how == 0)
            exec("/true", (char *[]){ "true", NULL });
        if (how == 1)
            *(volatile int *)KERNBASE = 0;
        if (how == 2)
            ksmwait(ksmerror(p) ? (uint *)&id : p, 0, 2);
        exits(0);
    }
    check_positive(pid);
    if (how == 3)
        kill(pid);
    if (!ksmerror(p))
        check_eq(ksmdetach(p), 0);
    check_eq(waits(&status), pid);
    check(status == 0 || (status == KILLED && (how == 1 || how == 3)));
}

static void work(void *arg)
{
    uint *parameters = arg; /* seed, rounds, children */

    random = chance_start(parameters[0], 0);
    for (uint i = 0; i < parameters[1]; i++) {
        uint kind = pick(16);

        if (kind < 10)
            use_shared();
        else if (kind < 15 || !parameters[2])
            use_private();
        else
            use_child();
    }
}

static void run_workers(uint nrounds, bool children)
{
    struct ksminfo_t before = info_of(0), after;
    int handle;

    first_id = fresh_id();
    for (int i = 1; i < NSHARED; i++)
        fresh_id();
    for (uint i = 0; i < NWORKERS; i++) {
        uint parameters[3] = { SEED + i, nrounds, children };

        tap_start(work, parameters);
    }
    tap_join_all(NWORKERS);
    for (int i = 0; i < NSHARED; i++) {
        handle = ksmget(first_id + i, 0, KSM_OPEN);
        if (handle > 0) {
            check_eq(info_of(handle).attached_nr, 0);
            check_eq(ksmdelete(handle), 0);
        }
    }
    after = info_of(0);
    check_eq(after.total_shrg_nr, before.total_shrg_nr);
    check_eq(after.total_shpg_nr, before.total_shpg_nr);
    check_eq(after.total_attached_nr, before.total_attached_nr);
    check_alive();
}

TEST("§12 §3.8 attach, detach, delete and get run against each other") { run_workers(12000, false); }

TEST("§12 §7.1 §7.2 so do fork, exec, faults and kill") { run_workers(1500, true); }

/* Processes that only count: attachments are made and given back on all processors at once. */

static void attach_and_detach(void *arg)
{
    int handle = ksmget(*(int *)arg, PAGE);

    for (int i = 0; i < 60000; i++) {
        char *p = attach(handle);

        check_eq(i % 2 ? ksmdetachat(p) : ksmdetach(handle), 0);
    }
}

TEST("§12 §8 no attachment is lost or left when processes attach and detach at once")
{
    int id = fresh_id(), handle = ksmget(id, PAGE);

    for (int i = 0; i < 2; i++)
        tap_start(attach_and_detach, &id);
    tap_join_all(2);
    check_eq(info_of(handle).attached_nr, 0);
    check_eq(ksmdelete(handle), 0);
}

/* And inherited as well. */

#define INHERITED 16u

static int counted;

static void attach_and_fork(void *arg)
{
    uint n = *(uint *)arg;
    int status;

    for (uint i = 0; i < n; i++) {
        int pid = fork();

        if (pid == 0)
            exits(0);
        check_positive(pid);
        for (int j = 0; j < 20; j++)
            check_eq(ksmdetachat(attach(counted)), 0);
        check_eq(waits(&status), pid);
    }
}

TEST("§12 §7.1 §7.2 no attachment is lost or left when processes make and end them at once")
{
    uint n = 1500;

    counted = fresh(PAGE);
    for (uint i = 0; i < INHERITED; i++)
        attach(counted);
    for (uint i = 0; i < NWORKERS; i++)
        tap_start(attach_and_fork, &n);
    tap_join_all(NWORKERS);
    check_eq(info_of(counted).attached_nr, INHERITED);
    for (uint i = 0; i < INHERITED; i++)
        check_eq(ksmdetach(counted), 0);
    check_eq(ksmdelete(counted), 0);
}

/* Destroyed while another process attaches. */

static int contested;

static void create_and_delete(void *arg)
{
    uint n = *(uint *)arg;

    for (uint i = 0; i < n; i++) {
        int handle = ksmget(contested, PAGE);
        struct ksminfo_t info;

        check_positive(handle);
        ksmdelete(handle); /* EHANDLE if the other was quicker */
        if (ksminfo(handle, &info) == 0)
            check(info.marked && info.attached_nr > 0); /* it is still there only because it is attached */
    }
}

static void attach_if_there(void *arg)
{
    uint n = *(uint *)arg;

    for (uint i = 0; i < n; i++) {
        int handle = ksmget(contested, 0, KSM_OPEN);
        char *p;

        if (handle < 0) {
            check_eq(handle, KSM_ENOENT);
            continue;
        }
        p = ksmattach(handle);
        if (ksmerror(p)) {
            check_eq(ksmerror(p), KSM_EHANDLE);
            continue;
        }
        check(p[0] == 0 || p[0] == 1);
        p[0] = 1;
        check_eq(ksmdetach(handle), 0);
    }
}

TEST("§12 §6.1 one identifier is born and dies a hundred thousand times")
{
    uint n = 50000;
    int handle;

    contested = fresh_id();
    tap_start(create_and_delete, &n);
    tap_start(create_and_delete, &n);
    tap_start(attach_if_there, &n);
    tap_join_all(3);
    handle = ksmget(contested, 0, KSM_OPEN);
    if (handle > 0)
        ksmdelete(handle);
}

/* Old addresses. */

static volatile uint *board; /* 0: round, 1: answer */

static void reuse_frames(void *arg)
{
    uint n = *(uint *)arg;

    for (uint i = 1; i <= n; i++) {
        int handle;
        uint *p;

        while (board[0] != i)
            ksmwait(&board[0], i - 1, 0);
        handle = fresh(PAGE); /* most likely the frame that the other has just lost */
        p = (uint *)attach(handle);
        check_eq(p[0], 0);
        p[0] = 0xDEAD0000 + i;
        board[1] = i;
        ksmwake(&board[1], 1);
        while (board[2] != i)
            ksmwait(&board[2], i - 1, 0);
        check_eq(p[0], 0xDEAD0000 + i);
        check_eq(ksmdetach(handle), 0);
        check_eq(ksmdelete(handle), 0);
    }
}

TEST("§5.3 a frame that was freed is not reached through an old address, on any processor")
{
    uint n = 300;
    int shared = fresh(PAGE), other;

    board = (uint *)attach(shared);
    other = tap_start(reuse_frames, &n);
    for (uint i = 1; i <= n; i++) {
        int handle = fresh(PAGE);
        volatile uint *p = (uint *)attach(handle);

        p[0] = 7;
        check_eq(ksmdelete(handle), 0);
        check_eq(ksmdetachat((void *)p), 0);
        board[0] = i;
        ksmwake(&board[0], 1);
        while (board[1] != i)
            ksmwait(&board[1], i - 1, 0);
        if (i % 30 == 0)
            check(tap_write_dies(p));
        board[2] = i;
        ksmwake(&board[2], 1);
    }
    tap_join(other);
    ksmdetach(shared);
    ksmdelete(shared);
}

/* Waiting. */

#define LAPS 2500u

/* Worker n waits until word n reaches lap 1, 2, ..., and then lets the next worker go.  The last one ends the lap. */
static void pass_token(void *arg)
{
    uint me = *(uint *)arg, next = (me + 1) % NWORKERS;
    volatile uint *mine = board + me * 16, *theirs = board + next * 16;

    for (uint lap = 1; lap <= LAPS; lap++) {
        uint seen;

        while ((seen = *mine) < lap)
            ksmwait(mine, seen, 0);
        check_eq(*mine, lap);
        if (next != 0 || lap < LAPS)
            *theirs = lap + (next == 0);
        ksmwake(theirs, 1);
    }
}

TEST("§11.1 §12 a token goes round, while segments are torn down beside it")
{
    uint numbers[NWORKERS], n = 8000;
    int status, shared = fresh(PAGE);

    contested = fresh_id();
    board = (uint *)attach(shared);
    tap_start(create_and_delete, &n);
    for (uint i = 0; i < NWORKERS; i++) {
        numbers[i] = i;
        tap_start(pass_token, &numbers[i]);
    }
    board[0] = 1;
    ksmwake(board, 1);
    tap_join_all(NWORKERS + 1);
    status = ksmget(contested, 0, KSM_OPEN);
    if (status > 0)
        ksmdelete(status);
    ksmdetach(shared);
    ksmdelete(shared);
}

TAP_MAIN(drop_fresh)
