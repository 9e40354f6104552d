/*
 * ksmspin.h - how long to look at a word before going to sleep for it.
 *
 * A spin pays only while another processor is about to change the word.  With one processor there is none.
 * With more a spin is as long as it takes to wake a process on another one, since the peer may have to be
 * woken first.  After some that failed in a row most are short, and only each 16th tries whether times have
 * changed.
 */
#ifndef KSMSPIN_H
#define KSMSPIN_H

#include "types.h"

#define KSMSPIN_LONG     8000u /* looks */
#define KSMSPIN_SHORT    500u
#define KSMSPIN_PATIENCE 4u /* failures in a row */

/* What a process has learnt of one kind of wait; zeroes are a good start. */
struct ksmspin {
    uint failures;
    uint turn;
};

/* Processors that the system runs on.  Asks the kernel once. */
uint ksmspin_ncpus(void);

/* The looks that the next wait is worth, or 0. */
uint ksmspin_begin(struct ksmspin *spin);

/* Learns from a spin. */
static inline void ksmspin_end(struct ksmspin *spin, int success)
{
    if (success)
        spin->failures = 0;
    else
        spin->failures++;
}

/* Looks at the word for a while.  Returns 1 as soon as it is not `value`, else 0. */
static inline int ksmspin_changed(struct ksmspin *spin, const uint *word, uint value)
{
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
        return 1;
    for (uint looks = ksmspin_begin(spin); looks > 0; looks--)
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
            ksmspin_end(spin, 1);
            return 1;
        }
    ksmspin_end(spin, 0);
    return 0;
}

#endif
