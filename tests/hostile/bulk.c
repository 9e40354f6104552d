/*
 * bulk.c - much of everything: what a long path of the kernel might walk through under a lock.
 *
 *   bulk [beside] LOAD N ...   one load after another
 *
 * A load checks that its calls succeed, prints its name and leaves nothing behind, but for `keep`.  After `beside`,
 * another process runs meanwhile and never sleeps; the longest time that it had to wait is printed, in ticks of the
 * processor's counter.
 */
#include "bulk/bulk.h"
#include "procinfo.h"

static void output(uint n)
{
    char line[4096];

    memset(line, '.', sizeof(line));
    for (uint i = 0; i < n; i++)
        need(write(1, line, sizeof(line)) == (int)sizeof(line), "write");
    memset(line, '\n', sizeof(line));
    need(write(1, line, 512) == 512, "write");
}

/* Clears the screen n times, at most 1,000, in one write. */
static void clearing(uint n)
{
    char text[4096] = "\033[H";
    uint at = 3;

    for (uint i = 0; i < n && i < 1000; i++, at += 3)
        memcpy(text + at, "\033[J", 3);
    need(write(1, text, (int)at) == (int)at, "write");
}

static uint counter(void)
{
    uint low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return low;
}

static uint longest_wait, seen_last;

/* Computes for a while. */
static void watch_once(void)
{
    for (uint i = 0; i < 100000; i++) {
        uint now = counter();

        if (now - seen_last > longest_wait)
            longest_wait = now - seen_last;
        seen_last = now;
    }
}

static void watch_begin(void)
{
    longest_wait = 0;
    seen_last = counter();
}

static void watch_end(const char *what)
{
    printf(1, "bulk: beside %s: waited %u at most\n", what, longest_wait);
}

/* For this many ticks, beside whatever else runs. */
static void watch(uint nticks)
{
    uint end = (uint)uptime() + nticks;

    printf(1, "bulk: watching\n");
    watch_begin();
    while ((uint)uptime() < end)
        watch_once();
    watch_end("others");
}

static const struct {
    const char *name;
    void (*run)(uint n);
} loads[] = {
    { "attachments", load_attachments },
    { "large", load_large },
    { "heap", load_heap },
    { "segments", load_segments },
    { "handles", load_handles },
    { "sleepers", load_sleepers },
    { "processes", load_processes },
    { "crowd", load_crowd },
    { "readers", load_readers },
    { "files", load_files },
    { "paths", load_paths },
    { "output", output },
    { "removal", load_removal },
    { "deep", load_deep },
    { "inodes", load_inodes },
    { "clearing", clearing },
    { "watch", watch },
    { "keep", load_keep },
};

static uint load_number(const char *name)
{
    for (uint i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
        if (strcmp(name, loads[i].name) == 0)
            return i;
    fail(2, "there is no load '%s'", name);
}

static void run_beside(uint load, uint n)
{
    struct procinfo info;
    int pid = start(loads[load].run, n);

    watch_begin();
    while (procinfo(pid, &info) == 0)
        watch_once();
    watch_end(loads[load].name);
    join(1);
}

int main(int argc, char *argv[])
{
    for (int i = 1; i + 1 < argc; i += 2) {
        bool beside = strcmp(argv[i], "beside") == 0;

        i += beside;
        uint load = load_number(argv[i]), n = i + 1 < argc ? (uint)atoi(argv[i + 1]) : 0;
        if (beside)
            run_beside(load, n);
        else
            loads[load].run(n);
        printf(1, "bulk: %s\n", argv[i]);
    }
    return 0;
}
