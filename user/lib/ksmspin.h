/*
 * ksmspin.h - how long to look at a word before going to sleep for it.
 *
 * A spin pays only while another CPU is about to change the word.  Nothing tells a program how many CPUs
 * there are and what they do, so it learns: spins that succeed go on as before; one that fails is followed
 * by shorter ones, then by none, with a try after 8, 16, ... 1,024 waits.  On one CPU that is as good as
 * sleeping at once.
 */
#ifndef KSMSPIN_H
#define KSMSPIN_H

#include "types.h"

/* Looks: longer than a sleeper takes to wake up on another CPU, which is what it should save. */
#define KSMSPIN_LOOKS    6000u
#define KSMSPIN_MIN_REST 8u
#define KSMSPIN_MAX_REST 1024u

/* Of one process; zeroes are a good start. */
struct ksmspin {
    uint shorter; /* this many halvings, twice over; 4: no spin */
    uint rest;    /* waits still to come without a spin */
    uint period;  /* the last value that rest started from */
};

/* The looks that the next wait is worth: 0, or many. */
static inline uint ksmspin_begin(struct ksmspin *spin)
{
    if (spin->shorter < 4)
        return KSMSPIN_LOOKS >> 2 * spin->shorter;
    if (spin->rest > 0) {
        spin->rest--;
        return 0;
    }
    return KSMSPIN_LOOKS;
}

/* Learns from a spin of so many looks. */
static inline void ksmspin_end(struct ksmspin *spin, uint looks, int success)
{
    if (looks == 0)
        return;
    if (success) {
        spin->shorter = 0;
        spin->period = 0;
        return;
    }
    if (spin->shorter < 4)
        spin->shorter++;
    if (spin->shorter == 4) {
        spin->period = spin->period ? spin->period * 2 : KSMSPIN_MIN_REST;
        if (spin->period > KSMSPIN_MAX_REST)
            spin->period = KSMSPIN_MAX_REST;
        spin->rest = spin->period;
    }
}

/* Looks at the word for a while.  Returns 1 as soon as it is not `value`, else 0. */
static inline int ksmspin_changed(struct ksmspin *spin, const uint *word, uint value)
{
    uint looks;

    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
        return 1;
    looks = ksmspin_begin(spin);
    for (uint n = looks; n > 0; n--)
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
            ksmspin_end(spin, looks, 1);
            return 1;
        }
    ksmspin_end(spin, looks, 0);
    return 0;
}

#endif
