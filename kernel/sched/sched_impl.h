/*
 * sched_impl.h - what the files of kernel/sched share.
 *
 * `_locked`: the caller holds sched_lock, with interrupts off.  Sleeps: no.
 */
#ifndef SCHED_IMPL_H
#define SCHED_IMPL_H

#include "sched/thread.h"

extern struct spinlock sched_lock; /* RANK_SCHED */

/* A thread without stack and entry, NEW. */
void thread_prepare(struct thread *t, const char *name);

/* Puts t, which is new or slept, at the end of its run queue; if it is urgent and slept, before all others, and the
   running thread gives way at its next return to user mode.  For one that slept the running thread owes a poke; for
   others sched_release_and_poke() has to follow. */
void sched_ready_locked(struct thread *t);
/* Puts t, which is ready, before all others. */
void sched_hurry_locked(struct thread *t);
/* Releases the lock, and pokes a processor if one is needed.  No other lock is held. */
void sched_release_and_poke(uint was);
/* The calling thread has set its state.  Returns when it is picked again, perhaps on another processor;
   sched_release_and_poke() has to follow. */
void sched_switch_locked(struct thread *self);
/* SLEEPING -> READY. */
void thread_wake_locked(struct thread *t, enum park_result reason);
/* What a thread does first, at the end of the switch to it. */
void sched_begin(void);
/* The processor that runs t, if it is another one, is to look at t's attention: the running thread owes it a poke. */
void sched_owe_poke_locked(const struct thread *t);

void timer_init(void);
/* Wakes t, asleep, after nticks ticks, unless it is stopped first. */
void timer_start_locked(struct thread *t, uint nticks);
static inline void timer_stop_locked(struct thread *t)
{
    if (list_linked(&t->timer_link))
        list_remove(&t->timer_link);
}
void timer_tick(void); /* on processor 0, interrupts off */
extern uint timer_done;
/* There are ticks whose sleepers have not all been woken yet; a step wakes some. */
static inline bool timer_is_late(void) { return timer_done != ticks_now; }
void timer_step_locked(void);

#endif
