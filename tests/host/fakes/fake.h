/*
 * fake.h - the floor below kernel/ksm, as host tests see it: memory that counts and fails on demand, address spaces
 * without page tables, and processes that are coroutines.
 *
 * Everything is deterministic.  The actors (coroutines) change places where a kernel thread could sleep.  With jitter
 * they also do so wherever the code under test calls a fake without holding a spin lock, as if there were other
 * processors.
 */
#ifndef FAKE_H
#define FAKE_H

#include "mm/aspace.h"
#include "sched/thread.h"

/* Everything as after boot: nothing allocated, no actors, tick 1. */
void fake_reset(void);

/* Memory. */

/* The nth allocation from now on fails, once; 0: none does. */
void fake_fail_nth(uint nth);
/* Has an allocation failed since the last fake_fail_nth()? */
bool fake_failed(void);
/* Each allocation from now on fails with this chance in 256. */
void fake_fail_chance(uint chance);
uint fake_nobjects(void);    /* that live: frames, kernel objects, regions, mappings */
uint fake_nframes(void);     /* that regions hold */
extern uint fake_ram_npages; /* frames for regions; a test may lower it */

/* For other fakes: false if this allocation is to fail. */
bool fake_allocate(void);
void fake_object(int change);
char *fake_region_bytes(struct region *r);
void fake_memory_reset(void);

/* Address spaces. */

struct aspace *fake_aspace(uint brk);
void fake_aspace_destroy(struct aspace *as);
void fake_set_brk(struct aspace *as, uint brk);
/* The word at a user address, private ones below brk included; NULL where nothing is mapped. */
uint *fake_word(struct aspace *as, uint va);

/* ksm_check() takes the page tables of this mapping for damaged. */
extern const struct mapping *fake_damaged_mapping;

/* Actors. */

struct actor;
struct actor *actor_start(void (*run)(void *), void *arg);
/* Runs actors until none is ready.  Time passes only when all sleep, to the first one's time-out. */
void actors_run(void);
/* The same, but no time passes. */
void actors_run_now(void);
uint actors_alive(void);
bool actor_done(const struct actor *a);
struct thread *actor_thread(struct actor *a);
/* Other actors go first. */
void actor_yield(void);
/* The calling actor stops until another one resumes it.  That is no sleep in the kernel, so kill() does not end it. */
void actor_pause(void);
void actor_resume(struct actor *a);
/* Lets time pass.  Actors whose time is up become ready. */
void actors_tick(uint nticks);
/* Seed 0: actors run in turn, and change places only where they sleep or yield. */
void actors_jitter(uint seed);
/* Called by fakes of what may take long: aborts if a spin lock is held (§12). */
void fake_slow(const char *what);
/* Called by fakes where another processor might come in between. */
void fake_gap(void);
/* Called whenever another actor is chosen; NULL: none. */
extern void (*fake_on_switch)(void);
uint fake_random(uint n);

/* Messages. */

extern uint fake_nevents;          /* what event_put() got */
extern char fake_printed[1 << 20]; /* what printk() and sched_print() got since fake_reset() */

#endif
