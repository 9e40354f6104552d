/*
 * event.h - what happens in the system, for the feed (docs/feed.md).
 *
 * Each processor puts its events into a bounded buffer of its own, and one thread takes them out of all.  An event that
 * finds the buffer full is lost and counted: nobody waits for it.  While events_on is 0, as it is without the boot
 * parameter watch=, an event costs one branch.
 *
 * Any context, with any locks held.  Sleeps: no.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>

#include "include/mustcheck.h"
#include "include/types.h"

#define EVENT_ARGS 5u

/* A line of docs/feed.md, to be formatted: its kind, and what comes after its processor.  %s is a name, the second and last
   argument, which takes four words. */
struct event {
    const char *fmt;
    uint arg[EVENT_ARGS];
    uint tick, us; /* when: microseconds since the tick */
    uint nlost;    /* before this one, on its processor */
};

#define EVENT_FEED_PID (-1) /* of the thread that writes the feed: see event_run() */

enum event_level { EVENTS_OFF, EVENTS_ACTIVITY, EVENTS_ALL }; /* ACTIVITY: only who runs is known */
extern uchar events_on;                                       /* an enum event_level */
static inline bool events_wanted(void) { return __builtin_expect(events_on, 0); }

/* From now on, with buffers from alloc().  -1: there are too few pages; nothing is freed.  Once, at boot. */
MUST_CHECK int event_start(enum event_level level, void *(*alloc)(void));

/* Behind events_wanted().  often: one of those that leave the last quarter of the buffer to others. */
void event_put(bool often, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* This processor goes from one thread to another; pids, 0 for kernel threads.  left: 'r' ready, 's' asleep in
   system call number `call`, 'x' ended.  Interrupts are off. */
void event_run(int from, char left, uint call, int to);
/* A tick begins, on processor 0. */
void event_tick(uint tick);

/* For the thread that writes the feed. */

/* Has a process run since the last time this was asked? */
bool event_active(void);
/* The processor that runs a process, the feed's own turn left out; cpu_count: none. */
uint event_cpu(int pid);
/* The oldest event, and its processor, whose it stays until event_take(); NULL: there is none. */
const struct event *event_oldest(uint *cpu);
void event_take(uint cpu);
/* Takes the number of those lost since the last one in the buffer. */
uint event_take_lost(uint cpu);
void event_clock(uint *tick, uint *us);

#endif
