/*
 * ksmbusy.c - how much slower the feed makes a busy system (docs/feed.md).
 *
 *   ksmbusy [NAME]...            prints "B NAME COST", in units of the time stamp counter for 1,000 rounds
 *
 * Each load keeps one processor busy for some 40 ticks under ./ksm run --icount, and counts all that happens meanwhile:
 * the load's own work, ticks, and the thread that writes the feed.  Nothing idles, or the counter would jump.
 */
#include "mathwire.h"
#include "measure.h"
#include "stdlib.h"
#include "string.h"

#define ENDED_IN 500 /* ticks that the Math Server may take to start */

/* Two processes hand a word of shared memory over to each other. */
static void words(uint rounds)
{
    int handle = get(ksmid("busy"), 4096);
    volatile uint *word = attach(handle);
    int pid = fork();

    for (uint i = 0; i < rounds; i++) { /* the parent makes it odd, the child even */
        uint mine = 2 * i + (pid == 0), seen;

        while ((seen = word[0]) != mine)
            ksmwait((const uint *)word, seen, 0);
        word[0] = mine + 1;
        ksmwake((const uint *)word, 1);
    }
    if (pid == 0)
        exit();
    join(pid);
    ksmdetach(handle);
    ksmdelete(handle);
}

/* The same with a byte and two pipes. */
static void pipes(uint rounds)
{
    int there[2], back[2];
    char c = 'x';

    if (pipe(there) < 0 || pipe(back) < 0)
        fail(1, "no pipe");
    int pid = fork();
    for (uint i = 0; i < rounds; i++) {
        if (pid == 0)
            read(there[0], &c, 1);
        write(pid == 0 ? back[1] : there[1], &c, 1);
        if (pid != 0)
            read(back[0], &c, 1);
    }
    if (pid == 0)
        exit();
    join(pid);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
    }
}

static void ask(struct mathwire *wire, enum mathwire_kind kind)
{
    struct math_result result;

    if (mathwire_send(wire, kind, "1+2", 3) < 0 || mathwire_receive(wire, &result) < 0)
        fail(1, "the Math Server does not answer");
}

/* Requests to the Math Server, one at a time. */
static void math(uint rounds)
{
    struct mathwire wire;
    int pid = fork();

    if (pid == 0) {
        exec("/mathserver", (char *[]){ "mathserver", "-i", "busy", NULL });
        fail(1, "cannot execute /mathserver");
    }
    if (pid < 0 || mathwire_open(&wire, ksmid("busy"), ENDED_IN) < 0)
        fail(1, "no Math Server");
    for (uint i = 0; i < rounds; i++)
        ask(&wire, MATHWIRE_COMPUTE);
    ask(&wire, MATHWIRE_END);
    mathwire_close(&wire);
    join(pid);
}

static void forks(uint rounds)
{
    for (uint i = 0; i < rounds; i++)
        fork_once();
}

static void attaches(uint rounds)
{
    int handle = get(ksmid("busy"), 4096);

    for (uint i = 0; i < rounds; i++) {
        attach(handle);
        ksmdetach(handle);
    }
    ksmdelete(handle);
}

static void computes(uint rounds)
{
    for (uint i = 0; i < 1000 * rounds; i++)
        asm volatile("");
}

static const struct {
    const char *name;
    void (*run)(uint rounds);
    uint rounds;
} loads[] = {
    { "words", words, 260000 }, { "pipes", pipes, 250000 },       { "math", math, 120000 },
    { "forks", forks, 60000 },  { "attaches", attaches, 300000 }, { "computes", computes, 130000 },
};

int main(int argc, char *argv[])
{
    for (uint i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        bool wanted = argc == 1;

        for (int k = 1; k < argc; k++)
            wanted |= strcmp(argv[k], loads[i].name) == 0;
        if (!wanted)
            continue;
        uint64_t start = stamp();
        loads[i].run(loads[i].rounds);
        printf(1, "B %s %llu\n", loads[i].name, (stamp() - start) / (loads[i].rounds / 1000));
    }
    return 0;
}
