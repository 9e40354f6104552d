/*
 * timer.c - the clock's ticks, and sleeps that end with one.
 *
 * A wheel of 256 slots: a sleeper is in the slot of its wake_tick modulo 256, and each tick looks through one
 * slot.  It passes over sleepers whose tick is another turn away.  sched_lock guards all of it.
 */
#include "sched/sched_impl.h"

#define SLOTS 256u

volatile uint ticks_now;

static struct list wheel[SLOTS];

void timer_init(void)
{
    for (uint i = 0; i < SLOTS; i++)
        list_init(&wheel[i]);
}

void timer_start_locked(struct thread *t, uint nticks)
{
    t->wake_tick = ticks_now + nticks;
    list_push_back(&wheel[t->wake_tick % SLOTS], &t->timer_link);
}

void timer_tick(void)
{
    struct list *slot;

    spin_acquire(&sched_lock);
    slot = &wheel[++ticks_now % SLOTS];
    if (!list_empty(slot)) {
        list_for_each_safe(link, slot) {
            struct thread *t = container_of(link, struct thread, timer_link);

            if (t->wake_tick == ticks_now)
                thread_wake_locked(t, PARK_TIMEOUT);
        }
    }
    spin_release(&sched_lock);
}
