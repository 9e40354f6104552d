/*
 * host.h - tests that are programs of this machine: the real code of some rooms, with fakes below it.
 *
 *      #include "host.h"
 *
 *      TEST("§3.2 pages are zeroed")
 *      {
 *          check_eq(p[0], 0);
 *      }
 *      TAP_MAIN(world_begin, world_end)
 *
 * A check that does not hold is reported, and the test goes on, so that one run shows all that is wrong.  It counts in
 * children of the process as well.  With arguments, the program runs the tests that have one of them in their titles.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdio.h>

#include "tap.h"

/* The program: before and after are called around each test; either may be NULL. */
#define TAP_MAIN(before, after) \
    int main(int argc, char *argv[]) { return tap_main(argc, argv, before, after); }
int tap_main(int argc, char *argv[], void (*before)(void), void (*after)(void));

/* The test has failed; the message is a line of its own. */
void tap_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Has the test failed? */
bool tap_failing(void);
/* How often it did: in a child that is part of a test, to see whether its part failed. */
unsigned tap_nfailures(void);
/* A comment line. */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
