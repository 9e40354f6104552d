/*
 * ksmspin.h - how long to look at a word before sleeping on it.
 *
 * A spin pays only while another processor is about to change the word.  With one processor there is no spin.
 * With more it lasts as long as waking a process on another one, since the peer may have to be woken first.
 * After a few failures in a row most spins are short, and only every 16th is long, in case times have changed.
 */
#ifndef KSMSPIN_H
#define KSMSPIN_H

#include "types.h"

#define KSMSPIN_LONG     8000u /* looks: about the time to wake a process on a halted processor */
#define KSMSPIN_SHORT    500u  /* for a peer that is already writing */
#define KSMSPIN_PATIENCE 4u    /* failures in a row */

/* What a process has learnt of one kind of wait; it starts as zeroes. */
struct ksmspin {
    uint failures;
    uint turn;
};

/* Processors that the system runs on.  Asks the kernel once.  Sleeps: no. */
uint ksmspin_ncpus(void);

/* The looks that the next wait is worth, or 0.  Sleeps: no. */
static inline uint ksmspin_begin(struct ksmspin *spin);

/* Learns from a spin.  Sleeps: no. */
static inline void ksmspin_end(struct ksmspin *spin, int success);

/* Looks at the word for a while.  Returns 1 as soon as it is not `value`, else 0.  Sleeps: no. */
static inline int ksmspin_changed(struct ksmspin *spin, const uint *word, uint value);

#include "ksmspin_impl.h"

#endif
