/*
 * lock_debug.c - the order of locks, checked at run time; in debug builds alone.
 *
 * Each processor has a stack of the spin locks that it holds, each thread counts its mutexes by rank.  The
 * kernel is not preempted, so a thread with a spin lock stays on its processor, and interrupt handlers pop
 * what they push before they return.  An acquisition panics, with both names, when
 *
 *   - a lock of the same or a later rank is held (mutexes of one rank may be held together: their rooms
 *     order them),
 *   - a mutex is acquired while a spin lock is held,
 *   - a lock that interrupt handlers take is acquired with interrupts on, or another one by such a handler.
 *
 * The jitter makes rare interleavings common: a pseudo-random sequence decides, at each release of a last
 * lock, whether the thread lets others run, and at each tick, whether its time slice is over already.  The
 * sequence depends on the seed alone.
 */
#ifdef DEBUG
#include "base/latency.h"
#include "base/printk.h"
#include "include/param.h"
#include "sched/lock_impl.h"
#include "sched/thread.h"

#define HELD_MAX 16u /* more than there are ranks of spin locks */

static struct spinlock *held[NCPU][HELD_MAX]; /* [only that processor, with interrupts off] */

static volatile uint jitter_state; /* 0: no jitter */

bool spin_held(const struct spinlock *l) { return l->locked && l->holder == cpu_self(); }

void lock_debug_acquire(struct spinlock *l)
{
    struct cpu *cpu = cpu_self();

    if (spin_held(l))
        panic("lock %s: acquired twice by processor %u", l->name, cpu->index);
    for (uint i = 0; i < cpu->nlocks; i++)
        if (held[cpu->index][i]->rank >= l->rank)
            panic("lock order: %s (rank %d) after %s (rank %d)", l->name, (int)l->rank,
                  held[cpu->index][i]->name, (int)held[cpu->index][i]->rank);
    if (l->rank >= RANK_INTERRUPT && irq_enabled())
        panic("lock %s: acquired with interrupts on", l->name);
    if (l->rank < RANK_INTERRUPT && cpu->in_interrupt)
        panic("lock %s: acquired by an interrupt handler", l->name);
    if (cpu->nlocks == HELD_MAX)
        panic("lock %s: %u locks held", l->name, HELD_MAX);
}

void lock_debug_acquired(struct spinlock *l)
{
    uint was = irq_save();
    struct cpu *cpu = cpu_self();

    l->holder = cpu;
    held[cpu->index][cpu->nlocks++] = l;
    l->acquired_by = (uint)__builtin_return_address(0);
    l->acquired_at = latency_clock();
    irq_restore(was);
}

enum lock_rank lock_debug_release(struct spinlock *l)
{
    uint was = irq_save();
    struct cpu *cpu = cpu_self();
    struct spinlock **stack = held[cpu->index];
    uint i = cpu->nlocks;

    if (!spin_held(l))
        panic("lock %s: released by processor %u, which does not hold it", l->name, cpu->index);
    while (stack[--i] != l)
        if (i == 0)
            panic("lock %s: not among those held", l->name);
    for (cpu->nlocks--; i < cpu->nlocks; i++)
        stack[i] = stack[i + 1];
    l->holder = NULL;
    latency_held(l->name, l->acquired_at, l->acquired_by, (uint)__builtin_return_address(0));
    irq_restore(was);
    return l->rank;
}

void lock_debug_none_held(void)
{
    struct cpu *cpu = cpu_self();
    struct thread *self = thread_self();

    if (cpu->nlocks)
        panic("lock %s: still held", held[cpu->index][cpu->nlocks - 1]->name);
    for (uint rank = 0; rank < RANK_FIRST_SPIN; rank++)
        if (self->nmutexes[rank])
            panic("mutex %s: still held", self->mutex_names[rank]);
}

void lock_debug_may_enter(enum lock_rank rank, const char *name)
{
    struct cpu *cpu = cpu_self();
    struct thread *self = thread_self();

    if (cpu->nlocks)
        panic("%s: asked for with lock %s held", name, held[cpu->index][cpu->nlocks - 1]->name);
    for (uint r = rank; r < RANK_FIRST_SPIN; r++)
        if (self->nmutexes[r])
            panic("lock order: %s (rank %d) after rank %u", name, (int)rank, r);
}

static void note_held(enum lock_rank rank, const char *name)
{
    struct thread *self = thread_self();

    self->nmutexes[rank]++;
    self->mutex_names[rank] = name;
}

void lock_debug_enter(enum lock_rank rank, const char *name)
{
    lock_debug_may_enter(rank, name);
    note_held(rank, name);
}

void lock_debug_leave(enum lock_rank rank) { thread_self()->nmutexes[rank]--; }

void mutex_debug_acquire(const struct mutex *m)
{
    struct cpu *cpu = cpu_self();
    struct thread *self = thread_self();

    if (cpu->nlocks)
        panic("mutex %s: asked for with lock %s held", m->lock.name, held[cpu->index][cpu->nlocks - 1]->name);
    if (m->holder == self)
        panic("mutex %s: acquired twice", m->lock.name);
    for (uint rank = m->lock.rank + 1; rank < RANK_FIRST_SPIN; rank++)
        if (self->nmutexes[rank])
            panic("lock order: mutex %s (rank %d) after one of rank %u", m->lock.name, (int)m->lock.rank,
                  rank);
}

void mutex_debug_acquired(const struct mutex *m) { note_held(m->lock.rank, m->lock.name); }

void mutex_debug_release(const struct mutex *m) { thread_self()->nmutexes[m->lock.rank]--; }

void jitter_start(uint seed)
{
    jitter_state = seed ? seed : 1;
    printk("jitter: seed %u\n", seed);
}

/* Once in n times, on average; never without jitter. */
static bool jitter_strikes(uint n)
{
    uint x = jitter_state;

    if (!x)
        return false;
    /* Marsaglia's xorshift: never 0. */
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    jitter_state = x;
    return x % n == 0;
}

bool jitter_ends_slice(void) { return jitter_strikes(2); }

void lock_debug_released(enum lock_rank rank)
{
    struct cpu *cpu = cpu_self();

    /* Page faults take the lock of page frames, also in the middle of copies by vector registers, where no
       other thread may run. */
    if (!jitter_state || rank == RANK_PAGE || cpu->nlocks || cpu->in_interrupt || !irq_enabled() ||
        !thread_self()->aspace)
        return;
    if (jitter_strikes(8))
        sched_yield();
}

#else
typedef int lock_debug_is_empty; /* a file must declare something */
#endif
