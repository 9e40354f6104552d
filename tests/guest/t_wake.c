/*
 * t_wake.c - no wake-up is lost by a mutex, a buffer, a semaphore and a mailbox that are built on ksmwait and ksmwake.
 *
 * t_wake -t SECONDS for longer runs.  A sleeper that outlasts every legitimate wait was lost.
 */
#include "race.h"

#define LOST_TICKS 6000 /* a minute: the host may be busy */
#define NRUNS      3u
#define SECONDS    2u
#define BURST      32u
#define LEAST      128u /* rounds of each process, however late it begins */
#define ALL        0x7FFFFFFF

/* Words of the board, in different cache lines. */
enum {
    LOCK = 0,
    INSIDE = 64,
    TOTAL = 128,
    UNITS = 192,
    WANTING = 256,
    OUT = 320,
    BOX = 384,
    SUM = 448,
    TAKEN = 512,
    SLEPT = 576,
    HERE = 640,
    MEETING = 704,
    OVER = 768,
    PUT = 832,
    SLOTS = 896,
};

static volatile uint *word(uint i) { return &board->words[i]; }

static uint add(uint i, uint n) { return __atomic_add_fetch(word(i), n, __ATOMIC_SEQ_CST); }

static bool replace(uint i, uint old, uint new)
{
    return __atomic_compare_exchange_n(word(i), &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void wait_for(uint i, uint seen)
{
    int result = ksmwait(word(i), seen, LOST_TICKS);

    check(result == 0 || result == KSM_EAGAIN);
    if (result == 0)
        add(SLEPT, 1);
}

static void spin(uint n)
{
    while (n-- > 0)
        asm volatile("pause");
}

static uint nprocesses;

/* All processes meet now and then.  Without that, a later one would wake a lost sleeper, or the end of a process would.
   False when it is time to stop. */
static bool meet(void)
{
    uint meeting = *word(MEETING);

    if (add(HERE, 1) == nprocesses) {
        *word(HERE) = 0;
        *word(OVER) = board->stop && (meeting + 1) * BURST >= LEAST;
        add(MEETING, 1);
        ksmwake(word(MEETING), ALL);
    }
    while (*word(MEETING) == meeting)
        wait_for(MEETING, meeting);
    return !*word(OVER);
}

static void run_with(void (*run)(uint i), const char *what)
{
    static const uint numbers[NRUNS] = { 2, 4, 8 };

    race_begin();
    for (uint i = 0; i < NRUNS; i++) {
        nprocesses = numbers[i];
        race_run(nprocesses, SECONDS, run, NULL);
        tap_note("%u processes: %u times %s, %u sleeps", nprocesses, race_rounds(), what, *word(SLEPT));
    }
}

/* A mutex: 0 free, 1 held, 2 held and perhaps wanted. */

static void lock(void)
{
    if (replace(LOCK, 0, 1))
        return;
    while (__atomic_exchange_n(word(LOCK), 2, __ATOMIC_SEQ_CST) != 0)
        wait_for(LOCK, 2);
}

static void unlock(void)
{
    if (__atomic_exchange_n(word(LOCK), 0, __ATOMIC_SEQ_CST) == 2)
        ksmwake(word(LOCK), 1);
}

static void use_mutex(uint i)
{
    uint random = chance_start((uint)tap_seed, i), n = 0;

    do {
        lock();
        check_eq(*word(INSIDE), 0);
        *word(INSIDE) = i + 1;
        *word(TOTAL) += 1; /* not atomic: it would not be exact without the lock */
        spin(chance(&random, 64));
        if (chance(&random, 512) == 0)
            ksmwait(word(INSIDE), i + 1, 1); /* so that on a single processor, too, others find it locked */
        check_eq(*word(INSIDE), i + 1);
        *word(INSIDE) = 0;
        unlock();
        spin(chance(&random, 64));
    } while (++n % BURST || meet());
    board->rounds[i] = n;
}

TEST("§11.1 §12 a mutex loses no wake-up")
{
    run_with(use_mutex, "locked");
    check_eq(*word(TOTAL), race_rounds());
    check_eq(*word(LOCK), 0);
    race_end();
}

/* A buffer of a few items, for several producers and a consumer: two counts that only grow, and the mutex. */

#define NSLOTS 16u
#define NITEMS 3000u

static void produce(void *number)
{
    for (uint i = 0; i < NITEMS; i++) {
        uint put, taken;

        lock();
        put = *word(PUT);
        while (put - (taken = *word(TAKEN)) == NSLOTS)
            wait_for(TAKEN, taken);
        *word(SLOTS + put % NSLOTS) = (uint)number << 16 | i;
        add(PUT, 1);
        unlock();
        ksmwake(word(PUT), 1);
    }
}

static void consume_all(uint nproducers)
{
    uint next[RACE_MAX] = { 0 };

    for (uint i = 0; i < nproducers * NITEMS; i++) {
        uint item, who;

        while (*word(PUT) == i)
            wait_for(PUT, i);
        item = *word(SLOTS + i % NSLOTS);
        who = item >> 16;
        check(who < nproducers);
        check_eq(item & 0xFFFF, next[who]++); /* nothing lost, doubled or out of order */
        add(TAKEN, 1);
        ksmwake(word(TAKEN), 1);
    }
}

TEST("§11.3 a bounded buffer loses and doubles nothing, with one producer and with four")
{
    race_begin();
    for (uint n = 1; n <= 4; n += 3) {
        memset(board, 0, sizeof(*board));
        for (uint i = 0; i < n; i++)
            tap_start(produce, (void *)i);
        consume_all(n);
        tap_join_all(n);
    }
    race_end();
}

/* A semaphore of half as many units as processes. */

static uint nunits;

static void take_unit(void)
{
    for (;;) {
        uint n = *word(UNITS);

        if (n < nunits && replace(UNITS, n, n + 1))
            return;
        if (n < nunits)
            continue;
        add(WANTING, 1);
        wait_for(UNITS, n);
        add(WANTING, (uint)-1);
    }
}

static void give_unit(void)
{
    add(UNITS, (uint)-1);
    if (*word(WANTING))
        ksmwake(word(UNITS), 1);
}

static void use_semaphore(uint i)
{
    uint random = chance_start((uint)tap_seed, i), n = 0;

    nunits = nprocesses / 2;
    do {
        take_unit();
        check(add(OUT, 1) <= nunits);
        spin(chance(&random, 64));
        if (chance(&random, 512) == 0)
            sleep(1);
        add(OUT, (uint)-1);
        give_unit();
    } while (++n % BURST || meet());
    board->rounds[i] = n;
}

TEST("§11.1 §11.3 a semaphore loses no wake-up")
{
    run_with(use_semaphore, "taken");
    check_eq(*word(UNITS), 0);
    check_eq(*word(WANTING), 0);
    race_end();
}

/* A mailbox for one message: even numbers write, odd ones read. */

#define LAST_MESSAGE 0xFFFFFFFFu

static void post(uint message)
{
    while (!replace(BOX, 0, message)) {
        uint seen = *word(BOX);

        if (seen)
            wait_for(BOX, seen);
    }
    ksmwake(word(BOX), ALL); /* writers sleep there too */
}

static uint fetch(void)
{
    for (;;) {
        uint seen = *word(BOX);

        if (!seen) {
            wait_for(BOX, 0);
        } else if (replace(BOX, seen, 0)) {
            ksmwake(word(BOX), ALL);
            return seen;
        }
    }
}

static void use_mailbox(uint i)
{
    uint n = 0, sum = 0, message;

    if (i % 2 == 0) {
        while (!board->stop || n < LEAST) {
            message = ++n << 3 | i; /* no two are the same */
            sum += message;
            post(message);
        }
        post(LAST_MESSAGE);
        add(SUM, sum);
        board->rounds[i] = n;
    } else {
        while ((message = fetch()) != LAST_MESSAGE) {
            sum += message;
            n++;
        }
        add(SUM, -sum);
        add(TAKEN, n);
    }
}

TEST("§11.1 §11.3 a mailbox loses no wake-up")
{
    run_with(use_mailbox, "delivered");
    check_eq(*word(TAKEN), race_rounds());
    check_eq(*word(SUM), 0);
    check_eq(*word(BOX), 0);
    race_end();
}

TAP_MAIN(drop_fresh)
