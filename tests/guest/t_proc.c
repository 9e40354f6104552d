/*
 * t_proc.c - processes: fork, exit, wait, kill and sleep, and what they leave.
 */
#include "guest.h"
#include "param.h"
#include "procinfo.h"

static struct gate go;

TEST("fork returns 0 in the child, and its pid, a greater one, in the parent")
{
    int pid = fork(), status;

    if (pid == 0)
        exits(getpid() % 100);
    check(pid > getpid());
    check_eq(waits(&status), pid);
    check_eq(status, pid % 100);
}

static int shared_looking = 1;

static void change_memory(void *arg)
{
    shared_looking = 2;
    *(int *)arg = 2;
    check_eq(shared_looking, 2);
}

TEST("a child's data, heap and stack are its own")
{
    int local = 1, *heap = malloc(sizeof(*heap));

    *heap = 1;
    tap_join(tap_start(change_memory, &local));
    tap_join(tap_start(change_memory, heap));
    check(shared_looking == 1 && local == 1 && *heap == 1);
    local = *heap = shared_looking = 3;
    tap_join(tap_start(change_memory, heap));
    check(shared_looking == 3 && *heap == 3);
    free(heap);
}

TEST("wait returns the status of each child once, and then -1")
{
    uint seen = 0;
    int status;

    for (int i = 0; i < 20; i++) {
        if (fork() == 0)
            exits(i);
    }
    for (int i = 0; i < 20; i++) {
        check(waits(&status) > 0);
        check(status >= 0 && status < 20 && !(seen & 1u << status));
        seen |= 1u << status;
    }
    check_eq(waits(&status), -1);
    check_eq(wait(), -1);
}

TEST("exit ends with status 0, and exits with any 32 bits")
{
    static const int statuses[] = { 0, 1, 255, 256, 0x7FFFFFFF, -2 };
    int status;

    for (int i = 0; i < 6; i++) {
        if (fork() == 0)
            exits(statuses[i]);
        check(waits(&status) > 0);
        check_eq(status, statuses[i]);
    }
    if (fork() == 0)
        exit();
    check(waits(&status) > 0);
    check_eq(status, 0);
    if (fork() == 0)
        exits(5);
    check(wait() > 0); /* takes no argument, and does not mind */
}

static void wait_in_pipe(void *arg)
{
    (void)arg;
    gate_pass(&go);
}

TEST("kill ends a process that sleeps, and one that computes")
{
    int pid;

    gate_create(&go);
    pid = tap_start(wait_in_pipe, NULL);
    tap_until_asleep(pid);
    check_eq(kill(pid), 0);
    check_eq(tap_status(pid), KILLED);
    pid = fork();
    if (pid == 0) {
        for (;;)
            asm volatile("" : ::"memory");
    }
    check_eq(kill(pid), 0);
    check_eq(tap_status(pid), KILLED);
}

TEST("kill refuses pids of no process")
{
    int pid = fork();

    if (pid == 0)
        exits(0);
    tap_join(pid);
    check_eq(kill(pid), -1);
    check_eq(kill(0), -1);
    check_eq(kill(-1), -1);
    check_eq(kill(0x7FFFFFFF), -1);
    check_eq(kill((int)0x80000000), -1);
}

static void kill_itself(void *arg)
{
    (void)arg;
    kill(getpid());
    sleep(10);
}

TEST("a process can kill itself") { check(tap_dies(kill_itself, NULL)); }

static int orphan_pipe[2];

TEST("an orphan lives on, and init reaps it")
{
    struct procinfo info;
    int child, orphan = 0;

    check_eq(pipe(orphan_pipe), 0);
    gate_create(&go);
    child = fork();
    if (child == 0) {
        orphan = fork();
        if (orphan == 0) {
            gate_pass(&go);
            exits(0);
        }
        write(orphan_pipe[1], &orphan, sizeof(orphan));
        exits(0);
    }
    tap_join(child);
    check_eq(read(orphan_pipe[0], &orphan, sizeof(orphan)), sizeof(orphan));
    check_eq(procinfo(orphan, &info), 0);
    check_eq(info.ppid, 1);
    gate_open(&go);
    wait_until(procinfo(orphan, &info) < 0);
    check_eq(wait(), -1); /* it is not ours */
}

TEST("fork until it fails, and again: there is a limit below 1,000")
{
    gate_create(&go);
    for (int round = 0; round < 2; round++) {
        int n = 0, pid, status;

        while (n < 1000 && (pid = fork()) >= 0) {
            if (pid == 0) {
                gate_pass(&go);
                exits(0);
            }
            n++;
        }
        check(n >= 60 && n < 1000);
        for (int i = 0; i < n; i++)
            gate_open(&go);
        for (int i = 0; i < n; i++) {
            check(waits(&status) > 0);
            check_eq(status, 0);
        }
    }
}

TEST("sleep takes no less than asked for")
{
    int start = uptime();

    check_eq(sleep(5), 0);
    check(uptime() - start >= 5);
    check_eq(sleep(0), 0);
}

TEST("a sleeper that is killed does not sleep to its end")
{
    int pid = fork();

    if (pid == 0) {
        sleep(0x7FFFFFFF);
        exits(1);
    }
    tap_until_asleep(pid);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
}

#define NSLEEPERS 100u
#define NSLEEPS   20u

static int late_ticks; /* a sleep that takes more is late */

static void sleep_often(void *arg)
{
    int nlate = 0;

    (void)arg;
    for (uint i = 0; i < NSLEEPS; i++) {
        int begun = uptime();

        sleep(1);
        nlate += uptime() - begun > late_ticks;
    }
    exits(nlate);
}

static void compute_on(void *arg)
{
    (void)arg;
    for (;;)
        asm volatile("");
}

/* How many sleeps were late; stores how long all took. */
static uint late_sleeps(uint *nticks)
{
    uint start = (uint)uptime(), nlate = 0;
    int status;

    for (uint i = 0; i < NSLEEPERS; i++)
        tap_start(sleep_often, NULL);
    for (uint i = 0; i < NSLEEPERS; i++) {
        check(waits(&status) > 0);
        check(status >= 0 && (uint)status <= NSLEEPS);
        nlate += (uint)status;
    }
    *nticks = (uint)uptime() - start;
    return nlate;
}

TEST("sleepers wake in time however many they are, beside processes that compute on all processors")
{
    struct procinfo info;
    int computing[NCPU];
    uint nalone, nticks, nlate, ncomputed = 0;

    late_sleeps(&nalone);
    late_ticks = 15 + 2 * (int)(nalone / NSLEEPS);
    for (uint i = 0; i < NCPU; i++)
        computing[i] = tap_start(compute_on, NULL);
    nlate = late_sleeps(&nticks);
    for (uint i = 0; i < NCPU; i++) {
        check_eq(procinfo(computing[i], &info), 0);
        ncomputed += info.nticks;
        kill(computing[i]);
        check_eq(tap_status(computing[i]), KILLED);
    }
    tap_note("%u ticks alone; then %u, %u sleeps late, and %u of computing", nalone, nticks, nlate,
             ncomputed);
    /* If each waited for a time slice at each of its wakes, that would take 50 ticks on four processors.  A host that
       stands still for a while makes each sleeper late once. */
    check(nlate < NSLEEPERS * NSLEEPS / 2);
    check(ncomputed >= nticks / 4);
}

TEST("procinfo and procnext show the living processes")
{
    struct procinfo info;
    bool found = false, one = false;

    for (int pid = procnext(0), last = 0; pid > 0; last = pid, pid = procnext(pid)) {
        check(pid > last);
        found |= pid == getpid();
        one |= pid == 1;
    }
    check(found && one);
    check_eq(procinfo(1, &info), 0);
    check(info.ppid == 0);
    check_eq(procinfo(getpid(), &info), 0);
    check_str(info.name, "t_proc");
    check_eq(info.nbytes, (uint)sbrk(0));
    check_eq(procnext(0x7FFFFFFF), -1);
}

TAP_MAIN(NULL)
