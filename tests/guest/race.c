/*
 * race.c - processes that run against each other: see race.h.
 */
#include "race.h"

#define TICKS_PER_SECOND 100u

struct race_board *board;
static int board_handle;
static bool checked; /* the kernel has its own checks */

void race_begin(void)
{
    char jitter[16];

    board_handle = fresh(sizeof(*board));
    board = (struct race_board *)attach(board_handle);
    checked = debug(DEBUG_CHECK, 0) == 0;
    if (bootarg("jitter", jitter, sizeof(jitter)) < 0)
        strcpy(jitter, "none");
    tap_note("seed %d, jitter %s", tap_seed, jitter);
}

void race_end(void)
{
    check_eq(ksmdetach(board_handle), 0);
    check_eq(ksmdelete(board_handle), 0);
}

int race_start(uint i, void (*run)(uint i))
{
    int pid = fork();

    check(pid >= 0);
    if (pid == 0) {
        run(i);
        exits(0);
    }
    return pid;
}

void race_run(uint n, uint seconds, void (*run)(uint i), void (*tend)(int pids[], uint n))
{
    int pids[RACE_MAX], end, damage = 0, status = 0, other;

    memset(board, 0, sizeof(*board));
    for (uint i = 0; i < n; i++)
        pids[i] = race_start(i, run);
    end = uptime() + (int)((tap_seconds ? (uint)tap_seconds : seconds) * TICKS_PER_SECOND);
    while (uptime() < end && !damage) {
        sleep(tend ? 1 : 10);
        if (tend)
            tend(pids, n);
        if (checked)
            damage = debug(DEBUG_CHECK, 0);
    }
    board->stop = 1;
    for (uint i = 0; i < n; i++) {
        check(waits(&other) > 0);
        if (other)
            status = other;
    }
    check_eq(damage, 0);
    check_eq(status, 0);
}

void race_hop(void)
{
    uint seen = board->hops;

    ksmwake(&board->hops, 1);
    ksmwait(&board->hops, seen, 1);
}

uint race_rounds(void)
{
    uint n = 0;

    for (uint i = 0; i < RACE_MAX; i++)
        n += board->rounds[i];
    return n;
}
