/*
 * ksm_model.c - random operations against the model, from seeds: KSM_SEED (default 1) and the next ones,
 * KSM_RUNS of them; and the inputs that the fuzzer found worth keeping.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "ksm_driver.h"

#define NBYTES 4000
#define CORPUS "tests/host/corpus/ksm" /* seen from the root, where tests run */

static uint8_t bytes[NBYTES];

static unsigned number(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);

    return value ? (unsigned)strtoul(value, NULL, 0) : otherwise;
}

static void run_seeds(void)
{
    unsigned seed = number("KSM_SEED", 1), nruns = number("KSM_RUNS", 200), nsteps = 0;

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
}

static void run_file(const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", CORPUS, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return;
    size_t n = fread(bytes, 1, NBYTES, f);
    fclose(f);
    printf("# input %s\n", name);
    driver_run(bytes, n);
}

static void run_corpus(void)
{
    unsigned ninputs = 0;

    DIR *corpus = opendir(CORPUS);
    for (const struct dirent *e; corpus && (e = readdir(corpus)) != NULL;)
        if (e->d_name[0] != '.') {
            run_file(e->d_name);
            ninputs++;
        }
    if (corpus)
        closedir(corpus);
    printf("%sok 2 - %u inputs that the fuzzer kept\n", ninputs ? "" : "not ", ninputs);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..2\n");
    run_seeds();
    run_corpus();
    return 0;
}
