/*
 * failing.h - calls of which each allocation fails in turn.
 *
 * A debug kernel can fail an allocation of one process; on a normal one such tests are skipped.
 */
#ifndef FAILING_H
#define FAILING_H

#include "ksmtest.h"

#define FAILING_SEGMENTS 4u
#define MOST_ALLOCATIONS 20000 /* of a call */

/* What a call that fails must leave as it was: the kernel's figures, the break, and the records of some segments. */
struct figures {
    struct ksminfo_t totals, each[FAILING_SEGMENTS];
    const int *handles;
    uint n;
    int frames;
    char *brk;
};
struct figures figures(const int handles[], uint n);
/* The kernel's check of its own structures finds nothing, either. */
void check_unchanged(const struct figures *before);

/* Skips the test if this kernel can't fail allocations. */
void failing_begin(void);
/* Between the two, the nth allocation fails; 0: none does. */
void fail_from_here(uint nth);
void fail_no_more(void);

/* try(nth) makes a call whose nth allocation fails.  It returns the call's error, and the figures are what they were;
   or it undoes the call, and returns 0.  Returns how many allocations there were. */
uint fail_each(int (*try)(uint nth), int error, const int handles[], uint n);

#endif
