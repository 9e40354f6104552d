/*
 * timer.c - the clock's ticks, and sleeps that end with one.
 *
 * A wheel of 256 slots: a sleeper is in the slot of its wake_tick modulo 256, and each tick looks through one
 * slot.  It passes over sleepers whose tick is another turn away.  sched_lock guards all of it.
 *
 * All processes may sleep in one slot, and a tick is an interrupt: so the search goes on by steps.  A link in
 * the slot keeps the place.  The next tick takes the next step, or an idle processor, or a thread that wakes.
 * A thread that goes to sleep meanwhile joins the slot at its start, where the search has been; otherwise the search
 * might never end.
 */
#include "base/event.h"
#include "sched/sched_impl.h"

#define SLOTS 256u

/* What a step may cost: that many sleepers passed over, or a tenth as many woken. */
#define STEP_COST 80u
#define WAKE_COST 10u

volatile uint ticks_now;
uint timer_done; /* [S] the last tick whose slot was looked through */

static struct list wheel[SLOTS];             /* [S] */
static struct list place = LIST_INIT(place); /* [S] where the next step begins; unlinked: at a slot's start */

void timer_init(void)
{
    for (uint i = 0; i < SLOTS; i++)
        list_init(&wheel[i]);
}

void timer_start_locked(struct thread *t, uint nticks)
{
    t->wake_tick = ticks_now + nticks;
    list_push_front(&wheel[t->wake_tick % SLOTS], &t->timer_link);
}

/* Looks through the slot of the tick after timer_done; false: there is more than a step can do. */
static bool look_through_locked(uint *cost)
{
    struct list *slot = &wheel[(timer_done + 1) % SLOTS];
    struct list *at = slot->next;

    if (list_linked(&place)) {
        at = place.next;
        list_remove(&place);
    }
    for (struct list *next; at != slot; at = next) {
        struct thread *t = container_of(at, struct thread, timer_link);
        bool due = (int)(ticks_now - t->wake_tick) >= 0;

        if (*cost > STEP_COST) {
            list_insert(at, &place);
            return false;
        }
        next = at->next;
        *cost += due ? WAKE_COST : 1;
        if (due)
            thread_wake_locked(t, PARK_TIMEOUT);
    }
    return true;
}

void timer_step_locked(void)
{
    uint cost = 0;

    while (timer_is_late() && look_through_locked(&cost))
        timer_done++;
}

void timer_tick(void)
{
    spin_acquire(&sched_lock);
    if (feed_wanted())
        event_tick(ticks_now + 1);
    ticks_now++;
    timer_step_locked();
    spin_release(&sched_lock);
}
