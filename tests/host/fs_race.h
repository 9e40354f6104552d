/*
 * fs_race.h - several threads at once, in interleavings that a seed decides.
 *
 * The actors change places at each lock and each disk transfer.
 */
#ifndef FS_RACE_H
#define FS_RACE_H

#include "fs_world.h"
#include "host.h"

#ifdef __SANITIZE_THREAD__
#define RACE_SEEDS_SHARE 10 /* it finds most races in any order, and takes its time */
#else
#define RACE_SEEDS_SHARE 1
#endif

/* Runs it in a booted world, and checks the disk. */
void race_seed(uint npages, void (*run)(void *), uint seed);
/* The same with each seed up to nseeds, on a new disk. */
void race_seeds(const struct fsimage_shape *shape, uint npages, void (*run)(void *), uint nseeds);

/* For what runs: an actor, or one for each number below n.  The last thing that it does is race_finished(). */
struct actor *race_start(void (*run)(void *), uintptr_t arg);
void race_start_all(void (*run)(void *), uint n);
/* Atomic, for the thread sanitizer: what an actor did is over when it is waited for. */
void race_finished(void);
uint race_nrunning(void);
void race_wait_for_all(void);

#endif
