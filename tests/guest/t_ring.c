/*
 * t_ring.c - the library's ring, with up to 8 processes, some of which are killed.
 */
#include "chance.h"
#include "ksmring.h"
#include "ksmtest.h"
#include "procinfo.h"

#define ROUNDS    20000 /* of each writer */
#define MANY      8     /* processes */
#define RING_SIZE 8192

struct shared {
    volatile uint ready, stop;
    volatile uint taken[MANY];
    uchar ring[RING_SIZE] __attribute__((aligned(64)));
};

static struct shared *shared;
static struct ksmring ring;
static struct gate let_go;
static uint random = 1;

static uint pick(uint n) { return chance(&random, n); }

/* In a segment that is deleted at once, so that it goes with the test. */
static void make_ring(uint ndata, uint nreaders, uint nwriters)
{
    int handle = fresh(sizeof(*shared));

    shared = (struct shared *)attach(handle);
    check_eq(ksmdelete(handle), 0);
    check(ksmring_nbytes(ndata, nreaders, nwriters) <= sizeof(shared->ring));
    check_eq(ksmring_create(&ring, shared->ring, ndata, nreaders, nwriters), 0);
}

TEST("the ring's calls refuse, give up and time out as they should")
{
    char text[RING_SIZE / 2];
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
    check_str(text, "hello");
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

TEST("the ring passes messages of all lengths through all its places")
{
    uchar out[512], in[512];

    make_ring(1024, 1, 1);
    for (int round = 0; round < 3000; round++) {
        uint n = 1 + pick(508);

        for (uint i = 0; i < n; i++)
            out[i] = (uchar)(round + i * 7);
        check_eq(ksmring_write(&ring, out, n, KSMRING_TRY), 0);
        check_eq(ksmring_read(&ring, in, sizeof(in), KSMRING_TRY), n);
        check_eq(memcmp(in, out, n), 0);
    }
}

static void write_letter(char letter)
{
    char text[12] = { letter };

    check_eq(ksmring_write(&ring, text, sizeof(text), KSMRING_TRY), 0);
}

static void read_letter(char letter)
{
    char got[12];

    check_eq(ksmring_read(&ring, got, sizeof(got), KSMRING_TRY), 12);
    check_eq(got[0], letter);
}

TEST("a reader knows whether its last look at the ring showed more messages")
{
    make_ring(64, 1, 1); /* of four messages */
    write_letter('a');
    write_letter('b');
    read_letter('a');
    check(ksmring_more(&ring));
    write_letter('c');
    check_eq(ksmring_look(&ring), 0);
    read_letter('b');
    check(ksmring_more(&ring)); /* that look showed the third */
    read_letter('c');
    check(!ksmring_more(&ring));
    write_letter('d');
    check(!ksmring_more(&ring));
    read_letter('d');
    check(ksmring_more(&ring)); /* the data begin again: it has to look */
    check_eq(ksmring_peek(&ring, &(const void *){ NULL }, KSMRING_TRY), KSM_EAGAIN);
}

/* A message says who sent it, and its sequence number; its length and filling follow from these. */
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
    tap_join_all(nreaders + nwriters);
    for (uint i = 0; i < nwriters; i++)
        check_eq(shared->taken[i], ROUNDS);
}

TEST("the ring passes all messages from one writer to one reader") { pass_messages(1, 1); }

TEST("the ring passes all messages from four writers to one reader") { pass_messages(1, 4); }

TEST("the ring passes all messages from one writer to three readers") { pass_messages(3, 1); }

TEST("the ring passes all messages from four writers to four readers") { pass_messages(4, 4); }

static void write_and_die(void *arg)
{
    void *where;

    (void)arg;
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    for (int i = 0; i < 3; i++)
        check_eq(ksmring_write(&ring, "abc", 4, 0), 0);
    check_eq(ksmring_reserve(&ring, 100, &where, 0), 0);
    memset(where, 'x', 100);
    shared->ready = 1;
    gate_pass(&let_go); /* which nobody opens */
}

TEST("a reader gets what a dead writer wrote whole, and then learns of its death")
{
    char text[128];
    int pid;

    make_ring(1024, 1, 1);
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    gate_create(&let_go);
    pid = tap_start(write_and_die, NULL);
    wait_until(shared->ready);
    kill(pid);
    for (int i = 0; i < 3; i++)
        check_eq(ksmring_read(&ring, text, sizeof(text), 0), 4);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), KSM_EOWNERDEAD);
    check_eq(tap_status(pid), KILLED);
}

TEST("a writer that dies in the middle of a message does not stop the others")
{
    char text[128];
    int pid;

    make_ring(1024, 1, 2);
    gate_create(&let_go);
    pid = tap_start(write_and_die, NULL);
    wait_until(shared->ready);
    check_eq(ksmring_write(&ring, "def", 4, KSMRING_TRY), KSM_EAGAIN);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    check_eq(ksmring_write(&ring, "def", 4, 0), 0);
    for (int i = 0; i < 4; i++)
        check_eq(ksmring_read(&ring, text, sizeof(text), KSMRING_TRY), 4);
    check_str(text, "def");
}

/* The library's question whether a process lives, and what happens in the moment before it. */
static void (*meanwhile)(void);
int sys_procinfo(int pid, struct procinfo *info);

int procinfo(int pid, struct procinfo *info)
{
    void (*act)(void) = meanwhile;

    meanwhile = NULL;
    if (act)
        act();
    return sys_procinfo(pid, info);
}

/* Its sleeps to the end of their time. */
static uint nslept;
int sys_ksmwaitpeer(const volatile uint *word, uint expected, int ticks, int peer);

int ksmwaitpeer(const volatile uint *word, uint expected, int ticks, int peer)
{
    int result = sys_ksmwaitpeer(word, expected, ticks, peer);

    nslept += result == KSM_ETIMEDOUT;
    return result;
}

static void write_and_leave(void *arg)
{
    (void)arg;
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    shared->ready = 1;
    gate_pass(&let_go);
    check_eq(ksmring_write(&ring, "abc", 4, 0), 0);
    check_eq(ksmring_leave(&ring, KSMRING_WRITER), 0);
}

static void let_writer_end(void)
{
    gate_open(&let_go);
    tap_join_all(1);
}

static void start_writer(void)
{
    make_ring(1024, 1, 1);
    shared->ready = 0;
    gate_create(&let_go);
    tap_start(write_and_leave, NULL);
    wait_until(shared->ready);
}

TEST(
    "a reader that looks for its writer just when that writes, leaves and ends gets the message, and the end")
{
    char text[8];

    start_writer();
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    meanwhile = let_writer_end;
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 4);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 0);
}

TEST("a process joins a side whose only member leaves just when it looks")
{
    start_writer();
    ksmself();
    meanwhile = let_writer_end;
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    check_eq(ksmring_leave(&ring, KSMRING_WRITER), 0);
}

/* The writer in the second seat ends, after this process has joined as one in the first. */
static struct ksmring successor;

static void be_succeeded(void)
{
    check_eq(ksmring_join(&successor, KSMRING_WRITER), 0);
    let_writer_end();
}

static void join_and_leave(void *arg)
{
    (void)arg;
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    shared->ready = 1;
    gate_pass(&let_go);
    check_eq(ksmring_leave(&ring, KSMRING_WRITER), 0);
}

TEST("a reader that looks for writers just when one joins and the other leaves finds the new one")
{
    char text[8];

    make_ring(1024, 1, 2);
    successor = ring;
    gate_create(&let_go);
    check_eq(ksmring_join(&successor, KSMRING_WRITER), 0);
    tap_start(join_and_leave, NULL);
    wait_until(shared->ready);
    check_eq(ksmring_leave(&successor, KSMRING_WRITER), 0);
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    meanwhile = be_succeeded;
    check_eq(ksmring_read(&ring, text, sizeof(text), 5), KSM_ETIMEDOUT);
    check_eq(ksmring_leave(&successor, KSMRING_WRITER), 0);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 0);
}

static void write_one(void *arg)
{
    (void)arg;
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    check_eq(ksmring_write(&ring, "abc", 4, 0), 0);
}

TEST("a writer goes on when there is room, though the reader reads no more of a ring that is nearly full")
{
    char text[8];
    int pid;

    make_ring(1024, 1, 1);
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    while (ksmring_write(&ring, "abc", 4, KSMRING_TRY) == 0)
        ;
    pid = tap_start(write_one, NULL);
    tap_until_asleep(pid);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 4);
    tap_join(pid);
}

static void write_and_drain(void *arg)
{
    (void)arg;
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    check_eq(ksmring_write(&ring, "abc", 4, 0), 0);
    check_eq(ksmring_drain(&ring, 0), 0);
    check_eq(ksmring_leave(&ring, KSMRING_WRITER), 0);
}

TEST("all writers that wait until the ring is empty learn that it is")
{
    char text[8];
    int pids[MANY];

    make_ring(1024, 1, MANY);
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    for (int i = 0; i < MANY; i++)
        pids[i] = tap_start(write_and_drain, NULL);
    for (int i = 0; i < MANY; i++)
        tap_until_asleep(pids[i]);
    for (int i = 0; i < MANY; i++)
        check_eq(ksmring_read(&ring, text, sizeof(text), 0), 4);
    tap_join_all(MANY);
}

static void read_and_die(void *arg)
{
    const void *where;

    (void)arg;
    check_eq(ksmring_join(&ring, KSMRING_READER), 0);
    check(ksmring_peek(&ring, &where, 0) > 0);
    shared->ready = 1;
    gate_pass(&let_go); /* which nobody opens */
}

TEST("a writer learns that its reader died, and what that was reading is still there")
{
    char text[512];
    int pid, result;

    make_ring(1024, 2, 1);
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    gate_create(&let_go);
    pid = tap_start(read_and_die, NULL);
    check_eq(ksmring_write(&ring, "first", 6, 0), 0);
    wait_until(shared->ready);
    kill(pid);
    while ((result = ksmring_write(&ring, text, 400, 0)) == 0)
        ;
    check_eq(result, KSM_EOWNERDEAD);
    check_eq(tap_status(pid), KILLED);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 6);
    check_str(text, "first");
}

TEST("the ring knows who has joined and left")
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

    random = chance_start((uint)(long)arg, 0);
    while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
        words[pick(sizeof(shared->ring) / 4)] = pick(4) ? pick(2048) : chance_next(&random);
}

TEST("garbage in a ring does no harm to those that use it")
{
    struct ksmring fresh;
    char text[512];
    int pid;

    make_ring(1024, 1, 1);
    pid = tap_start(scribble, (void *)5);
    for (int i = 0; i < 20000; i++) {
        check(ksmring_write(&ring, text, 1 + pick(508), KSMRING_TRY) <= 0);
        check(ksmring_read(&ring, text, sizeof(text), KSMRING_TRY) <= (int)sizeof(text));
        check(ksmring_open(&fresh, shared->ring, sizeof(shared->ring)) <= 0);
    }
    shared->stop = 1;
    tap_join(pid);
    check_eq(ksmring_create(&ring, shared->ring, 1024, 1, 1), 0);
    check_eq(ksmring_write(&ring, "again", 6, 0), 0);
    check_eq(ksmring_read(&ring, text, sizeof(text), 0), 6);
}

TEST("a writer does not wait until a reader is where it can't be")
{
    make_ring(1024, 1, 1);
    check_eq(ksmring_write(&ring, "hello", 6, 0), 0);
    ring.side[KSMRING_READER]->at += 64; /* more than was written */
    check_eq(ksmring_drain(&ring, 3), KSM_EINVAL);
}

/* Moves the readers' position back to a filler, again and again. */
static void move_back(void *arg)
{
    uint filler = (uint)(long)arg;

    while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
        __atomic_store_n(&ring.side[KSMRING_READER]->at, filler, __ATOMIC_RELAXED);
}

TEST("a reader that does not wait is not held by a peer that moves its position back")
{
    static char text[512];
    uint filler;
    int pid, result;

    make_ring(1024, 1, 1);
    for (int i = 0; i < 2; i++) {
        check_eq(ksmring_write(&ring, text, 400, 0), 0);
        check_eq(ksmring_read(&ring, text, sizeof(text), 0), 400);
    }
    filler = ring.side[KSMRING_READER]->at;
    /* It does not fit at the end: a filler goes there, and the message to the beginning. */
    check_eq(ksmring_write(&ring, text, 400, 0), 0);
    pid = tap_start(move_back, (void *)(long)filler);
    for (int i = 0; i < 100000; i++) {
        result = ksmring_read(&ring, text, sizeof(text), i % 1000 ? KSMRING_TRY : 1);
        check(result == 400 || result == KSM_EINVAL || result == KSM_EAGAIN || result == KSM_ETIMEDOUT);
    }
    shared->stop = 1;
    tap_join(pid);
}

/* Moves the readers' position through places that all leave too little room. */
static void move_on(void *arg)
{
    uint first = (uint)(long)arg;

    for (uint i = 0; !__atomic_load_n(&shared->stop, __ATOMIC_RELAXED); i++)
        __atomic_store_n(&ring.side[KSMRING_READER]->at, first + i % 64 * 4, __ATOMIC_RELAXED);
}

TEST("a writer that has not joined may look around, though the reader's position never rests")
{
    static char text[512];
    void *where;
    int pid;

    make_ring(1024, 1, 1);
    check_eq(ksmring_write(&ring, text, 508, 0), 0);
    check_eq(ksmring_write(&ring, text, 508, 0), 0);
    pid = tap_start(move_on, (void *)(long)ring.side[KSMRING_READER]->at);
    nslept = 0;
    for (uint i = 1; i <= 4; i++) {
        check_eq(ksmring_reserve(&ring, 508, &where, 0), KSM_EAGAIN);
        check(nslept <= i); /* half a second; without a limit, half a minute */
    }
    shared->stop = 1;
    tap_join(pid);
}

TAP_MAIN(NULL)
