/*
 * t_sync.c - the library's lock and semaphore, with up to 8 processes, some of which are killed; and counter, which
 * uses the lock.
 */
#include "ksmlock.h"
#include "ksmsem.h"
#include "ksmspin.h"
#include "ksmtest.h"

#define ROUNDS 20000 /* of each process */
#define MANY   8

struct shared {
    struct ksmlock lock;
    struct ksmsem items, rooms;
    volatile uint ready, stop;
    uint counters[4]; /* changed together under the lock */
    volatile uint taken[MANY];
};

static struct shared *shared;

/* Deleted at once, so that it goes with the test. */
static void set_up(void)
{
    int handle = fresh(sizeof(*shared));

    shared = (struct shared *)attach(handle);
    check_eq(ksmdelete(handle), 0);
}

/* The lock. */

static void change_counters(void)
{
    for (int i = 0; i < 4; i++)
        shared->counters[i]++;
}

static bool counters_agree(void)
{
    return shared->counters[0] == shared->counters[1] && shared->counters[1] == shared->counters[2] &&
           shared->counters[2] == shared->counters[3];
}

static void lock_and_count(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        check_eq(ksmlock_acquire(&shared->lock, 0), 0);
        check(counters_agree());
        change_counters();
        check_eq(ksmlock_release(&shared->lock), 0);
    }
}

TEST("§11.4 the lock keeps 2 processes apart")
{
    set_up();
    tap_run_all(2, lock_and_count);
    check_eq(shared->counters[0], 2 * ROUNDS);
}

TEST("§11.4 the lock keeps 8 processes apart")
{
    set_up();
    tap_run_all(MANY, lock_and_count);
    check_eq(shared->counters[3], MANY * ROUNDS);
    check_eq(shared->lock.holder.pid, 0);
}

static struct gate let_go;

/* Holds the lock until the gate is opened. */
static void hold(void *arg)
{
    (void)arg;
    check_eq(ksmlock_acquire(&shared->lock, 0), 0);
    shared->ready = 1;
    gate_pass(&let_go);
    check_eq(ksmlock_release(&shared->lock), 0);
}

static int start_holder(void)
{
    int pid;

    gate_create(&let_go);
    pid = tap_start(hold, NULL);
    wait_until(shared->ready);
    return pid;
}

TEST("the lock's calls tell a free lock, one's own and another's apart")
{
    int pid, begin;

    set_up();
    check_eq(ksmlock_holder(&shared->lock), 0);
    check_eq(ksmlock_release(&shared->lock), KSM_EINVAL);
    check_eq(ksmlock_try(&shared->lock), 0);
    check_eq(ksmlock_holder(&shared->lock), getpid());
    check_eq(ksmlock_acquire(&shared->lock, 0), KSM_EINVAL);
    check_eq(ksmlock_acquire(&shared->lock, -1), KSM_EINVAL);
    check_eq(ksmlock_release(&shared->lock), 0);
    pid = start_holder();
    check_eq(ksmlock_holder(&shared->lock), pid);
    check_eq(ksmlock_try(&shared->lock), KSM_EAGAIN);
    begin = uptime();
    check_eq(ksmlock_acquire(&shared->lock, 5), KSM_ETIMEDOUT);
    check(uptime() - begin >= 5);
    check_eq(ksmlock_release(&shared->lock), KSM_EINVAL);
    gate_open(&let_go);
    check_eq(ksmlock_acquire(&shared->lock, 0), 0);
    tap_join(pid);
    check_eq(ksmlock_release(&shared->lock), 0);
}

TEST("a child does not hold its parent's lock")
{
    int pid, status;

    set_up();
    check_eq(ksmlock_acquire(&shared->lock, 0), 0);
    pid = fork();
    if (pid == 0)
        exits(ksmlock_release(&shared->lock) == KSM_EINVAL && ksmlock_try(&shared->lock) == KSM_EAGAIN);
    check_positive(pid);
    check_eq(waits(&status), pid);
    check_eq(status, 1);
    check_eq(ksmlock_release(&shared->lock), 0);
}

TEST("§11.6 the lock of a holder that died goes to the next one, which learns of it")
{
    int pid;

    set_up();
    pid = start_holder();
    kill(pid);
    check_eq(ksmlock_acquire(&shared->lock, 0), KSM_EOWNERDEAD);
    check_eq(tap_status(pid), KILLED);
    check_eq(ksmlock_release(&shared->lock), 0);
    check_eq(ksmlock_acquire(&shared->lock, 0), 0);
    check_eq(ksmlock_release(&shared->lock), 0);
    shared->ready = 0;
    pid = start_holder();
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    check_eq(ksmlock_holder(&shared->lock), 0);
    check_eq(ksmlock_try(&shared->lock), KSM_EOWNERDEAD);
    check_eq(ksmlock_holder(&shared->lock), getpid());
}

static void wait_for_lock(void *arg)
{
    int result = ksmlock_acquire(&shared->lock, 0);

    (void)arg;
    if (result == KSM_EOWNERDEAD)
        __atomic_fetch_add(&shared->counters[0], 1, __ATOMIC_SEQ_CST);
    else
        check_eq(result, 0);
    ksmlock_release(&shared->lock);
}

TEST("§11.6 a holder's death wakes the lock's sleepers, and one of them learns of it")
{
    int pids[MANY], holder;

    set_up();
    holder = start_holder();
    for (int i = 0; i < MANY; i++)
        pids[i] = tap_start(wait_for_lock, NULL);
    for (int i = 0; i < MANY; i++)
        tap_until_asleep(pids[i]);
    kill(holder);
    for (int i = 0; i <= MANY; i++) {
        int status;

        check(waits(&status) > 0);
        check(status == 0 || status == KILLED);
    }
    check_eq(shared->counters[0], 1);
}

static void lock_endlessly(void *arg)
{
    (void)arg;
    for (;;) {
        int result = ksmlock_acquire(&shared->lock, 0);

        if (result == KSM_EOWNERDEAD) /* it may have died in the middle of its changes */
            for (int i = 1; i < 4; i++)
                shared->counters[i] = shared->counters[0];
        else
            check_eq(result, 0);
        check(counters_agree());
        change_counters();
        __atomic_fetch_add(&shared->taken[0], 1, __ATOMIC_RELAXED);
        ksmlock_release(&shared->lock);
    }
}

TEST("the lock outlives holders and waiters that are killed at any moment")
{
    int pids[4];
    uint before;

    set_up();
    for (int i = 0; i < 4; i++)
        pids[i] = tap_start(lock_endlessly, NULL);
    for (int round = 0; round < 60; round++) {
        int victim = round % 4, status;

        before = shared->taken[0];
        wait_until(shared->taken[0] - before >= 50); /* the lock lives */
        kill(pids[victim]);
        check_eq(waits(&status), pids[victim]);
        check_eq(status, KILLED);
        pids[victim] = tap_start(lock_endlessly, NULL);
    }
    for (int i = 0; i < 4; i++)
        kill(pids[i]);
    for (int i = 0; i < 4; i++)
        check(wait() > 0);
}

/* The semaphore. */

static void give_and_take(void *arg)
{
    bool giver = ((long)arg & 1) == 0;

    for (int i = 0; i < ROUNDS; i++) {
        check_eq(ksmsem_wait(giver ? &shared->rooms : &shared->items, 0), 0);
        __atomic_fetch_add(&shared->taken[(long)arg], 1, __ATOMIC_RELAXED);
        check_eq(ksmsem_post(giver ? &shared->items : &shared->rooms), 0);
    }
}

static void bounded_buffer(uint nprocesses)
{
    set_up();
    ksmsem_init(&shared->rooms, 3);
    tap_run_all(nprocesses, give_and_take);
    for (uint i = 0; i < nprocesses; i++)
        check_eq(shared->taken[i], ROUNDS);
    check_eq(shared->items.units, 0);
    check_eq(shared->rooms.units, 3);
}

TEST("§11.4 the semaphore loses or doubles no unit between 2 processes") { bounded_buffer(2); }

TEST("§11.4 the semaphore loses or doubles no unit between 8 processes") { bounded_buffer(MANY); }

TEST("the semaphore's calls give up, time out and refuse as they should")
{
    int begin;

    set_up();
    ksmsem_init(&shared->items, 1);
    check_eq(ksmsem_try(&shared->items), 0);
    check_eq(ksmsem_try(&shared->items), KSM_EAGAIN);
    begin = uptime();
    check_eq(ksmsem_wait(&shared->items, 5), KSM_ETIMEDOUT);
    check(uptime() - begin >= 5);
    check_eq(ksmsem_wait(&shared->items, -1), KSM_EINVAL);
    check_eq(ksmsem_post(&shared->items), 0);
    check_eq(ksmsem_wait(&shared->items, 5), 0);
    ksmsem_init(&shared->items, 0x7fffffff);
    check_eq(ksmsem_post(&shared->items), KSM_ENOSPC);
}

static void take_one(void *arg)
{
    (void)arg;
    check_eq(ksmsem_wait(&shared->items, 0), 0);
}

TEST("a waiter that is killed takes no unit of the semaphore")
{
    int pids[MANY];

    set_up();
    for (int i = 0; i < MANY; i++)
        pids[i] = tap_start(take_one, NULL);
    for (int i = 0; i < MANY; i++)
        tap_until_asleep(pids[i]);
    for (int i = 0; i < MANY / 2; i++) {
        kill(pids[i]);
        check_eq(tap_status(pids[i]), KILLED);
    }
    for (int i = 0; i < MANY / 2; i++)
        check_eq(ksmsem_post(&shared->items), 0);
    for (int i = MANY / 2; i < MANY; i++)
        check(wait() > 0);
    check_eq(shared->items.units, 0);
}

#define BRIEFLY 20 /* ticks */
#define LONG    3000

/* The end of a process would wake the sleepers. */
static void until_stopped(void) { wait_until(__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)); }

/* Waits that long for a unit, and says whether it got one. */
static void wait_and_tell(void *arg)
{
    int ticks = (int)(long)arg;

    if (ticks == BRIEFLY)
        __atomic_store_n(&shared->ready, (uint)uptime() + BRIEFLY, __ATOMIC_RELEASE);
    __atomic_store_n(&shared->taken[ticks == BRIEFLY], ksmsem_wait(&shared->items, ticks) == 0 ? 1 : 2,
                     __ATOMIC_RELEASE);
    until_stopped();
}

/* With more of these than processors, a process that is woken around that end runs some ticks later. */
static void be_busy_at_the_end(void *arg)
{
    int end = (int)shared->ready;

    (void)arg;
    wait_until(uptime() >= end - 8);
    while (uptime() < end + 8)
        ;
    until_stopped();
}

TEST("§11.3 the next sleeper gets the unit for which another was woken too late")
{
    int nbusy = 2 * (int)ksmspin_ncpus() + 1;

    set_up();
    for (int round = 0; round < 5; round++) {
        shared->ready = shared->stop = shared->taken[0] = shared->taken[1] = 0;
        ksmsem_init(&shared->items, 0);
        tap_until_asleep(tap_start(wait_and_tell, (void *)BRIEFLY));
        tap_until_asleep(tap_start(wait_and_tell, (void *)LONG));
        for (int i = 0; i < nbusy; i++)
            tap_start(be_busy_at_the_end, NULL);
        while (uptime() < (int)shared->ready - 4)
            ;
        check_eq(ksmsem_post(&shared->items), 0);
        wait_until(shared->taken[1]);
        if (shared->taken[1] == 1)
            check_eq(ksmsem_post(&shared->items), 0);
        wait_until(shared->taken[0]);
        shared->stop = 1;
        tap_join_all((uint)nbusy + 2);
        check_eq(shared->taken[0], 1);
    }
}

/* The program counter. */

/* Where the counter stands in the end for two that count to n each, as either says it. */
static uint count_together(char *n)
{
    char *argv[] = { "/counter", n, NULL }, said[256] = { 0 };
    int fds[2], got, total = 0;
    const char *at = said;
    uint most = 0;

    check_eq(pipe(fds), 0);
    tap_start_program(argv, -1, fds[1]);
    tap_start_program(argv, -1, fds[1]);
    close(fds[1]);
    while ((got = read(fds[0], said + total, (int)sizeof(said) - 1 - total)) > 0)
        total += got;
    close(fds[0]);
    while ((at = strstr(at, "stands at "))) {
        at += strlen("stands at ");
        most = (uint)atoi(at) > most ? (uint)atoi(at) : most;
    }
    return most;
}

TEST("counter waits until two others are done with their counter")
{
    char *many[] = { "/counter", NULL }, *one[] = { "/counter", "1", NULL };
    int fds[2];
    uint most;

    check_eq(pipe(fds), 0);
    tap_start_program(many, -1, fds[1]);
    tap_start_program(one, -1, fds[1]);
    close(fds[1]);
    check(wait() > 0); /* the two have met, and the other one goes on */
    most = count_together("5");
    check(5 <= most && most <= 10);
    tap_join_all(3);
    close(fds[0]);
}

TAP_MAIN(NULL)
