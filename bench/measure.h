/*
 * measure.h - what the benchmarks of shared memory have in common: the counter, and calls that must not fail.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "ksm.h"
#include "ulib.h"

/* Under ./ksm run --icount, instructions. */
static inline uint64_t stamp(void)
{
    uint low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Copies them in ascending order. */
static inline void sort_samples(uint64_t *sorted, const uint64_t *samples, int n)
{
    for (int i = 0; i < n; i++) {
        int at = i;

        for (; at > 0 && sorted[at - 1] > samples[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = samples[i];
    }
}

/* A new segment. */
static inline int get(int id, uint nbytes)
{
    int handle = ksmget(id, nbytes, KSM_MUSTNOTEXIST);

    if (handle < 0)
        fail(1, "%u bytes: %s", nbytes, ksmstrerror(handle));
    return handle;
}

static inline void *attach(int handle)
{
    void *p = ksmattach(handle);

    if (ksmerror(p))
        fail(1, "attach: %s", ksmstrerror(ksmerror(p)));
    return p;
}

static inline void join(int pid)
{
    if (pid < 0 || wait() != pid)
        fail(1, "a child was lost");
}

static inline void fork_once(void)
{
    int pid = fork();

    if (pid == 0)
        exit();
    join(pid);
}

#endif
