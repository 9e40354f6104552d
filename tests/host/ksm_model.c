/*
 * ksm_model.c - random operations against the model, from seeds: KSM_SEED (default 1) and the next ones,
 * KSM_RUNS of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ksm_driver.h"

#define NBYTES 4000

static unsigned number(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);
    return value ? (unsigned)strtoul(value, NULL, 0) : otherwise;
}

int main(void)
{
    static uint8_t bytes[NBYTES];
    unsigned seed = number("KSM_SEED", 1), nruns = number("KSM_RUNS", 200), nsteps = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..1\n");
    for (unsigned run = 0; run < nruns; run++, seed++) {
        printf("# seed %u\n", seed);
        unsigned state = seed * 2654435769u | 1;
        for (unsigned i = 0; i < NBYTES; i++) {
            state = state * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(state >> 24);
        }
        nsteps += driver_run(bytes, NBYTES);
    }
    printf("ok 1 - §3 to §11: %u random operations as the model has them\n", nsteps);
    return 0;
}
