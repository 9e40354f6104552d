/*
 * failing.c - see failing.h.
 */
#include "failing.h"

struct figures figures(const int handles[], uint n)
{
    struct figures f;

    memset(&f, 0, sizeof(f)); /* for memcmp() */
    f.handles = handles;
    f.n = n;
    f.totals = info_of(0);
    for (uint i = 0; i < n; i++)
        f.each[i] = info_of(handles[i]);
    f.brk = sbrk(0);
    f.frames = pgused();
    return f;
}

void check_unchanged(const struct figures *before)
{
    struct figures now = figures(before->handles, before->n);

    check_eq(now.frames, before->frames);
    check_eq(now.totals.total_attached_nr, before->totals.total_attached_nr);
    check(memcmp(&now, before, sizeof(now)) == 0);
    check_eq(debug(DEBUG_CHECK, 0), 0);
}

void failing_begin(void)
{
    if (debug(DEBUG_CHECK, 0) < 0)
        tap_skip();
}

void fail_from_here(uint nth) { debug(DEBUG_FAIL_ALLOCATION, (int)nth); }

void fail_no_more(void) { fail_from_here(0); }

uint fail_each(int (*try)(uint nth), int error, const int handles[], uint n)
{
    check_eq(try(0), 0); /* so that what a process keeps from the first call on is there */
    check_eq(try(0), 0);

    struct figures before = figures(handles, n);

    for (uint nth = 1;; nth++) {
        int result = try(nth);

        if (result == 0) {
            tap_note("%u allocations, each of them failed", nth - 1);
            return nth - 1;
        }
        check_eq(result, error);
        if (pgused() != before.frames)
            tap_note("after a call whose allocation %u failed:", nth);
        check_unchanged(&before);
        check(nth < MOST_ALLOCATIONS);
    }
}
