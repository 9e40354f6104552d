/*
 * processes.c - loads of bulk: processes that sleep, end, and read the console.
 */
#include "bulk.h"

#define LINES 64 /* that load_readers() waits for */

static volatile uint *board;
static int ends[2];

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

static void wait_for_peer(uint pid) { ksmwaitpeer(&board[2], 0, 0, (int)pid); }

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

static void sleep_on_words(uint n)
{
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
}

static void sleep_for_peer(uint n)
{
    int pid = start(hold, 0);

    until_asleep();
    many(wait_for_peer, (uint)pid, n);
    until_asleep();
    kill(pid);
    join(n + 1);
}

static void sleep_for_pipe(uint n)
{
    need(pipe(ends) == 0, "pipe");
    many(read_pipe, 0, n);
    until_asleep();
    close(ends[1]);
    join(n);
    close(ends[0]);
}

/* All of them have a handle of what dies. */
static void die_holding(uint n, int handle)
{
    many(hold, 0, n);
    need(ksmdetach(handle) == 0, "detach");
    kill_later();
    join(n);
    many(hold, 0, n);
    need(ksmdelete(handle) == 0, "delete");
    kill_later();
    join(n);
}

void load_sleepers(uint n)
{
    int handle = ksmget(ID, PAGE);

    board = ksmattach(handle);
    need(!ksmerror((void *)board), "attach");
    sleep_on_words(n);
    sleep_for_peer(n);
    sleep_for_pipe(n);
    many(sleep_until, (uint)uptime() + 60, n);
    join(n);
    die_holding(n, handle);
}

static void leave_orphans(uint n)
{
    many(nothing, 0, n / 2);
    many(hold, 0, n / 2);
}

void load_processes(uint n)
{
    many(nothing, 0, n);
    until_asleep();
    run_program("ps"); /* passes over the dead */
    join(n);
    run_apart(leave_orphans, n);
    kill_later();
    until_asleep();
}

void load_crowd(uint n)
{
    char line[80];

    many(hold, 0, n);
    until_asleep();
    printf(1, "bulk: crowded\n");
    need(read(0, line, sizeof(line)) > 0, "read");
    kill_later();
    while (procnext(getpid()) > 0)
        sleep(1);
    printf(1, "bulk: all dead\n");
    need(read(0, line, sizeof(line)) > 0, "read");
    join(n);
}

static void read_lines(uint unused)
{
    char line[80];

    (void)unused;
    while (read(0, line, sizeof(line)) > 0)
        need(write(ends[1], line, 1) == 1, "write");
}

void load_readers(uint n)
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
