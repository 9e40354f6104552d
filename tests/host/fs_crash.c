/*
 * fs_crash.c - power cuts at each moment of random work, of long operations, and of recovery: see fs_cut.h.
 */
#include <stdlib.h>
#include <string.h>

#include "fs_cut.h"
#include "host.h"

#define NOPS       200u
#define LOG_HEADER 2u /* where mkfs has it; what is missing before it does the most harm */

static void before(void)
{
    world_init();
    strcpy(cut_history(0)->place, "/");
}

static uint random_state;

static uint pick(uint n) { return chance(&random_state, n); }

static void work(void *seed)
{
    world->recording = true;
    cut_work(0, "", *(uint *)seed, NOPS);
    check_eq(fs_settle(), 0);
    world->recording = false;
}

static void cut_everywhere(const struct fsimage_shape *l, uint seed, uint every)
{
    uint nevents, nbad = 0;

    world_format(l);
    cut_keep_disk();
    check(world_boot(work, &seed));
    check(world_is_consistent(NULL));
    nevents = world->nevents;
    check(nevents > 300);
    for (uint cut = 0; cut < nevents - 1 && nbad < 5; cut++) {
        static const uint chances[] = { 128, 0, 256, 200, 40 };
        if (cut % every != seed % every && world->events[cut].blockno != LOG_HEADER)
            continue;
        nbad += !cut_check(cut, chances[cut / every % 5], 1);
    }
    check_eq(nbad, 0);
}

TEST("cuts everywhere, xv6's layout")
{
    for (uint seed = 1; seed <= 3; seed++)
        cut_everywhere(&world_xv6, seed, 7);
}

TEST("cuts everywhere, extended layout")
{
    for (uint seed = 1; seed <= 3; seed++)
        cut_everywhere(&world_small, seed + 100, 7);
}

/* A write that takes many operations, and a removal that does. */

static void write_old(void *unused)
{
    (void)unused;
    check_eq(world_write_file("old", 0, 400000, 5), 400000);
    check_eq(fs_settle(), 0);
}

static void write_long(void *unused)
{
    (void)unused;
    world->recording = true;
    check_eq(world_write_file("long", 0, 300000, 7), 300000);
    check_eq(fs_unlink(world_root(), "old"), 0);
    check_eq(fs_settle(), 0);
    world->recording = false;
}

/* A prefix of the bytes is there, or nothing; the old file is there as a whole, or not at all, and goes last. */
static void look_at_long(void *unused)
{
    (void)unused;
    uint size = world_size("long");
    bool old = world_file_is("old", 400000, 5);
    check(size == ~0u || world_file_is("long", size, 7));
    check(old || (size == 300000 && world_size("old") == ~0u));
}

TEST("cuts in a long write and a long removal")
{
    uint nbad = 0;

    world_format(&world_small);
    check(world_boot(write_old, NULL));
    cut_keep_disk();
    check(world_boot(write_long, NULL));
    for (uint cut = 0; cut < world->nevents && nbad < 5; cut += 11) {
        struct check_result result;
        cut_power(cut, 128);
        bool good = world_is_consistent(&result);
        good = world_boot(look_at_long, NULL) && good && world_is_consistent(&result);
        nbad += !good;
    }
    check_eq(nbad, 0);
}

/* A cut in the middle of recovery. */

static void look(void *arg) { *(uint *)arg = world_fingerprint(); }

/* Records the recovery of the disk as it is, cuts it before its first flush, and recovers again. */
static void cut_recovery(void)
{
    uint *found = world->scratch;
    uchar *at_cut = malloc((size_t)world->nblocks * BSIZE);

    memcpy(at_cut, world->disk, (size_t)world->nblocks * BSIZE);
    world->nevents = 0;
    world->recording = true;
    check(world_boot(look, found));
    world->recording = false;
    uint first = *found;
    memcpy(world->disk, at_cut, (size_t)world->nblocks * BSIZE);
    free(at_cut);
    for (uint i = 0; i < world->nevents && world->events[i].blockno != EVENT_FLUSH; i++)
        if (pick(2))
            memcpy(world->disk + (size_t)world->events[i].blockno * BSIZE, world->events[i].bytes, BSIZE);
    check(world_boot(look, found));
    check_eq(*found, first);
    check(world_is_consistent(NULL));
}

TEST("cuts during recovery")
{
    uint seed = 9;

    random_state = chance_start(seed, 0);
    world_format(&world_xv6);
    cut_keep_disk();
    check(world_boot(work, &seed));
    uint nevents = world->nevents, ntried = 0;
    struct event *events = malloc(nevents * sizeof(*events));
    memcpy(events, world->events, nevents * sizeof(*events));
    for (uint cut = 0; cut < nevents && ntried < 60; cut++) {
        struct check_result result;
        memcpy(world->events, events, nevents * sizeof(*events));
        cut_power(cut, 256);
        world_is_consistent(&result);
        if (result.nlogged && pick(3) == 0) {
            ntried++;
            cut_recovery();
        }
    }
    free(events);
    check(ntried > 10);
}

/* A log that another system left: xv6 writes all blocks of a transaction to it, in the order in which they were
   changed. */

static void write_some(void *unused)
{
    (void)unused;
    check_eq(world_write_file("old", 0, 3000, 1), 3000);
    check_eq(fs_settle(), 0);
}

static void change_some(void *found)
{
    check_eq(world_write_file("old", 1000, 300, 2), 300);
    check_eq(world_write_file("new", 0, 4000, 3), 4000);
    check_eq(fs_mkdir(world_root(), "d"), 0);
    check_eq(fs_settle(), 0);
    *(uint *)found = world_fingerprint();
}

/* Puts the blocks that differ from `after` into the log of the disk, the last one first. */
static void log_changes(const uchar *after)
{
    const struct superblock *sb = (const struct superblock *)(world->disk + BSIZE);
    struct logheader h = { .n = 0 };

    for (uint b = world->nblocks - 1; b >= sb->inodestart; b--) {
        const uchar *bytes = after + (size_t)b * BSIZE;
        if (memcmp(bytes, world->disk + (size_t)b * BSIZE, BSIZE) == 0)
            continue;
        h.block[h.n++] = (int)b;
        memcpy(world->disk + (size_t)(sb->logstart + (uint)h.n) * BSIZE, bytes, BSIZE);
    }
    check(h.n > 10);
    check((uint)h.n < sb->nlog);
    memcpy(world->disk + (size_t)sb->logstart * BSIZE, &h, sizeof(h));
}

static void recover_foreign(const struct fsimage_shape *shape, bool committed)
{
    struct check_result result;
    uint *found = world->scratch, before_it, after_it;
    size_t nbytes = (size_t)shape->nblocks * BSIZE;
    uchar *first = malloc(nbytes), *after = malloc(nbytes);

    world_format(shape);
    check(world_boot(write_some, NULL));
    memcpy(first, world->disk, nbytes);
    check(world_boot(look, found));
    before_it = *found;
    check(world_boot(change_some, found));
    after_it = *found;
    memcpy(after, world->disk, nbytes);
    memcpy(world->disk, first, nbytes);
    log_changes(after);
    if (!committed)
        memset(world->disk + LOG_HEADER * BSIZE, 0, sizeof(int));
    check(world_is_consistent(&result));
    check_eq(result.nlogged > 0, committed);
    check(world_boot(look, found));
    check_eq(*found, committed ? after_it : before_it);
    check(world_is_consistent(&result));
    check_eq(result.nlogged, 0);
    free(first);
    free(after);
}

TEST("a log as xv6 leaves it is carried out, whatever its order, if it was committed")
{
    for (uint committed = 0; committed < 2; committed++) {
        recover_foreign(&world_xv6, committed);
        recover_foreign(&world_small, committed);
    }
}

TAP_MAIN(before, NULL)
