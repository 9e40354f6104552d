/*
 * bulk.c - much of everything: what a long path of the kernel might walk through under a lock.
 *
 *   bulk [beside] LOAD N ...   one load after another
 *
 * A load checks that its calls succeed, prints its name and leaves nothing behind, but for `keep`.  After `beside`,
 * another process runs meanwhile and never sleeps; the longest time that it had to wait is printed, in ticks of the
 * processor's counter.
 */
#include "fcntl.h"
#include "ksm.h"
#include "procinfo.h"
#include "ulib.h"

#define PAGE  4096u
#define MB    (1024u * 1024)
#define ID    1000
#define LINES 64 /* that `readers` waits for */
#define COLLIDING \
    0x144cbc89u /* identifiers at this distance have the same hash: see spread() in kernel/ksm */

static void need(bool condition, const char *what)
{
    if (!condition)
        fail(1, "%s", what);
}

/* Runs body(argument) in a child. */
static int start(void (*body)(uint), uint argument)
{
    int pid = fork();

    need(pid >= 0, "fork");
    if (pid)
        return pid;
    body(argument);
    exits(0);
}

static void nothing(uint unused) { (void)unused; }

static void join(uint n)
{
    int status;

    while (n-- > 0)
        need(waits(&status) > 0, "wait");
}

static void run(char *name)
{
    int pid = fork();

    if (pid == 0) {
        exec(name, (char *[]){ name, NULL });
        exits(1);
    }
    join(1);
}

/* One page, attached n times: fork, exec, detach, exit. */
static void attach_all(uint n)
{
    int handle = ksmget(ID, PAGE);

    for (uint i = 0; i < n; i++)
        need(!ksmerror(ksmattach(handle)), "attach");
    run("true");
    join((uint)(start(nothing, 0) > 0));
    for (uint i = 0; i < 100; i++)
        need(ksmdetach(handle) == 0, "detach");
    need(ksmdelete(handle) == 0, "delete");
    exec("true", (char *[]){ "true", NULL });
}

static void attachments(uint n)
{
    start(attach_all, n);
    join(1);
}

static void touch(char *p, uint nbytes)
{
    for (uint at = 0; at < nbytes; at += PAGE)
        p[at] = 1;
}

static void large_segment(uint nmb)
{
    int handle = ksmget(ID, nmb * MB);
    char *p = ksmattach(handle);

    need(!ksmerror(p), "attach");
    touch(p, nmb * MB);
    join((uint)(start(nothing, 0) > 0));
    need(ksmdetach(handle) == 0, "detach");
    need(ksmdelete(handle) == 0, "delete");
}

static void grow_and_exit(uint nmb)
{
    char *p = sbrk((int)(nmb * MB));

    need(p != (char *)-1, "sbrk");
    touch(p, nmb * MB);
    join((uint)(start(nothing, 0) > 0));
    need(sbrk(-(int)(nmb / 2 * MB)) != (char *)-1, "sbrk");
}

static void heap(uint nmb)
{
    start(grow_and_exit, nmb);
    join(1);
}

/* n segments, each attached, with identifiers that would like to meet. */
static void get_all(uint n)
{
    for (uint i = 0; i < n; i++) {
        int handle = ksmget((int)(i * COLLIDING), 1);

        need(handle > 0, "get");
        need(!ksmerror(ksmattach(handle)), "attach");
    }
    join((uint)(start(nothing, 0) > 0));
    for (uint i = 0; i < n; i++)
        need(ksmdelete(ksmget((int)(i * COLLIDING), 0)) == 0, "delete");
}

/* n segments that are not attached: fork copies the handles. */
static void get_handles(uint n)
{
    for (uint i = 0; i < n; i++)
        need(ksmget((int)i, 1) > 0, "get");
    join((uint)(start(nothing, 0) > 0));
    for (uint i = 0; i < n; i++)
        need(ksmdelete(ksmget((int)i, 0)) == 0, "delete");
}

static void handles(uint n)
{
    start(get_handles, n);
    join(1);
}

static void segments(uint n)
{
    start(get_all, n);
    join(1);
}

/* n processes that do the same, and are then ended by `end`. */
static volatile uint *board;
static int ends[2];
static int handle;

static void wait_on_word(uint unused)
{
    (void)unused;
    ksmwait(&board[0], 0, 0);
}

static void wait_on_other_word(uint unused)
{
    (void)unused;
    ksmwaitpeer(&board[1], 0, 0, -1);
}

static void wait_for_parent(uint pid) { ksmwaitpeer(&board[2], 0, 0, (int)pid); }

static void read_pipe(uint unused)
{
    char c;

    (void)unused;
    close(ends[1]);
    need(read(ends[0], &c, 1) == 0, "read");
}

static void sleep_until(uint tick)
{
    while ((uint)uptime() < tick)
        sleep((int)tick - uptime());
}

static void many(void (*body)(uint), uint argument, uint n)
{
    while (n-- > 0)
        start(body, argument);
}

/* Until all later processes sleep or have ended. */
static void until_asleep(void)
{
    struct procinfo info;

    for (int pid = getpid(); (pid = procnext(pid)) > 0;)
        while (procinfo(pid, &info) == 0 && info.state != PROC_SLEEPING)
            sleep(1);
}

static void hold(uint unused)
{
    (void)unused;
    for (;;)
        sleep(1000);
}

static int holder(void (*body)(uint), uint argument)
{
    int pid = start(body, argument);

    until_asleep();
    return pid;
}

static void sleepers(uint n)
{
    handle = ksmget(ID, PAGE);
    board = ksmattach(handle);
    need(!ksmerror((void *)board), "attach");

    many(wait_on_word, 0, n);
    until_asleep();
    need(ksmwake(&board[0], 0x7fffffff) == (int)n, "wake");
    join(n);

    many(wait_on_word, 0, n);
    until_asleep();
    start(nothing, 0); /* has the segment, and ends: all look again */
    join(n + 1);

    many(wait_on_other_word, 0, n);
    until_asleep();
    need(ksmwake(&board[0], 1) == 0, "wake");
    need(ksmwake(&board[1], 0x7fffffff) == (int)n, "wake");
    join(n);

    int pid = holder(hold, 0);
    many(wait_for_parent, (uint)pid, n);
    until_asleep();
    kill(pid);
    join(n + 1);

    need(pipe(ends) == 0, "pipe");
    many(read_pipe, 0, n);
    until_asleep();
    close(ends[1]);
    join(n);
    close(ends[0]);

    many(sleep_until, (uint)uptime() + 60, n);
    join(n);

    /* All have a handle of what dies. */
    many(hold, 0, n);
    need(ksmdetach(handle) == 0, "detach");
    for (int child = getpid(); (child = procnext(child)) > 0;)
        kill(child);
    join(n);
    many(hold, 0, n);
    need(ksmdelete(handle) == 0, "delete");
    for (int child = getpid(); (child = procnext(child)) > 0;)
        kill(child);
    join(n);
}

static void leave_orphans(uint n)
{
    many(nothing, 0, n / 2);
    many(hold, 0, n / 2);
}

static void processes(uint n)
{
    many(nothing, 0, n);
    until_asleep();
    run("ps"); /* passes over the dead */
    join(n);

    int self = getpid();
    start(leave_orphans, n);
    join(1);
    for (int child = self; (child = procnext(child)) > 0;)
        kill(child);
    until_asleep();
}

/* n processes that are there until a line is typed. */
static void crowd(uint n)
{
    char line[80];

    many(hold, 0, n);
    until_asleep();
    printf(1, "bulk: crowded\n");
    need(read(0, line, sizeof(line)) > 0, "read");
    for (int child = getpid(); (child = procnext(child)) > 0;)
        kill(child);
    join(n);
}

static void read_lines(uint unused)
{
    char line[80];

    (void)unused;
    while (read(0, line, sizeof(line)) > 0)
        need(write(ends[1], line, 1) == 1, "write");
}

/* n processes that read LINES lines of the console, and on until the job is ended. */
static void readers(uint n)
{
    char c;

    need(pipe(ends) == 0, "pipe");
    many(read_lines, 0, n);
    until_asleep();
    printf(1, "bulk: reading\n");
    for (uint i = 0; i < LINES; i++)
        need(read(ends[0], &c, 1) == 1, "read");
    until_asleep();
    printf(1, "bulk: read\n");
    join(n);
}

static void files(uint n)
{
    char name[16], buf[4096];

    need(mkdir("bulk.d") == 0 && chdir("bulk.d") == 0, "mkdir");
    memset(buf, 'x', sizeof(buf));
    for (uint i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "file%u", i);
        int fd = open(name, O_CREATE | O_RDWR);
        need(fd >= 0 && write(fd, buf, i == 0 ? 4096 : 600) > 0, "write");
        for (uint j = 0; i == 0 && j < 200; j++)
            need(write(fd, buf, sizeof(buf)) > 0, "write");
        close(fd);
    }
    need(sync() == 0, "sync");
    for (uint i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "file%u", i);
        need(unlink(name) == 0, "unlink");
    }
    need(sync() == 0 && chdir("/") == 0 && unlink("bulk.d") == 0, "unlink");

    need(pipe(ends) == 0, "pipe");
    for (int i = 0; i < 2; i++)
        need(write(ends[1], buf, 4096) == 4096, "write");
    char *fresh = sbrk(2 * 4096); /* the reader's pages are made under the pipe's lock */
    need(read(ends[0], fresh, 8192) == 8192, "read");
    close(ends[0]);
    close(ends[1]);
}

/* A directory of n names that differ late, and a path that meets all of them many times. */
static void paths(uint n)
{
    static const char step[] = "0000000000last/../";
    char name[16], path[1000];

    need(mkdir("bulk.d") == 0 && chdir("bulk.d") == 0, "mkdir");
    close(open("name", O_CREATE | O_RDWR));
    for (uint i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "0000000000%04u", i);
        need(link("name", name) == 0, "link");
    }
    need(mkdir("0000000000last") == 0, "mkdir");
    for (uint at = 0; at + sizeof(step) <= sizeof(path); at += sizeof(step) - 1)
        strcpy(path + at, step);
    int fd = open(path, O_RDONLY);
    need(fd >= 0, "open");
    close(fd);
    for (uint i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "0000000000%04u", i);
        need(unlink(name) == 0, "unlink");
    }
    need(unlink("name") == 0 && unlink("0000000000last") == 0 && chdir("/") == 0 && unlink("bulk.d") == 0,
         "unlink");
}

static void output(uint n)
{
    char line[4096];

    memset(line, '.', sizeof(line));
    for (uint i = 0; i < n; i++)
        need(write(1, line, sizeof(line)) == (int)sizeof(line), "write");
    memset(line, '\n', sizeof(line));
    need(write(1, line, 512) == 512, "write");
}

/* A file of n KB, made and removed. */
static void removal(uint n)
{
    static char buf[16384];
    int fd = open("bulk.f", O_CREATE | O_WRONLY);

    need(fd >= 0, "open");
    for (uint done = 0; done < n * 1024; done += sizeof(buf))
        need(write(fd, buf, sizeof(buf)) == (int)sizeof(buf), "write");
    close(fd);
    need(unlink("bulk.f") == 0, "unlink");
}

/* n directories inside each other, and a rename that has to look through all of them. */
static void deep(uint n)
{
    for (uint i = 0; i < n; i++)
        need(mkdir("bulk.d") == 0 && chdir("bulk.d") == 0, "mkdir");
    need(mkdir("a") == 0 && rename("a", "../a") == 0 && unlink("../a") == 0, "rename");
    for (uint i = 0; i < n; i++)
        need(chdir("..") == 0 && unlink("bulk.d") == 0, "unlink");
}

/* Files until no inode is left, and then n that can't be made. */
static void inodes(uint n)
{
    char name[16];
    uint depth = 0;

    for (; mkdir("bulk.d") == 0; depth++) {
        need(chdir("bulk.d") == 0, "chdir");
        for (uint i = 0; i < 64; i++) {
            snprintf(name, sizeof(name), "%u", i);
            mknod(name, 1, 1);
        }
    }
    for (uint i = 0; i < n; i++)
        need(mkdir("bulk.d") < 0, "mkdir");
    for (; depth > 0; depth--) {
        for (uint i = 0; i < 64; i++) {
            snprintf(name, sizeof(name), "%u", i);
            unlink(name);
        }
        need(chdir("..") == 0 && unlink("bulk.d") == 0, "unlink");
    }
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

/* For so many ticks, beside whatever else runs. */
static void watch(uint nticks)
{
    uint end = (uint)uptime() + nticks;

    printf(1, "bulk: watching\n");
    watch_begin();
    while ((uint)uptime() < end)
        watch_once();
    watch_end("others");
}

static void keep(uint n)
{
    for (uint i = 0; i < n; i++)
        need(ksmget((int)(i * COLLIDING), 1) > 0, "get");
}

static const struct {
    const char *name;
    void (*run)(uint n);
} loads[] = {
    { "attachments", attachments },
    { "large", large_segment },
    { "heap", heap },
    { "segments", segments },
    { "handles", handles },
    { "sleepers", sleepers },
    { "processes", processes },
    { "crowd", crowd },
    { "readers", readers },
    { "files", files },
    { "paths", paths },
    { "output", output },
    { "removal", removal },
    { "deep", deep },
    { "inodes", inodes },
    { "clearing", clearing },
    { "watch", watch },
    { "keep", keep },
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
