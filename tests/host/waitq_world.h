/*
 * waitq_world.h - processors that run the real kernel/sched, side by side in an order that a seed decides.
 *
 * Processors change places where the code under test acquires or releases a spin lock, with others held or not, and
 * where it waits for another processor.  A halted one goes on only when it is poked.
 */
#ifndef WAITQ_WORLD_H
#define WAITQ_WORLD_H

#include "sched/sched_impl.h"

/* Runs a scene as a kernel thread, which is also the clock: time passes only when it calls timer_tick(). */
void world_run(void (*scene)(void));
/* The order from now on, and the numbers that world_random() gives. */
void world_seed(uint seed);
/* What the console takes of n bytes; NULL: all. */
extern uint (*world_console)(uint n);
uint world_random(uint n);

#endif
