/*
 * chance.h - pseudo-random numbers for tests, the same ones for the same seed.
 */
#ifndef CHANCE_H
#define CHANCE_H

#include "types.h"

/* Different seeds give different sequences, and so do different streams of one seed. */
static inline uint chance_start(uint seed, uint stream)
{
    uint state = (seed * 2654435769u ^ stream * 2246822519u) | 1;

    return state * 3266489917u;
}

/* 0 to n - 1.  Marsaglia's xorshift; the high bits are the better ones. */
static inline uint chance(uint *state, uint n)
{
    uint x = *state;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return (uint)((unsigned long long)x * n >> 32);
}

#endif
