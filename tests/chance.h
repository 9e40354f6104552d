/*
 * chance.h - pseudo-random numbers for tests: the same ones for the same seed.
 */
#ifndef CHANCE_H
#define CHANCE_H

/* Different seeds give different sequences, and so do different streams of one seed. */
static inline unsigned chance_start(unsigned seed, unsigned stream)
{
    unsigned state = (seed * 2654435769u ^ stream * 2246822519u) | 1;

    return state * 3266489917u;
}

/* Any 32 bits but 0.  Marsaglia's xorshift; the high bits are the better ones. */
static inline unsigned chance_next(unsigned *state)
{
    unsigned x = *state;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* 0 to n - 1. */
static inline unsigned chance(unsigned *state, unsigned n)
{
    return (unsigned)((unsigned long long)chance_next(state) * n >> 32);
}

#endif
