/*
 * ksmcurves.c - how the costs of shared memory grow: docs/curves.tsv.
 *
 *   ksmcurves            prints "C PANEL CURVE X COST", in units of the time stamp counter
 *
 * A cost is the median of five.  As in ksmrows.c, nothing that is measured may idle.
 */
#include "measure.h"

#define SAMPLES    5
#define PAGE       4096u
#define MOST_BYTES (256u << 20)
#define MOST       4096 /* segments, attachments */
#define PROCESSES  900  /* the system has room for NPROC, and starts with some */
#define OTHER_IDS  0x1000

static const char *panel;
static uint x;

/* Prints the median of what `once` says that it costs. */
static void measure(const char *curve, uint64_t (*once)(void *), void *of)
{
    uint64_t samples[SAMPLES], sorted[SAMPLES];

    for (int i = 0; i < SAMPLES; i++)
        samples[i] = once(of);
    sort_samples(sorted, samples, SAMPLES);
    printf(1, "C %s %s %u %llu\n", panel, curve, x, sorted[SAMPLES / 2]);
}

static uint64_t life(void *nbytes)
{
    uint64_t start = stamp();
    int handle = get(ksmid("measured"), *(uint *)nbytes);

    attach(handle);
    ksmdetach(handle);
    ksmdelete(handle);
    return stamp() - start;
}

/* Of a segment that the process has attached already. */
static uint64_t again(void *handle)
{
    uint64_t start = stamp();

    attach(*(int *)handle);
    ksmdetach(*(int *)handle);
    return stamp() - start;
}

static uint64_t child(void *unused)
{
    uint64_t start = stamp();

    (void)unused;
    fork_once();
    return stamp() - start;
}

/* For each page of an attachment that nobody has used. */
static uint64_t touch(void *unused)
{
    int handle = get(ksmid("measured"), x);
    volatile char *p = attach(handle);
    uint64_t start = stamp();

    (void)unused;
    for (uint at = 0; at < x; at += PAGE)
        p[at] = 1;
    start = stamp() - start;
    ksmdetach(handle);
    ksmdelete(handle);
    return start / (x / PAGE);
}

static void by_size(void)
{
    panel = "size";
    for (x = PAGE; x <= MOST_BYTES; x *= 4) {
        int handle;

        measure("life", life, &x);
        measure("touch", touch, NULL);
        handle = get(ksmid("bench"), x);
        attach(handle);
        measure("again", again, &handle);
        measure("fork", child, NULL);
        ksmdetach(handle);
        ksmdelete(handle);
    }
}

static void by_segments(void)
{
    static int handles[MOST];
    uint one = PAGE;

    panel = "segments";
    for (uint n = x = 1; x <= MOST; x *= 4) {
        for (; n < x; n++) /* the measured one counts */
            handles[n] = get(OTHER_IDS + (int)n, PAGE);
        measure("life", life, &one);
        measure("fork", child, NULL);
    }
    for (uint n = 1; n < MOST; n++)
        ksmdelete(handles[n]);
}

static void by_attachments(void)
{
    int handle = get(ksmid("bench"), PAGE);
    uint one = PAGE;

    panel = "attachments";
    for (uint n = 0, i = x = 1; i <= MOST; x = i *= 4) {
        for (; n < x; n++)
            attach(handle);
        measure("life", life, &one);
        measure("again", again, &handle);
        measure("fork", child, NULL);
    }
    for (uint n = 0; n < MOST; n++)
        ksmdetach(handle);
    ksmdelete(handle);
}

static uint64_t wake_nobody(void *word)
{
    uint64_t start = stamp();

    ksmwake(word, 1);
    return stamp() - start;
}

/* Sleeps for good.  Word 0 counts those that are about to sleep, and word 1 is nobody's. */
static void sleeper(volatile uint *words, uint n, int peer)
{
    __sync_fetch_and_add(&words[0], 1);
    for (;;)
        ksmwaitpeer(&words[2 + n % 1000], 0, 0, peer);
}

/* Each sleeps on a word of its own, and all have the segment attached.  peer: whose end ends their sleep. */
static void by_processes(int peer)
{
    static int pids[PROCESSES];
    int handle = get(ksmid("bench"), PAGE);
    volatile uint *words = attach(handle);
    uint one = PAGE, n = 1; /* this one counts */

    panel = "processes";
    for (x = 1; x <= PROCESSES; x = x < 256 || x == PROCESSES ? x * 4 : PROCESSES) {
        for (; n < x; n++) {
            pids[n] = fork();
            if (pids[n] < 0)
                fail(1, "cannot fork");
            if (pids[n] == 0)
                sleeper(words, n, peer);
        }
        while (words[0] < x - 1)
            sleep(1);
        sleep(10); /* the last one falls asleep */
        measure(peer < 0 ? "fork" : "death", child, NULL);
        if (peer >= 0)
            continue;
        measure("life", life, &one);
        measure("again", again, &handle);
        measure("wake", wake_nobody, (void *)&words[1]);
    }
    for (n = 1; n < PROCESSES; n++)
        kill(pids[n]);
    for (n = 1; n < PROCESSES; n++)
        if (wait() < 0)
            fail(1, "a sleeper was lost");
    ksmdetach(handle);
    ksmdelete(handle);
}

int main(void)
{
    by_size();
    by_segments();
    by_attachments();
    by_processes(-1);
    by_processes(0);
    printf(1, "DONE\n");
    return 0;
}
