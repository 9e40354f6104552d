/*
 * ksm_model.c - random operations against the model, from seeds: KSM_SEED (default 1) and the next ones,
 * KSM_RUNS of them; and the inputs that the fuzzer found worth keeping.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "chance.h"
#include "host.h"
#include "ksm_driver.h"

#define NBYTES 4000
#define CORPUS "tests/host/corpus/ksm" /* seen from the root, where tests run */

static uint8_t bytes[NBYTES];

static unsigned number(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);

    return value ? (unsigned)strtoul(value, NULL, 0) : otherwise;
}

TEST("§3 to §11 random operations give what the model gives")
{
    unsigned seed = number("KSM_SEED", 1), nruns = number("KSM_RUNS", 200), nsteps = 0;

    for (unsigned run = 0; run < nruns; run++, seed++) {
        tap_note("seed %u", seed);
        unsigned state = chance_start(seed, 0);
        for (unsigned i = 0; i < NBYTES; i++)
            bytes[i] = (uint8_t)chance(&state, 256);
        nsteps += driver_run(bytes, NBYTES);
    }
    tap_note("%u operations", nsteps);
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
    tap_note("input %s", name);
    driver_run(bytes, n);
}

TEST("§3 to §11 so do the inputs that the fuzzer kept")
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
    check(ninputs > 0);
    tap_note("%u inputs", ninputs);
}

TAP_MAIN(NULL, NULL)
