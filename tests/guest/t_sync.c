/*
 * t_sync.c - the lock, the semaphore and the ring of the user library, with up to 8 processes and with
 * holders that are killed.
 */
#include "guest.h"
#include "ksmlock.h"
#include "ksmring.h"
#include "ksmsem.h"
#include "ksmspin.h"

#define ROUNDS 20000 /* of each process */
#define MANY   8

#define RING_DATA 4096

struct shared {
    struct ksmlock lock;
    struct ksmsem items, rooms;
    uint ready, stop;
    uint counters[4]; /* changed together under the lock */
    uint taken[MANY];
    uchar ring[2 * RING_DATA] __attribute__((aligned(64)));
};

static struct shared *shared;

static uint seed = 1;

static uint random_below(uint n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* A marked segment: it goes with the test. */
static void set_up(void)
{
    int handle = ksmget(getpid() + 0x53594e43, sizeof(struct shared), KSM_MUSTNOTEXIST);

    check(handle > 0);
    shared = ksmattach(handle);
    check(ksmerror(shared) == 0);
    check_eq(ksmdelete(handle), 0);
}

static void wait_for_all(int n)
{
    for (int i = 0; i < n; i++) {
        int status;

        check(waits(&status) > 0);
        check_eq(status, 0);
    }
}

/* Runs fn(number) in n processes until all have ended. */
static void run_all(int n, void (*fn)(void *))
{
    for (int i = 0; i < n; i++)
        tap_start(fn, (void *)(long)i);
    wait_for_all(n);
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

TEST("lock: nobody else meanwhile, 2 processes")
{
    set_up();
    run_all(2, lock_and_count);
    check_eq(shared->counters[0], 2 * ROUNDS);
}

TEST("lock: nobody else meanwhile, 8 processes")
{
    set_up();
    run_all(MANY, lock_and_count);
    check_eq(shared->counters[3], MANY * ROUNDS);
    check_eq(shared->lock.holder.pid, 0);
}

static void hold(void *arg)
{
    ksmlock_acquire(&shared->lock, 0);
    shared->ready = 1;
    sleep((int)(long)arg);
    ksmlock_release(&shared->lock);
}

static void wait_until_ready(void)
{
    while (!__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE))
        sleep(1);
}

TEST("lock: results of try, acquire and release")
{
    int pid;

    set_up();
    check_eq(ksmlock_holder(&shared->lock), 0);
    check_eq(ksmlock_release(&shared->lock), KSM_EINVAL);
    check_eq(ksmlock_try(&shared->lock), 0);
    check_eq(ksmlock_holder(&shared->lock), getpid());
    check_eq(ksmlock_acquire(&shared->lock, 0), KSM_EINVAL);
    check_eq(ksmlock_acquire(&shared->lock, -1), KSM_EINVAL);
    check_eq(ksmlock_release(&shared->lock), 0);
    pid = tap_start(hold, (void *)100);
    wait_until_ready();
    check_eq(ksmlock_holder(&shared->lock), pid);
    check_eq(ksmlock_try(&shared->lock), KSM_EAGAIN);
    check_eq(ksmlock_acquire(&shared->lock, 5), KSM_ETIMEDOUT);
    check_eq(ksmlock_release(&shared->lock), KSM_EINVAL);
    check_eq(ksmlock_acquire(&shared->lock, 0), 0);
    tap_join(pid);
    check_eq(ksmlock_release(&shared->lock), 0);
}

TEST("lock: a child does not hold what its parent holds")
{
    int pid, status;

    set_up();
    check_eq(ksmlock_acquire(&shared->lock, 0), 0);
    pid = fork();
    if (pid == 0)
        exits(ksmlock_release(&shared->lock) == KSM_EINVAL && ksmlock_try(&shared->lock) == KSM_EAGAIN);
    check(pid > 0);
    check_eq(waits(&status), pid);
    check_eq(status, 1);
    check_eq(ksmlock_release(&shared->lock), 0);
}

TEST("lock: handed on when its holder dies")
{
    int pid, begin;

    set_up();
    pid = tap_start(hold, (void *)100000);
    wait_until_ready();
    kill(pid);
    begin = uptime();
    check_eq(ksmlock_acquire(&shared->lock, 0), KSM_EOWNERDEAD);
    check(uptime() - begin < 200);
    check_eq(tap_status(pid), KILLED);
    check_eq(ksmlock_release(&shared->lock), 0);
    check_eq(ksmlock_acquire(&shared->lock, 0), 0);
}

static void wait_for_lock(void *arg)
{
    int result = ksmlock_acquire(&shared->lock, 0);

    (void)arg;
    check(result == 0 || result == KSM_EOWNERDEAD);
    if (result == KSM_EOWNERDEAD)
        __atomic_fetch_add(&shared->counters[0], 1, __ATOMIC_SEQ_CST);
    ksmlock_release(&shared->lock);
}

TEST("lock: sleepers wake when its holder dies, and one is told")
{
    int pids[MANY], holder;

    set_up();
    holder = tap_start(hold, (void *)100000);
    wait_until_ready();
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

static void lock_for_ever(void *arg)
{
    (void)arg;
    for (;;) {
        int result = ksmlock_acquire(&shared->lock, 0);

        if (result == KSM_EOWNERDEAD) /* the dead one may have been in the middle */
            for (int i = 1; i < 4; i++)
                shared->counters[i] = shared->counters[0];
        else if (result < 0)
            exits(1);
        if (!counters_agree())
            exits(2);
        change_counters();
        __atomic_fetch_add(&shared->taken[0], 1, __ATOMIC_RELAXED);
        ksmlock_release(&shared->lock);
    }
}

TEST("lock: holders and waiters killed at any moment")
{
    int pids[4];
    uint before;

    set_up();
    for (int i = 0; i < 4; i++)
        pids[i] = tap_start(lock_for_ever, NULL);
    for (int round = 0; round < 60; round++) {
        int victim = round % 4, status;

        before = __atomic_load_n(&shared->taken[0], __ATOMIC_RELAXED);
        for (int i = 0; i < 500 && __atomic_load_n(&shared->taken[0], __ATOMIC_RELAXED) - before < 50; i++)
            sleep(1);
        check(__atomic_load_n(&shared->taken[0], __ATOMIC_RELAXED) != before); /* the lock lives */
        kill(pids[victim]);
        check_eq(waits(&status), pids[victim]);
        check_eq(status, KILLED);
        pids[victim] = tap_start(lock_for_ever, NULL);
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

static void bounded_buffer(int nprocesses)
{
    set_up();
    ksmsem_init(&shared->rooms, 3);
    run_all(nprocesses, give_and_take);
    for (int i = 0; i < nprocesses; i++)
        check_eq(shared->taken[i], ROUNDS);
    check_eq(shared->items.units, 0);
    check_eq(shared->rooms.units, 3);
}

TEST("semaphore: no unit is lost or doubled, 2 processes") { bounded_buffer(2); }

TEST("semaphore: no unit is lost or doubled, 8 processes") { bounded_buffer(MANY); }

TEST("semaphore: results")
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

TEST("semaphore: killed waiters take no unit")
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
#define LONG    300

/* The end of a process would wake the sleepers. */
static void until_stopped(void)
{
    while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
        sleep(1);
}

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
    while (uptime() < end - 8)
        sleep(1);
    while (uptime() < end + 8)
        ;
    until_stopped();
}

TEST("semaphore: the next sleeper gets the unit for which one was woken too late")
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
        while (!__atomic_load_n(&shared->taken[1], __ATOMIC_ACQUIRE))
            sleep(1);
        if (shared->taken[1] == 1)
            check_eq(ksmsem_post(&shared->items), 0);
        while (!__atomic_load_n(&shared->taken[0], __ATOMIC_ACQUIRE))
            sleep(1);
        shared->stop = 1;
        wait_for_all(nbusy + 2);
        check_eq(shared->taken[0], 1);
    }
}

/* The ring. */

static struct ksmring ring;

static void make_ring(uint ndata, uint nreaders, uint nwriters)
{
    set_up();
    check(ksmring_nbytes(ndata, nreaders, nwriters) <= sizeof(shared->ring));
    check_eq(ksmring_create(&ring, shared->ring, ndata, nreaders, nwriters), 0);
}

TEST("ring: results without another process")
{
    char text[RING_DATA];
    struct ksmring other;

    make_ring(1024, 1, 1);
    check_eq(ksmring_max(&ring), 508);
    check_eq(ksmring_read(&ring, text, sizeof(text), KSMRING_TRY), KSM_EAGAIN);
    check_eq(ksmring_read(&ring, text, sizeof(text), 3), KSM_ETIMEDOUT);
    check_eq(ksmring_read(&ring, text, sizeof(text), -2), KSM_EINVAL);
    check_eq(ksmring_write(&ring, text, 0, KSMRING_TRY), KSM_EINVAL);
    check_eq(ksmring_write(&ring, text, 509, KSMRING_TRY), KSM_ESIZE);
    check_eq(ksmring_write(&ring, "hello", 6, KSMRING_TRY), 0);
    check_eq(ksmring_read(&ring, text, 5, KSMRING_TRY), KSM_ESIZE);
    check_eq(ksmring_read(&ring, text, 6, KSMRING_TRY), 6);
    check_eq(strcmp(text, "hello"), 0);
    check_eq(ksmring_write(&ring, text, 508, KSMRING_TRY), 0);
    check_eq(ksmring_write(&ring, text, 508, KSMRING_TRY), KSM_EAGAIN);
    check_eq(ksmring_write(&ring, text, 508, 3), KSM_ETIMEDOUT);
    check_eq(ksmring_drain(&ring, 3), KSM_ETIMEDOUT);
    check_eq(ksmring_open(&other, shared->ring, sizeof(shared->ring)), 0);
    check_eq(ksmring_read(&other, text, sizeof(text), KSMRING_TRY), 508);
    check_eq(ksmring_drain(&ring, 1), 0);
    check(ksmring_open(&other, shared->ring + 64, sizeof(shared->ring) - 64) < 0);
    check_eq(ksmring_create(&other, shared->ring, 0, 1, 1), KSM_EINVAL);
    check_eq(ksmring_create(&other, shared->ring + 4, 64, 1, 1), KSM_EINVAL);
}

TEST("ring: messages of all lengths, through every place")
{
    uchar out[512], in[512];

    make_ring(1024, 1, 1);
    for (int round = 0; round < 3000; round++) {
        uint n = 1 + random_below(508);

        for (uint i = 0; i < n; i++)
            out[i] = (uchar)(round + i * 7);
        check_eq(ksmring_write(&ring, out, n, KSMRING_TRY), 0);
        check_eq(ksmring_read(&ring, in, sizeof(in), KSMRING_TRY), n);
        check_eq(memcmp(in, out, n), 0);
    }
}

/* A message says who sent it and as his how-manieth; its length and filling follow from that. */
struct message {
    uint sender, number;
    uchar filling[200];
};

static uint message_length(uint sender, uint number) { return 8 + (sender * 31 + number * 17) % 200; }

static void write_messages(void *arg)
{
    struct message message = { .sender = (uint)(long)arg };

    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    for (message.number = 0; message.number < ROUNDS; message.number++) {
        uint n = message_length(message.sender, message.number);

        memset(message.filling, (int)(message.number & 0xff), sizeof(message.filling));
        check_eq(ksmring_write(&ring, &message, n, 0), 0);
    }
    check_eq(ksmring_leave(&ring, KSMRING_WRITER), 0);
}

/* Reads until all writers have left.  Messages of one writer come in order. */
static void read_messages(void *arg)
{
    uint next[MANY] = { 0 };
    struct message message;
    int n;

    (void)arg;
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    while ((n = ksmring_read(&ring, &message, sizeof(message), 0)) > 0) {
        check(message.sender < MANY);
        check_eq(n, message_length(message.sender, message.number));
        check(message.number >= next[message.sender]);
        next[message.sender] = message.number + 1;
        for (int i = 0; i < n - 8; i++)
            check(message.filling[i] == (message.number & 0xff));
        __atomic_fetch_add(&shared->taken[message.sender], 1, __ATOMIC_RELAXED);
    }
    check_eq(n, 0);
    check_eq(ksmring_leave(&ring, KSMRING_READER), 0);
}

static void pass_messages(uint nreaders, uint nwriters)
{
    make_ring(1024, nreaders, nwriters);
    for (uint i = 0; i < nwriters; i++)
        tap_start(write_messages, (void *)(long)i);
    for (uint i = 0; i < nreaders; i++)
        tap_start(read_messages, NULL);
    wait_for_all((int)(nreaders + nwriters));
    for (uint i = 0; i < nwriters; i++)
        check_eq(shared->taken[i], ROUNDS);
}

TEST("ring: one writer, one reader") { pass_messages(1, 1); }

TEST("ring: four writers, one reader") { pass_messages(1, 4); }

TEST("ring: one writer, three readers") { pass_messages(3, 1); }

TEST("ring: four writers, four readers") { pass_messages(4, 4); }

static void write_and_die(void *arg)
{
    void *where;

    ksmring_join(&ring, KSMRING_WRITER);
    for (int i = 0; i < 3; i++)
        check_eq(ksmring_write(&ring, "abc", 4, 0), 0);
    check_eq(ksmring_reserve(&ring, 100, &where, 0), 0);
    memset(where, 'x', 100);
    shared->ready = 1;
    for (;;)
        sleep((int)(long)arg);
}

TEST("ring: a reader learns that the writer died, after what it wrote whole")
{
    char text[128];
    int pid, begin;

    make_ring(1024, 1, 1);
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    pid = tap_start(write_and_die, (void *)1000);
    wait_until_ready();
    kill(pid);
    begin = uptime();
    for (int i = 0; i < 3; i++)
        check_eq(ksmring_read(&ring, text, sizeof(text), 0), 4);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), KSM_EOWNERDEAD);
    check(uptime() - begin < 200);
    check_eq(tap_status(pid), KILLED);
}

TEST("ring: the lock of many writers passes on when one dies in the middle")
{
    char text[128];
    int pid;

    make_ring(1024, 1, 2);
    pid = tap_start(write_and_die, (void *)1000);
    wait_until_ready();
    check_eq(ksmring_write(&ring, "def", 4, KSMRING_TRY), KSM_EAGAIN);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    check_eq(ksmring_write(&ring, "def", 4, 0), 0);
    for (int i = 0; i < 4; i++)
        check_eq(ksmring_read(&ring, text, sizeof(text), KSMRING_TRY), 4);
    check_eq(strcmp(text, "def"), 0);
}

static void read_and_die(void *arg)
{
    const void *where;

    ksmring_join(&ring, KSMRING_READER);
    check(ksmring_peek(&ring, &where, 0) > 0);
    shared->ready = 1;
    for (;;)
        sleep((int)(long)arg);
}

TEST("ring: a writer learns that the readers died; what one was reading is still there")
{
    char text[512];
    int pid, result;

    make_ring(1024, 2, 1);
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    pid = tap_start(read_and_die, (void *)1000);
    check_eq(ksmring_write(&ring, "first", 6, 0), 0);
    wait_until_ready();
    kill(pid);
    while ((result = ksmring_write(&ring, text, 400, 0)) == 0)
        ;
    check_eq(result, KSM_EOWNERDEAD);
    check_eq(tap_status(pid), KILLED);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 6);
    check_eq(strcmp(text, "first"), 0);
}

TEST("ring: joining and leaving")
{
    struct ksmring other;
    char text[512];

    make_ring(1024, 1, 1);
    other = ring;
    check_eq(ksmring_leave(&ring, KSMRING_WRITER), KSM_ENOENT);
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    check_eq(ksmring_join(&other, KSMRING_WRITER), KSM_ENOSPC);
    check_eq(ksmring_write(&ring, "x", 1, 0), 0);
    check_eq(ksmring_leave(&ring, KSMRING_WRITER), 0);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 1);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 0);
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    check_eq(ksmring_leave(&ring, KSMRING_READER), 0);
    check_eq(ksmring_write(&ring, text, 508, 0), 0);
    check_eq(ksmring_write(&ring, text, 508, 0), KSM_ENOENT);
}

static void scribble(void *arg)
{
    uint *words = (uint *)shared->ring;

    seed = (uint)(long)arg;
    while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
        words[random_below(sizeof(shared->ring) / 4)] = random_below(4) ? random_below(2048) : seed;
}

TEST("ring: garbage in every field does no harm")
{
    struct ksmring fresh;
    char text[512];
    int pid;

    make_ring(1024, 1, 1);
    pid = tap_start(scribble, (void *)5);
    for (int i = 0; i < 20000; i++) {
        ksmring_write(&ring, text, 1 + random_below(508), KSMRING_TRY);
        ksmring_read(&ring, text, sizeof(text), KSMRING_TRY);
        ksmring_open(&fresh, shared->ring, sizeof(shared->ring));
    }
    shared->stop = 1;
    tap_join(pid);
    check_eq(ksmring_create(&ring, shared->ring, 1024, 1, 1), 0);
    check_eq(ksmring_write(&ring, "again", 6, 0), 0);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 6);
}

TAP_MAIN(NULL)
