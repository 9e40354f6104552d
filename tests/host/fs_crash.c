/*
 * fs_crash.c - power cuts: the disk is always what a prefix of the operations made of it.
 *
 * A boot runs a list of operations while every block that is written, and every flush, is recorded, and after
 * each operation takes a fingerprint of what users see.  Then the power is cut after each event in turn.
 * What was flushed is on the disk; of the blocks written since, any may be, in any order.  The image must be
 * consistent, mount, and then have the fingerprint of a prefix, which holds what a sync() promised and what
 * ended a second ago.
 */
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "fs_world.h"
#include "host.h"
#include "include/fcntl.h"

#define NOPS   150u
#define SECOND 100u

/* In world->scratch, so that later boots and the test see it. */
struct history {
    uint fingerprint[NOPS + 1]; /* after so many operations */
    uint end_tick[NOPS + 1];
};

static struct history *history(void) { return (struct history *)world->scratch; }

static void before(void)
{
    if (!world)
        world_init();
}

/* The operations: each is one to the file system, too. */

static uint random_state;

static uint pick(uint n) { return chance(&random_state, n); }

static void name_of(char *name, uint i)
{
    if (i % 4 == 3)
        sprintf(name, "d%u/f%u", i % 3, i);
    else
        sprintf(name, "f%u", i);
}

static void write_somewhere(const char *name, uint i)
{
    uint size = world_size(name);
    bool append = size == ~0u || size == 0 || pick(3);
    uint offset = size == ~0u ? 0 : append ? size : pick(size);
    uint n = append ? 1 + pick(4000) : 1 + pick(1500);

    if (size == ~0u) { /* making it is an operation of its own */
        struct file *f = file_open(world_root(), name, O_CREATE | O_RDWR);
        if (f)
            file_close(f);
    } else if (offset + n < MAXFILE * BSIZE) {
        world_write_file(name, offset, n, i + world->nops);
    }
}

static struct file *held; /* may be open without a name */

static void do_operation(void)
{
    char name[40], other[40];
    uint i = pick(16), what = pick(20);

    name_of(name, i);
    name_of(other, pick(16));
    if (what < 12) {
        write_somewhere(name, i);
    } else if (what < 15) {
        fs_unlink(world_root(), name);
    } else if (what < 17) {
        fs_link(world_root(), name, other);
    } else if (what == 17) {
        sprintf(name, "d%u", pick(4));
        if (fs_mkdir(world_root(), name) < 0)
            fs_unlink(world_root(), name);
    } else if (what == 18) {
        if (held)
            file_close(held);
        held = file_open(world_root(), name, O_RDONLY);
    } else {
        fs_mknod(world_root(), name, 1, 1);
    }
}

static void work(void *unused)
{
    (void)unused;
    held = NULL;
    history()->fingerprint[0] = world_fingerprint();
    world->recording = true;
    for (uint i = 1; i <= NOPS; i++) {
        do_operation();
        world->nops = i;
        history()->fingerprint[i] = world_fingerprint();
        history()->end_tick[i] = ticks_now;
        if (pick(8) == 0) {
            check_eq(fs_sync(), 0);
            world->ndurable = i;
        }
        if (pick(3) == 0) {
            actors_tick(pick(40));
            actor_yield(); /* to the flusher, if it is time */
        }
    }
    check_eq(fs_sync(), 0);
    world->ndurable = NOPS;
    check_eq(fs_settle(), 0);
    world->recording = false;
}

/* Cuts. */

static void look(void *arg) { *(uint *)arg = world_fingerprint(); }

/* After a cut with this many operations ended, as many promised, at this tick: is it a prefix? */
static bool is_prefix(uint found, const struct event *e)
{
    uint least = e->ndurable;

    for (uint i = least; i <= e->nops && i <= NOPS; i++)
        if (history()->end_tick[i] + SECOND < e->tick)
            least = i;
    for (uint i = least; i <= e->nops + 1 && i <= NOPS; i++) /* the one under way may be there */
        if (history()->fingerprint[i] == found)
            return true;
    return false;
}

static uchar *start_disk; /* before the work */

static void keep_disk(void)
{
    free(start_disk);
    start_disk = malloc((size_t)world->nblocks * BSIZE);
    memcpy(start_disk, world->disk, (size_t)world->nblocks * BSIZE);
}

static void apply(const struct event *e)
{
    if (e->blockno != EVENT_FLUSH)
        memcpy(world->disk + (size_t)e->blockno * BSIZE, e->bytes, BSIZE);
}

/* The disk after a power cut that follows event `cut`: all up to the last flush, and each later block with this
   chance in 256. */
static void cut_power(uint cut, uint chance)
{
    uint flushed = 0;

    memcpy(world->disk, start_disk, (size_t)world->nblocks * BSIZE);
    for (uint i = 0; i <= cut; i++)
        if (world->events[i].blockno == EVENT_FLUSH)
            flushed = i;
    for (uint i = 0; i <= cut; i++)
        if (i < flushed || pick(256) < chance)
            apply(&world->events[i]);
}

static bool check_cut(uint cut, uint chance)
{
    struct check_result result;
    uint *found = &world->scratch[60000];

    cut_power(cut, chance);
    bool good = world_is_consistent(&result);
    world->recording = false;
    good = world_boot(look, found) && good;
    good = good && is_prefix(*found, &world->events[cut]);
    good = good && world_is_consistent(&result) && result.norphans == 0 && result.nlogged == 0;
    if (!good)
        printf("# cut after event %u of %u, chance %u: block %u\n", cut, world->nevents, chance,
               world->events[cut].blockno);
    return good;
}

static void cut_everywhere(const struct fsimage_shape *l, uint seed, uint every)
{
    uint nevents, nbad = 0;

    random_state = chance_start(seed, 0);
    world_format(l);
    keep_disk();
    check(world_boot(work, NULL));
    check(world_is_consistent(NULL));
    nevents = world->nevents;
    check(nevents > 300);
    for (uint cut = seed % every; cut < nevents - 1 && nbad < 5; cut += every) {
        static const uint chances[] = { 128, 0, 256, 200, 40 };
        nbad += !check_cut(cut, chances[cut / every % 5]);
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

/* A prefix of the bytes is there, or nothing; the old file is there as a whole, or not at all, and goes last.
   */
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

    random_state = chance_start(1, 0);
    world_format(&world_small);
    check(world_boot(write_old, NULL));
    keep_disk();
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

/* Records the recovery of the disk as it is, cuts it before its first flush, and recovers again. */
static void cut_recovery(void)
{
    uint *found = &world->scratch[60000];
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
            apply(&world->events[i]);
    check(world_boot(look, found));
    check_eq(*found, first);
    check(world_is_consistent(NULL));
}

TEST("cuts during recovery")
{
    random_state = chance_start(9, 0);
    world_format(&world_xv6);
    keep_disk();
    check(world_boot(work, NULL));
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

TAP_MAIN(before, NULL)
