/*
 * thread.c - the life of a thread, its sleep and its waking.
 *
 * sched.c describes the states and the lock.  A thread goes to sleep under the lock that guards what it waits
 * for and under sched_lock: it releases the first only when the second guarantees that a waker finds it
 * asleep.
 *
 * A killed thread is marked at once, and wakes if its sleep is interruptible; it dies at its next return to
 * user mode.  No work in the kernel is ever broken off from outside.
 */
#include "base/kstring.h"
#include "base/printk.h"
#include "sched/sched_impl.h"

#define WAKE_BATCH 16u /* threads that one waker wakes, with a lock held */

void thread_prepare(struct thread *t, const char *name)
{
    memset(t, 0, sizeof(*t));
    t->state = THREAD_NEW;
    t->kstack = -1;
    t->name = name;
    list_init(&t->queue);
    list_init(&t->timer_link);
    list_init(&t->wait_link);
}

static void run_entry(void *arg)
{
    struct thread *self = arg;

    sched_begin();
    self->entry(self->arg);
    thread_exit(NULL);
}

int thread_create(struct thread *t, const char *name, void (*entry)(void *), void *arg)
{
    thread_prepare(t, name);
    t->entry = entry;
    t->arg = arg;
    t->kstack = kstack_alloc();
    if (t->kstack < 0)
        return -1;
    t->context = context_create(t->kstack, run_entry, t);
    return 0;
}

int thread_create_user(struct thread *t, const char *name, const struct trapframe *tf)
{
    thread_prepare(t, name);
    t->kstack = kstack_alloc();
    if (t->kstack < 0)
        return -1;
    t->context = context_create_user(t->kstack, tf, sched_begin);
#ifdef DEBUG
    t->fail_after = thread_self()->fail_after;
#endif
    return 0;
}

void thread_destroy(struct thread *t)
{
    /* A DEAD thread holds the lock across its last switch: once we have it, the thread has left its stack. */
    uint was = spin_acquire_irq(&sched_lock);

    debug_assert(t->state == THREAD_DEAD || t->state == THREAD_NEW);
    spin_release_irq(&sched_lock, was);
    kstack_free(t->kstack);
}

void thread_start(struct thread *t)
{
    uint was = spin_acquire_irq(&sched_lock);

    sched_ready_locked(t);
    sched_release_and_poke(was);
}

void thread_exit(struct spinlock *l)
{
    struct thread *self = thread_self();

    irq_save();
    spin_acquire(&sched_lock);
    self->state = THREAD_DEAD;
    if (l)
        spin_release(l);
    sched_switch_locked(self);
    panic("a dead thread runs: %s", self->name);
}

enum park_result thread_park(struct spinlock *l, uint nticks, bool interruptible)
{
    struct thread *self = thread_self();
    uint was = spin_acquire_irq(&sched_lock);
    enum park_result result = PARK_KILLED;

    if (!interruptible || !thread_killed(self)) {
        self->state = THREAD_SLEEPING;
        self->interruptible = interruptible;
        if (nticks)
            timer_start_locked(self, nticks);
        if (l)
            spin_release(l);
        sched_switch_locked(self);
        result = self->wake_reason;
        if (result == PARK_TIMEOUT && timer_is_late())
            timer_step_locked();
        sched_release_and_poke(was);
        if (!irq_enabled()) { /* handlers take l: now is their turn, or many that wake in vain would keep them off */
            irq_enable();
            irq_save();
        }
        if (l)
            spin_acquire(l);
    } else {
        spin_release_irq(&sched_lock, was);
    }
    return result;
}

void thread_wake_locked(struct thread *t, enum park_result reason)
{
    timer_stop_locked(t);
    t->wake_reason = reason;
    sched_ready_locked(t);
}

void thread_unpark(struct thread *t)
{
    uint was = spin_acquire_irq(&sched_lock);

    if (t->state == THREAD_SLEEPING)
        thread_wake_locked(t, PARK_WOKEN);
    spin_release_irq(&sched_lock, was);
}

void thread_kill(struct thread *t)
{
    uint was = spin_acquire_irq(&sched_lock);

    t->attention |= ATTENTION_KILLED;
    if (t->state == THREAD_SLEEPING && t->interruptible)
        thread_wake_locked(t, PARK_KILLED);
    if (t->state == THREAD_READY)
        sched_hurry_locked(t);
    else if (t->state == THREAD_RUNNING)
        sched_owe_poke_locked(t);
    spin_release_irq(&sched_lock, was);
}

/* Wakes two of the sleepers before the mark, who do so in turn. */
static __attribute__((noinline)) void waitq_pay(struct waitq *q)
{
    for (uint n = 2; n > 0 && q->sleepers.next != &q->owed; n--)
        waitq_wake_one(q);
    if (q->sleepers.next == &q->owed)
        list_remove(&q->owed);
}

enum park_result waitq_sleep(struct waitq *q, struct spinlock *l, uint nticks, bool interruptible)
{
    struct thread *self = thread_self();

    list_push_back(&q->sleepers, &self->wait_link);
    enum park_result result = thread_park(l, nticks, interruptible);
    if (list_linked(&self->wait_link))
        list_remove(&self->wait_link);
    else
        result = PARK_WOKEN;
    if (list_linked(&q->owed))
        waitq_pay(q);
    return result;
}

void waitq_wake_one(struct waitq *q)
{
    if (!list_empty(&q->sleepers))
        thread_unpark(container_of(list_pop(&q->sleepers), struct thread, wait_link));
}

/* While the mark is there, a thread that was woken has yet to wake others. */
void waitq_wake_all(struct waitq *q)
{
    if (!list_linked(&q->owed))
        for (uint n = WAKE_BATCH; n > 0 && !waitq_empty(q); n--)
            waitq_wake_one(q);
    if (waitq_empty(q))
        return;
    list_remove(&q->owed);
    list_push_back(&q->sleepers, &q->owed);
}

bool thread_if_asleep(const struct thread *t, void (*look)(void *arg), void *arg)
{
    uint was = spin_acquire_irq(&sched_lock);
    bool asleep = t->state == THREAD_SLEEPING;

    if (asleep)
        look(arg);
    spin_release_irq(&sched_lock, was);
    return asleep;
}

uint thread_callers(const struct thread *t, uint callers[], uint max)
{
    uint was = spin_acquire_irq(&sched_lock);
    uint n = t->state == THREAD_SLEEPING ? arch_callers(t->context, callers, max) : 0;

    spin_release_irq(&sched_lock, was);
    return n;
}
