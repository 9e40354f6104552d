/*
 * event.h - what happens in the system, for the feed (docs/feed.md).
 *
 * Each processor puts its events into a bounded buffer of its own, and one thread takes them out of all.  An event that
 * finds the buffer full is lost and counted: nobody waits for it.  While events_on is 0, as it is without the boot
 * parameter watch=, an event costs one branch.
 *
 * Any thread, with any locks held; not an interrupt.  Sleeps: no.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>

#include "arch.h"
#include "include/mustcheck.h"
#include "include/param.h"
#include "include/types.h"

#define EVENT_ARGS 5u

/* A line of docs/feed.md, to be formatted: its kind, and what comes after its processor.  %s is a name, the second and
   last argument, which takes four words. */
struct event {
    const char *fmt;
    struct event_args {
        uint arg[EVENT_ARGS];
    } args;
    uint tick, us; /* when: microseconds since the tick */
};

#define EVENT_FEED_PID (-1) /* of the thread that writes the feed: see event_run() */

enum event_level { EVENTS_OFF, EVENTS_NONE, EVENTS_ALL }; /* NONE: snapshots alone */
extern uchar events_on;                                   /* an enum event_level */
static inline bool feed_wanted(void) { return __builtin_expect(events_on != EVENTS_OFF, 0); }
static inline bool events_wanted(void) { return __builtin_expect(events_on == EVENTS_ALL, 0); }

/* Whose switches the feed hears of; sched_lock is held.  The feed's thread is awake from a tick until it sleeps to
   the next. */
enum { SWITCH_OF_FEED = 1, SWITCH_OF_ALL };
extern uchar event_switches;

/* From now on, with buffers from alloc().  -1: there are too few pages; nothing is freed.  Once, at boot. */
MUST_CHECK int event_start(enum event_level level, void *(*alloc)(void));

/* Frequent ones are lost from three quarters of the buffer until half of it, others only while it is full. */
enum event_kind { EVENT_OFTEN = 1, EVENT_RARE };

/* After events_wanted(): is there room for an event and those that belong to it, n in all?  If not, they are lost. */
static inline bool event_room(enum event_kind kind, uint n)
{
    struct cpu *cpu = cpu_self();

    if (cpu->feed_full < kind)
        return true;
    cpu->feed_nlost += n;
    return false;
}
/* Is this event, which belongs to no other, to be put? */
static inline bool event_due(enum event_kind kind) { return events_wanted() && event_room(kind, 1); }
/* Puts an event, or loses it.  The format has only numbers. */
#define event_put(fmt, ...)                       \
    ((void)sizeof(event_check(fmt, __VA_ARGS__)), \
     event_put_args(fmt, &(struct event_args){ { __VA_ARGS__ } }))
void event_put_args(const char *fmt, const struct event_args *args);
/* The same for a process and its name. */
void event_put_name(const char *fmt, int pid, const char *name);
/* For event_put(), which evaluates nothing here: the compiler compares the format with the numbers. */
static inline __attribute__((format(printf, 1, 2))) int event_check(const char *fmt, ...)
{
    (void)fmt;
    return 0;
}
/* This processor goes from one process to another; pids, 0 for kernel threads.  left: the former is now 'r' ready,
   'x' ended, or 's' asleep in the system call whose trap frame is on its stack `kstack`. */
void event_run(int from, int to, char left, int kstack);
/* A tick begins, on processor 0; sched_lock is held. */
void event_tick(uint tick);

/* For the thread that writes the feed. */

/* The processor that runs a process with this thread, the feed's own turn left out; cpu_count: none. */
uint event_cpu(int pid, const struct thread *t);
/* The oldest event, and its processor, to whose buffer it belongs until event_take(); NULL: there is none. */
const struct event *event_oldest(uint *cpu);
void event_take(uint cpu);
void event_clock(uint *tick, uint *us);

#endif
