/*
 * fs_mutants.c - damaged images, mounted and used, mended and used: from seeds, FS_SEED (default 1) and the next
 * ones, FS_RUNS of them; and those that the fuzzer found worth keeping.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "chance.h"
#include "fs_driver.h"
#include "fs_world.h"
#include "host.h"

#define CORPUS "tests/host/corpus/disk/*" /* seen from the root, where tests run */

static unsigned number(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);

    return value ? (unsigned)strtoul(value, NULL, 0) : otherwise;
}

TEST("damaged images: used, mended, and used again")
{
    uchar bytes[DRIVER_BYTES_MAX];
    uint first = number("FS_SEED", 1), nruns = number("FS_RUNS", 1500);

    for (uint seed = first; seed < first + nruns; seed++) {
        uint state = chance_start(seed, 0);
        for (uint i = 0; i < sizeof(bytes); i++)
            bytes[i] = chance(&state, 256);
        if (!fs_driver_run(bytes, sizeof(bytes), world_boot_with))
            tap_fail("FS_SEED=%u FS_RUNS=1", seed);
    }
    tap_note("%u images from seed %u on", nruns, first);
}

TEST("damaged images that the fuzzer kept")
{
    uchar bytes[DRIVER_BYTES_MAX];

    glob_t found = { 0 };
    check_eq(glob(CORPUS, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *f = fopen(found.gl_pathv[i], "rb");
        if (!f)
            abort();
        if (!fs_driver_run(bytes, fread(bytes, 1, sizeof(bytes), f), world_boot_with))
            tap_fail("%s", found.gl_pathv[i]);
        fclose(f);
    }
    tap_note("%u inputs", (uint)found.gl_pathc);
    globfree(&found);
}

TAP_MAIN(world_init, NULL)
