/*
 * ksmrows.c - what shared memory costs: the rows of docs/performance.md that bench/vendor/rows.c lacks.
 *
 *   ksmrows [NAME]...            prints "R NAME FIRST MEDIAN MIN MAX", in cycles for one operation
 *
 * Under ./ksm run --icount the counter counts instructions, and jumps when the processor idles.  So no row may idle; a
 * row of which two samples took four times the median is marked "idle?".
 */
#include "mathwire.h"
#include "measure.h"

#define SAMPLES  7
#define MB       0x100000u
#define HANDOVER 1000
#define SLEEPERS 400

static uint64_t samples[SAMPLES];

/* Prints the samples, each of `per` operations. */
static void report(const char *name, uint per)
{
    uint64_t first = samples[0], sorted[SAMPLES];

    sort_samples(sorted, samples, SAMPLES);
    printf(1, "R %s %llu %llu %llu %llu%s\n", name, first / per, sorted[SAMPLES / 2] / per, sorted[0] / per,
           sorted[SAMPLES - 1] / per, sorted[SAMPLES - 2] > 4 * sorted[SAMPLES / 2] ? " idle?" : "");
}

static int get_bench(uint nbytes) { return get(ksmid("bench"), nbytes); }

/* A segment's whole life: get, attach, touch each page, detach, delete. */
static void life(const char *name, uint nbytes)
{
    for (int i = 0; i < SAMPLES; i++) {
        uint64_t start = stamp();
        int handle = get_bench(nbytes);
        volatile char *p = attach(handle);

        for (uint at = 0; at < nbytes; at += 4096)
            p[at] = 1;
        ksmdetach(handle);
        ksmdelete(handle);
        samples[i] = stamp() - start;
    }
    report(name, 1);
}

static void life_4k(void) { life("life.4K", 4096); }
static void life_1m(void) { life("life.1M", MB); }
static void life_64m(void) { life("life.64M", 64 * MB); }

/* Attaches and detaches a segment that the process has attached once more. */
static void attach_again(const char *size, uint nbytes)
{
    static uint64_t detached[SAMPLES];
    char name[32];
    int handle = get_bench(nbytes);

    attach(handle);
    for (int i = 0; i < SAMPLES; i++) {
        uint64_t start = stamp();

        attach(handle);
        samples[i] = stamp() - start;
        start = stamp();
        ksmdetach(handle);
        detached[i] = stamp() - start;
    }
    snprintf(name, sizeof(name), "attach.%s", size);
    report(name, 1);
    memmove(samples, detached, sizeof(samples));
    snprintf(name, sizeof(name), "detach.%s", size);
    report(name, 1);
    ksmdetach(handle);
    ksmdelete(handle);
}

static void attach_1m(void) { attach_again("1M", MB); }
static void attach_64m(void) { attach_again("64M", 64 * MB); }

/* What 400 sleepers on a segment's words, which wait for this process, add to the life of a child that has the segment
   attached. */
static void exit_beside_sleepers(void)
{
    int handle = get_bench(4096), pids[SLEEPERS];
    volatile uint *word = attach(handle);
    uint64_t plain[SAMPLES];

    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < SAMPLES; i++) {
            uint64_t start = stamp();

            fork_once();
            start = stamp() - start;
            samples[i] = k == 0 ? 0 : start > plain[i] ? start - plain[i] : 0;
            plain[i] = k == 0 ? start : plain[i];
        }
        for (int i = 0; i < SLEEPERS && k == 0; i++) {
            int parent = getpid();

            pids[i] = fork();
            if (pids[i] == 0) {
                ksmwaitpeer(word + 1 + i % 100, 0, 0, parent);
                exit();
            }
        }
        sleep(k == 0 ? 10 : 0); /* they fall asleep */
    }
    for (int i = 0; i < SLEEPERS; i++)
        kill(pids[i]);
    for (int i = 0; i < SLEEPERS; i++)
        if (pids[i] < 0 || wait() < 0)
            fail(1, "a sleeper was lost");
    report("exit.400-sleepers.above-plain", 1);
    ksmdetach(handle);
    ksmdelete(handle);
}

/* What 64 MB attached add to fork, exit and wait. */
static void fork_64m(void)
{
    uint64_t plain[SAMPLES];
    int handle = get_bench(64 * MB);

    for (int i = 0; i < SAMPLES; i++) {
        uint64_t start = stamp();

        fork_once();
        plain[i] = stamp() - start;
    }
    attach(handle);
    for (int i = 0; i < SAMPLES; i++) {
        uint64_t start = stamp();

        fork_once();
        start = stamp() - start;
        samples[i] = start > plain[i] ? start - plain[i] : 0;
    }
    report("fork.64M.above-plain", 1);
    ksmdetach(handle);
    ksmdelete(handle);
}

/* Two processes and a word. */

struct mailbox {
    volatile uint request; /* counts; the last one is answered when `reply` is the same */
    volatile uint reply;
    volatile int a, b, sum;
    volatile int batch[HANDOVER];
};

static void wait_for(volatile uint *word, uint n)
{
    uint seen;

    while ((seen = *word) != n)
        ksmwait(word, seen, 0);
}

static void serve(struct mailbox *box, uint nrequests, bool batched)
{
    for (uint n = 1; n <= nrequests; n++) {
        wait_for(&box->request, n);
        if (batched)
            for (int i = 0; i < HANDOVER; i++)
                box->batch[i] += box->a;
        else
            box->sum = box->a + box->b;
        box->reply = n;
        ksmwake(&box->reply, 1);
    }
}

/* Requests to a child; each hands over to it and back. */
static void converse(const char *name, uint rounds, bool batched, uint per)
{
    int handle = get_bench(sizeof(struct mailbox));
    struct mailbox *box = attach(handle);
    int pid = fork();
    uint n = 0;

    if (pid == 0) {
        serve(box, SAMPLES * rounds, batched);
        exit();
    }
    for (int i = 0; i < SAMPLES; i++) {
        uint64_t start = stamp();

        for (uint k = 0; k < rounds; k++) {
            box->a = 1;
            box->b = (int)k;
            if (batched)
                for (int j = 0; j < HANDOVER; j++)
                    box->batch[j] = j;
            box->request = ++n;
            ksmwake(&box->request, 1);
            wait_for(&box->reply, n);
            if (batched ? box->batch[9] != 10 : box->sum != (int)k + 1)
                fail(1, "%s: a wrong answer", name);
        }
        samples[i] = stamp() - start;
    }
    join(pid);
    report(name, rounds * per);
    ksmdetach(handle);
    ksmdelete(handle);
}

static void wait_wake(void)
{
    int handle = get_bench(4096);
    volatile uint *word = attach(handle);
    int pid = fork();

    for (uint i = 0; i < SAMPLES * 500; i++) { /* the parent makes it odd, the child even */
        uint mine = 2 * i + (pid == 0), seen;

        if (pid != 0 && i % 500 == 0)
            samples[i / 500] = stamp();
        while ((seen = word[0]) != mine)
            ksmwait((const uint *)word, seen, 0);
        word[0] = mine + 1;
        ksmwake((const uint *)word, 1);
        if (pid != 0 && i % 500 == 499)
            samples[i / 500] = stamp() - samples[i / 500];
    }
    if (pid == 0)
        exit();
    join(pid);
    report("wait-wake.roundtrip", 500);
    ksmdetach(handle);
    ksmdelete(handle);
}

static void request(void) { converse("request.blocking", 500, false, 1); }
static void handover(void) { converse("request.1000-a-handover", 5, true, HANDOVER); }

/* The Math Server. */

#define EXPRESSION "1+2"
#define ENDED_IN   500 /* ticks that the server may take to start */
#define PER_SAMPLE 640 /* requests */

static int start_server(struct mathwire *wire)
{
    int pid = fork(), error;

    if (pid == 0) {
        exec("/mathserver", (char *[]){ "mathserver", "-i", "bench", NULL });
        fail(1, "cannot execute /mathserver");
    }
    error = mathwire_open(wire, ksmid("bench"), ENDED_IN);
    if (pid < 0 || error < 0)
        fail(1, "the Math Server: %s", ksmstrerror(error));
    return pid;
}

static void send(struct mathwire *wire, enum mathwire_kind kind)
{
    int error = mathwire_send(wire, kind, EXPRESSION, sizeof(EXPRESSION) - 1);

    if (error < 0)
        fail(1, "mathwire_send: %s", ksmstrerror(error));
}

static void receive(struct mathwire *wire, struct math_result *result)
{
    int error = mathwire_receive(wire, result);

    if (error < 0 || result->status != MATH_OK)
        fail(1, "mathwire_receive: %s", error < 0 ? ksmstrerror(error) : "an error");
}

static void end_server(struct mathwire *wire, int pid)
{
    struct math_result result;

    send(wire, MATHWIRE_END);
    receive(wire, &result);
    mathwire_close(wire);
    join(pid);
}

/* Requests of which a given number are in flight at once.  `known` of their costs, for each sample, is not reported. */
static void ask(const char *name, uint nflight, uint64_t known)
{
    struct math_result result;
    struct mathwire wire;
    int pid = start_server(&wire);

    for (int i = 0; i < SAMPLES; i++) {
        uint64_t start = stamp();

        for (uint n = 0; n < PER_SAMPLE; n += nflight) {
            for (uint k = 0; k < nflight; k++)
                send(&wire, MATHWIRE_COMPUTE);
            for (uint k = 0; k < nflight; k++)
                receive(&wire, &result);
        }
        samples[i] = stamp() - start - known;
        if (result.value != 3)
            fail(1, "%s: a wrong value", name);
    }
    end_server(&wire, pid);
    report(name, PER_SAMPLE);
}

static void math(void)
{
    uint64_t evaluation;

    for (int i = 0; i < SAMPLES; i++) {
        uint64_t start = stamp();
        struct math_result result;

        for (uint n = 0; n < PER_SAMPLE; n++)
            math_evaluate(EXPRESSION, sizeof(EXPRESSION) - 1, &result);
        samples[i] = stamp() - start;
    }
    evaluation = samples[SAMPLES - 1];
    report("math.evaluation", PER_SAMPLE);
    ask("math.1-in-flight", 1, 0);
    ask("math.64-in-flight.above-evaluation", MATHWIRE_WINDOW, evaluation);
}

static const struct {
    const char *name;
    void (*run)(void);
} rows[] = {
    { "life.4K", life_4k },     { "life.1M", life_1m },           { "life.64M", life_64m },
    { "attach.1M", attach_1m }, { "attach.64M", attach_64m },     { "fork.64M", fork_64m },
    { "wait-wake", wait_wake }, { "request", request },           { "handover", handover },
    { "math", math },           { "exit", exit_beside_sleepers },
};

int main(int argc, char *argv[])
{
    for (uint i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool wanted = argc == 1;

        for (int k = 1; k < argc; k++)
            wanted |= strcmp(argv[k], rows[i].name) == 0;
        if (wanted)
            rows[i].run();
    }
    printf(1, "DONE\n");
    return 0;
}
