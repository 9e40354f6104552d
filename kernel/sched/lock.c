/*
 * lock.c - spin locks under contention, and mutexes.
 *
 * A mutex is a spin lock around a holder and a queue.  mutex_release() hands it to the thread that has waited
 * longest, which finds itself the holder when it wakes.  So nobody overtakes.
 *
 * What debug builds check is in lock_debug.c.
 */
#include "sched/lock.h"
#include "base/printk.h"
#include "sched/lock_impl.h"
#include "sched/thread.h"

void spin_init(struct spinlock *l, enum lock_rank rank, const char *name)
{
    (void)rank;
    (void)name;
    *l = (struct spinlock)SPINLOCK_INIT(rank, name);
}

void spin_wait(struct spinlock *l)
{
    do {
        while (l->locked)
            cpu_relax();
    } while (!atomic_cas(&l->locked, 0, spin_mark()));
}

void mutex_init(struct mutex *m, enum lock_rank rank, const char *name)
{
    spin_init(&m->lock, rank, name);
    m->holder = NULL;
    list_init(&m->waiters);
}

static bool acquire(struct mutex *m, bool unless_killed)
{
    struct thread *self = thread_self();
    bool killed = false, acquired;

    mutex_debug_acquire(m);
    spin_acquire(&m->lock);
    if (!m->holder) {
        m->holder = self;
    } else {
        list_push_back(&m->waiters, &self->wait_link);
        while (m->holder != self && !killed)
            killed = thread_park(&m->lock, 0, unless_killed) == PARK_KILLED;
    }
    acquired = m->holder == self;
    if (!acquired)
        list_remove(&self->wait_link);
    spin_release(&m->lock);
    if (acquired)
        mutex_debug_acquired(m);
    return acquired;
}

void mutex_acquire(struct mutex *m) { (void)acquire(m, false); }

bool mutex_acquire_unless_killed(struct mutex *m) { return acquire(m, true); }

void mutex_release(struct mutex *m)
{
    debug_assert(m->holder == thread_self());
    mutex_debug_release(m);
    spin_acquire(&m->lock);
    if (list_empty(&m->waiters)) {
        m->holder = NULL;
    } else {
        struct thread *next = container_of(list_pop(&m->waiters), struct thread, wait_link);

        m->holder = next;
        thread_unpark(next);
    }
    spin_release(&m->lock);
}
