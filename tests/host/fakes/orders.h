/*
 * orders.h - runs a few threads, each on a processor of its own, in every order of their steps.
 *
 * A step begins where the code under test is about to acquire a lock, to change a word atomically, or to wait for
 * another processor: with -DHOST_ORDERS the host's inline.h calls orders_point() and orders_spin() there.  Between two
 * such places a thread only touches what is its own, so no order is missed.  All orders are run, one after another,
 * each from the start; there is no chance in it.
 */
#ifndef ORDERS_H
#define ORDERS_H

#include "sched/thread.h"

#define ORDERS_MAX 3u

/* One for each thread, whose processor has the same number. */
extern struct thread orders_threads[ORDERS_MAX];

/* Runs begin(), then run(0) to run(n - 1) side by side, then end(), for each order.  begin() and end() run on no
   thread.  Stops at the first order in which a check fails, and notes it.  Returns how many orders were run. */
uint orders_run(uint n, void (*begin)(void), void (*run)(uint thread), void (*end)(void));
/* Makes the caller run as this thread, on its processor, outside of orders_run(). */
void orders_become(uint thread);

/* Only locks of RANK_PAGE are points, and atomic changes: for more threads than could be run otherwise. */
extern bool orders_coarse;

/* This thread does the same as the one before it, which therefore may make the first step of the two. */
extern bool orders_alike[ORDERS_MAX];

/* Called at each point, as the thread that has come there; NULL: none. */
extern void (*orders_on_point)(void);

#endif
