/*
 * t_ksmwait.c - shared memory: waiting and waking, §11.  t_ksmlib.c has what the library builds on it.
 */
#include "ksmspin.h"
#include "ksmtest.h"
#include "procinfo.h"

static int shared;
static volatile uint *words;
static struct gate go;

static void share(void)
{
    shared = fresh(2 * PAGE);
    words = (uint *)attach(shared);
}

static void unshare(void)
{
    check_eq(ksmdetach(shared), 0);
    check_eq(ksmdelete(shared), 0);
}

/* §11.1: arguments, and ends of a wait. */

TEST("§11.1 wait returns at once if the word does not hold the value")
{
    uint private = 5;

    share();
    words[0] = 3;
    check_eq(ksmwait(words, 4, 0), KSM_EAGAIN);
    check_eq(ksmwait(words, 4, 1), KSM_EAGAIN);
    check_eq(ksmwait(words, 4, 0x7FFFFFFF), KSM_EAGAIN);
    check_eq(ksmwait(&private, 4, 0), KSM_EAGAIN);
    unshare();
}

TEST("§11.1 wait and wake refuse bad arguments")
{
    char *p;

    share();
    p = (char *)words;
    for (int i = 1; i < 4; i++) {
        check_eq(ksmwait((uint *)(p + i), 0, 1), KSM_EINVAL);
        check_eq(ksmwake((uint *)(p + i), 1), KSM_EINVAL);
    }
    check_eq(ksmwait(words, 0, -1), KSM_EINVAL);
    check_eq(ksmwait(words, 1, -1), KSM_EINVAL);
    check_eq(ksmwait(words, 0, (int)0x80000000), KSM_EINVAL);
    check_eq(ksmwake(words, -1), KSM_EINVAL);
    check_eq(ksmwait(NULL, 0, 1), KSM_EFAULT);
    check_eq(ksmwait((uint *)KERNBASE, 0, 1), KSM_EFAULT);
    check_eq(ksmwait((uint *)(p - PAGE), 0, 1), KSM_EFAULT);
    check_eq(ksmwait((uint *)0xFFFFFFFC, 0, 1), KSM_EFAULT);
    check_eq(ksmwake(NULL, 1), KSM_EFAULT);
    check_eq(ksmwake((uint *)KERNBASE, 1), KSM_EFAULT);
    check_eq(ksmwake((uint *)(p - PAGE), 1), KSM_EFAULT);
    check_eq(ksmwake(words, 0), 0);
    check_eq(ksmwake(words, 0x7FFFFFFF), 0);
    unshare();
}

TEST("§11.1 wait times out when its ticks have run out, and not before")
{
    static const int lengths[] = { 1, 2, 5, 20 };
    uint private = 0;

    share();
    for (int i = 0; i < 4; i++) {
        int start = uptime();

        check_eq(ksmwait(i % 2 ? &private : words, 0, lengths[i]), KSM_ETIMEDOUT);
        check(uptime() - start >= lengths[i]);
    }
    check_eq(ksmwake(words, 10), 0);
    unshare();
}

/* Processes that wake each other in turn, and sleep again with the same place in the clock's wheel of 256 ticks. */
#define NRING      250
#define NAWAKE     100 /* of them, so that no processor has nothing to do */
#define WHEEL      256
#define RING_TICKS 1500 /* until they end by themselves */
enum { OVER, TURN, READY, PLACE, END, COUNTED };

static void sleep_in_ring(void *unused)
{
    uint seen = words[TURN];

    (void)unused;
    __atomic_add_fetch(&words[READY], 1, __ATOMIC_SEQ_CST);
    while (!words[OVER]) {
        uint now = (uint)uptime();
        ksmwaitpeer(&words[TURN], seen, (int)((words[PLACE] - now) % WHEEL + WHEEL), -1);
        ksmwake(&words[TURN], 1);
        if ((int)(now - words[END]) > 0)
            words[OVER] = 1;
    }
}

TEST("§11.1 a sleep ends in its time, however often others go to sleep meanwhile")
{
    int start, took;

    share();
    words[END] = (uint)uptime() + 0x40000000;
    for (int i = 0; i < NRING; i++)
        tap_start(sleep_in_ring, NULL);
    wait_until(words[READY] == NRING);
    words[PLACE] = (uint)uptime() + 5;
    for (int nwoken = 0; nwoken < NAWAKE;) {
        int n = ksmwake(&words[TURN], NAWAKE - nwoken);

        check_eq(n < 0 ? n : 0, 0);
        nwoken += n;
    }
    start = uptime();
    words[END] = (uint)start + RING_TICKS;
    check_eq(sleep(20), 0);
    took = uptime() - start;
    words[OVER] = words[TURN] = 1;
    ksmwake(&words[TURN], NRING);
    tap_join_all(NRING);
    /* A processor that the host holds up counts no ticks meanwhile, but others do. */
    check(took < (ksmspin_ncpus() > 1 ? RING_TICKS : RING_TICKS / 5));
    unshare();
}

/* §11.2: what is the same word. */

static void wait_on(void *arg) { check_eq(ksmwait(arg, 0, 0), 0); }

/* Wakes one, which may still be on its way to sleep. */
static void wake_one(const volatile uint *word) { wait_until(ksmwake(word, 1) == 1); }

TEST("§11.2 the same offset of the same segment is the same word, wherever it is attached")
{
    volatile uint *ro, *second;
    int pid;

    share();
    ro = (uint *)attach_flags(shared, KSM_READ);
    second = (uint *)attach(shared);
    pid = tap_start(wait_on, (void *)words);
    wake_one(second);
    tap_join(pid);
    pid = tap_start(wait_on, (void *)(ro + PAGE / 4 + 7)); /* read-only ones too */
    wake_one(words + PAGE / 4 + 7);
    tap_join(pid);
    pid = tap_start(wait_on, (void *)(words + 1));
    wake_one(ro + 1);
    tap_join(pid);
    ksmdetach(shared);
    ksmdetach(shared);
    unshare();
}

TEST("§11.2 other words are not woken")
{
    int pid, other = fresh(PAGE);
    uint *elsewhere = (uint *)attach(other);

    share();
    pid = tap_start(wait_on, (void *)words);
    tap_until_asleep(pid);
    check_eq(ksmwake(words + 1, 100), 0);
    check_eq(ksmwake(words + PAGE / 4, 100), 0);
    check_eq(ksmwake(elsewhere, 100), 0);
    check_eq(ksmwake(words, 0), 0);
    check_eq(ksmwake(words, 100), 1);
    tap_join(pid);
    unshare();
    ksmdetach(other);
    ksmdelete(other);
}

static uint private_word;

static void do_nothing(void *arg) { (void)arg; }

static void wait_on_private(void *arg)
{
    (void)arg;
    check_eq(ksmwait(&private_word, 0, 8), KSM_ETIMEDOUT);
}

TEST("§11.2 private memory is never shared with a child")
{
    int pid;

    share();
    pid = tap_start(wait_on_private, NULL); /* copy-on-write still keeps one frame for both */
    tap_until_asleep(pid);
    check_eq(ksmwake(&private_word, 10), 0);
    tap_start(do_nothing, NULL); /* its end wakes sleepers on its segments alone: §11.6 */
    tap_join_all(2);
    unshare();
}

/* §11.3: which sleepers are woken. */

static void wait_and_sign(void *arg)
{
    int me = getpid();

    check_eq(ksmwait(words, 0, 0), 0);
    check_eq(write(*(int *)arg, &me, sizeof(me)), sizeof(me));
    gate_pass(&go); /* its end would wake the others: §11.6 */
}

TEST("§11.3 wake takes the longest sleepers first, and returns their number")
{
    int pids[6], ends[2], who;

    share();
    gate_create(&go);
    check_eq(pipe(ends), 0);
    for (int i = 0; i < 6; i++) {
        pids[i] = tap_start(wait_and_sign, &ends[1]);
        tap_until_asleep(pids[i]);
    }
    for (int i = 0; i < 3; i++) {
        check_eq(ksmwake(words, 1), 1);
        check_eq(read(ends[0], &who, sizeof(who)), sizeof(who));
        check_eq(who, pids[i]);
    }
    check_eq(ksmwake(words, 2), 2);
    check_eq(ksmwake(words, 5), 1);
    check_eq(ksmwake(words, 5), 0);
    for (int i = 0; i < 6; i++)
        gate_open(&go);
    tap_join_all(6);
    unshare();
}

TEST("§11.3 a sleeper that timed out is not counted")
{
    int peers[] = { 0, -1, getpid() };

    share();
    for (int i = 0; i < 6; i++) {
        check_eq(ksmwaitpeer(words, 0, 1, peers[i % 3]), KSM_ETIMEDOUT);
        check_eq(ksmwake(words, 5), 0);
    }
    unshare();
}

/* Wakes a sleeper when its time has just run out.  With more of these than processors, it learns that later. */
static void wake_at_ticks(void *unused)
{
    (void)unused;
    while (!words[OVER]) {
        int now = uptime();

        while (uptime() == now)
            for (volatile int n = 0; n < 1000; n++) /* an emulator takes long for a call */
                ;
        __atomic_add_fetch(&words[COUNTED], (uint)ksmwake(&words[TURN], 1), __ATOMIC_SEQ_CST);
    }
}

TEST("§11.3 a sleeper that is counted returns 0, though its time has run out meanwhile")
{
    uint nreturned = 0, nwakers = 2 * ksmspin_ncpus() + 1;

    share();
    for (uint i = 0; i < nwakers; i++)
        tap_start(wake_at_ticks, NULL);
    for (int i = 0; i < 40; i++) {
        int result = ksmwaitpeer(&words[TURN], 0, 1, -1);

        nreturned += result == 0;
        check(result == 0 || result == KSM_ETIMEDOUT);
    }
    words[OVER] = 1;
    tap_join_all(nwakers);
    check_eq(words[COUNTED], nreturned);
    unshare();
}

/* §11.5, §11.6: detaching, killing, dying. */

static struct gate leave;
static volatile uint *nlooked;

/* It stays until it may leave, since its own end would wake others. */
static void wait_for_look(void *arg)
{
    check_eq(ksmwait(arg, 0, 0), KSM_EAGAIN);
    __atomic_add_fetch(nlooked, 1, __ATOMIC_SEQ_CST);
    gate_pass(&leave);
}

static void sleep_in_segment(void *arg) { check_eq(ksmwait(arg, 0, 10000), 0); }

TEST("§11.5 a segment is deleted and detached while a process sleeps on it")
{
    int pid, id = fresh_id(), handle = ksmget(id, PAGE);
    uint *p = (uint *)attach(handle);

    pid = tap_start(sleep_in_segment, p);
    tap_until_asleep(pid);
    check_eq(ksmdelete(handle), 0);
    check_eq(info_of(handle).attached_nr, 2);
    check_eq(ksmwake(p, 1), 1);
    tap_join(pid);
    check_eq(ksmdetach(handle), 0);
    check_dead(handle);
}

TEST("§11.5 a killed sleeper dies at once")
{
    share();
    for (int i = 0; i < 10; i++) {
        int pid = tap_start(sleep_in_segment, (void *)words);

        if (i % 2)
            tap_until_asleep(pid);
        check_eq(kill(pid), 0);
        check_eq(ksmwake(words, 1), 0); /* from now on, though it may still be on its way out */
        check_eq(tap_status(pid), KILLED);
        check_eq(ksmwake(words, 1), 0);
    }
    unshare();
}

static void die_on_request(void *arg)
{
    gate_pass(&go);
    if (arg)
        *(volatile int *)KERNBASE = 0;
}

TEST("§11.6 when a process ends, sleepers on its segments look again")
{
    int other = fresh(PAGE);
    volatile uint *elsewhere = (uint *)attach(other);

    gate_create(&go);
    gate_create(&leave);
    share();
    nlooked = &words[PAGE / 4];
    for (int fault = 0; fault < 2; fault++) {
        int peer = tap_start(die_on_request, fault ? &go : NULL);

        *nlooked = 0;
        for (int i = 0; i < 4; i++)
            tap_until_asleep(tap_start(wait_for_look, (void *)(i < 3 ? words + i * 300 : elsewhere)));
        gate_open(&go);
        check_eq(tap_status(peer), fault ? KILLED : 0);
        wait_until(*nlooked == 4);
        check_eq(ksmwake(words, 1), 0);
        for (int i = 0; i < 4; i++)
            gate_open(&leave);
        tap_join_all(4);
    }
    unshare();
    ksmdetach(other);
    ksmdelete(other);
}

static void detach_and_end(void *arg) { check_eq(ksmdetach(*(int *)arg), 0); }

TEST("§11.6 the end of a process that was not attached wakes nobody")
{
    int peer, sleeper;

    gate_create(&go);
    peer = tap_start(die_on_request, NULL);
    share();
    sleeper = tap_start(sleep_in_segment, (void *)words);
    tap_until_asleep(sleeper);
    gate_open(&go);
    tap_join(peer);
    tap_join(tap_start(detach_and_end, &shared));
    check_eq(ksmwake(words, 1), 1);
    tap_join(sleeper);
    unshare();
}

TEST("§11.6 procinfo gives name, state and tick of the fork, and no zombie")
{
    struct procinfo info;
    int now = uptime(), pid;

    gate_create(&go);
    sleep(2);
    pid = tap_start(die_on_request, NULL);
    tap_until_asleep(pid);
    check_eq(procinfo(pid, &info), 0);
    check_eq(info.pid, pid);
    check_eq(info.ppid, getpid());
    check((int)info.start >= now + 2 && (int)info.start <= uptime());
    check_eq(info.state, PROC_SLEEPING);
    check_str(info.name, "t_ksmwait");
    gate_open(&go);
    wait_until(procinfo(pid, &info) < 0);
    tap_join(pid);
    check_eq(procinfo(pid, &info), -1);
    check_eq(procinfo(0, &info), -1);
    check_eq(procinfo(-1, &info), -1);
    check_eq(procinfo(0x7FFFFFFF, &info), -1);
    check_eq(procinfo(getpid(), &info), 0);
    check_eq(info.state, PROC_RUNNING);
}

/* No wake-up is lost. */

static void ping_pong(void *arg)
{
    uint me = *(uint *)arg;

    for (uint turn = me; turn < 4000; turn += 2) {
        uint now;

        while ((now = words[0]) != turn)
            ksmwait(words, now, 0);
        words[0] = turn + 1;
        ksmwake(words, 1);
    }
}

TEST("§11.1 no wake-up is lost between two processes")
{
    uint first = 0, second = 1;
    int a, b, status;

    share();
    a = tap_start(ping_pong, &first);
    b = tap_start(ping_pong, &second);
    for (int i = 0; i < 2; i++) {
        int pid = waits(&status);

        check((pid == a || pid == b) && status == 0);
    }
    check_eq(words[0], 4000);
    unshare();
}

/* §11.7: whose end ends a sleep. */

static struct gate end_peer;
static int peer_of_sleeper;

static void pass(void *gate) { gate_pass(gate); }

static int start_sleeper(void (*sleep_on)(void *), volatile uint *word, int peer)
{
    int pid;

    peer_of_sleeper = peer;
    pid = tap_start(sleep_on, (void *)word);
    tap_until_asleep(pid);
    return pid;
}

static void until_peer_ends(void *word)
{
    struct procinfo info;

    check_eq(ksmwaitpeer(word, 0, 0, peer_of_sleeper), KSM_EAGAIN);
    check_eq(procinfo(peer_of_sleeper, &info), -1); /* no other's end did that */
}

static void until_woken(void *word) { check_eq(ksmwaitpeer(word, 0, 0, peer_of_sleeper), 0); }

TEST("§11.7 the end of the peer alone ends the sleep, on whatever word, whatever the peer has attached")
{
    int peer, bystander, nobody, status;

    gate_create(&go);
    gate_create(&end_peer);
    peer = tap_start(pass, &end_peer);
    share();
    start_sleeper(until_peer_ends, words, peer);
    start_sleeper(until_peer_ends, words + PAGE / 4, peer);
    start_sleeper(until_peer_ends, &private_word, peer);
    nobody = start_sleeper(until_woken, words, -1);
    bystander = tap_start(pass, &go);
    gate_open(&go);
    tap_join(bystander); /* and no other ends before */
    gate_open(&end_peer);
    for (int i = 0; i < 4; i++) {
        check(waits(&status) != nobody);
        check_eq(status, 0);
    }
    check_eq(ksmwake(words, 10), 1);
    tap_join(nobody);
    unshare();
}

TEST("§11.7 a peer's exec does not end the sleep, and a kill of the peer does")
{
    char *argv[] = { "/sleep", "100000", NULL };
    int peer, status;

    share();
    peer = tap_start_program(argv, -1, -1);
    start_sleeper(until_peer_ends, words, peer);
    tap_until_asleep(peer);
    kill(peer);
    for (int i = 0; i < 2; i++) { /* the sleeper may come to its end first */
        int pid = waits(&status);

        check_eq(status, pid == peer ? KILLED : 0);
    }
    unshare();
}

TEST("§11.7 ksmwaitpeer refuses bad arguments, and a peer that is not alive")
{
    int gone, first = getpid();

    gate_create(&go);
    gone = tap_start(pass, &go);
    kill(gone);
    check_eq(tap_status(gone), KILLED);
    share();
    check_eq(ksmwaitpeer(words, 0, 0, gone), KSM_EAGAIN);
    check_eq(ksmwaitpeer(&private_word, 0, 0, gone), KSM_EAGAIN);
    check_eq(ksmwaitpeer(words, 0, 0, 0x7FFFFFFF), KSM_EAGAIN);
    check_eq(ksmwaitpeer(words, 0, 0, -2), KSM_EINVAL);
    check_eq(ksmwaitpeer(words, 1, 0, (int)0x80000000), KSM_EINVAL);
    check_eq(ksmwaitpeer((uint *)((char *)words + 1), 0, 0, first), KSM_EINVAL);
    check_eq(ksmwaitpeer(words, 0, -1, first), KSM_EINVAL);
    check_eq(ksmwaitpeer(NULL, 0, 0, first), KSM_EFAULT);
    check_eq(ksmwaitpeer((uint *)KERNBASE, 0, 0, gone), KSM_EFAULT);
    check_eq(ksmwaitpeer(words, 1, 0, first), KSM_EAGAIN);
    check_eq(ksmwaitpeer(words, 0, 2, first), KSM_ETIMEDOUT);
    check_eq(ksmwaitpeer(words, 0, 2, -1), KSM_ETIMEDOUT);
    check_eq(ksmwaitpeer(words, 0, 2, 0), KSM_ETIMEDOUT);
    unshare();
}

static void wait_and_end(void *arg)
{
    uint *word = arg;

    for (int i = 0; i < 300; i++) { /* no end of these is missed, at whatever moment it comes */
        int peer = fork();

        if (peer == 0)
            exits(0);
        check_positive(peer);
        check_eq(ksmwaitpeer(word, 0, 0, peer), KSM_EAGAIN);
        check_eq(wait(), peer);
    }
}

TEST("§11.7 no end of a peer is missed")
{
    share();
    for (int i = 0; i < 3; i++)
        tap_start(wait_and_end, (void *)words);
    tap_join_all(3);
    unshare();
}

TAP_MAIN(drop_fresh)
