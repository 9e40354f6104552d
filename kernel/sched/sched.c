/*
 * sched.c - which thread runs: the run queue, switching, the idle threads and time slices.
 *
 *        NEW --start--> READY --picked--> RUNNING --exit--> DEAD
 *                         ^                 |  |
 *                         |<-----yield------'  |
 *                         '---unpark-- SLEEPING (thread.c)
 *
 * One lock, one queue, first come first served: the first processor with nothing better to do runs a thread
 * that becomes ready.  A thread that stops running picks its successor itself and switches to it; there is
 * no scheduler thread in between.  The lock is held across the switch and released by the successor.  So if
 * a thread is seen, under the lock, not to be running, its registers are saved and its stack is not in use.
 *
 * An idle processor looks at the run queue for a moment before it halts: a wait for another processor is
 * usually short.  It halts as a member of `halted`, and a thread that makes another one ready pokes one
 * member, unless enough processors are looking already.
 *
 * Invariants, under the lock: nready is the queue's length; a thread is in the queue exactly when it is
 * READY; the idle threads are never in it.
 */
#include "base/printk.h"
#include "include/param.h"
#include "sched/sched_impl.h"

/* As long as it takes to wake a halted processor. */
#define IDLE_LOOKS 400u

struct spinlock sched_lock = SPINLOCK_INIT(RANK_SCHED, "sched");

/* Fields:  S sched_lock   o only that processor */
static struct list ready = LIST_INIT(ready); /* [S] */
static volatile uint nready;                 /* [S to change] */
static uint halted;                          /* [S] processors halted in arch_idle(), as bits */
static uint nlooking;                        /* [S] idle processors that are not halted */
static struct thread idle_threads[NCPU];     /* [as each struct thread] */
static struct thread *ran_at_tick[NCPU];     /* [o] the thread seen at the last tick: its slice is older */

static void idle_init(struct cpu *cpu)
{
    struct thread *t = &idle_threads[cpu->index];

    thread_prepare(t, "idle");
    t->state = THREAD_RUNNING;
    t->kstack = (int)cpu->index; /* see arch_start_cpus() */
    cpu->idle = t;
    cpu->thread = t;
}

void sched_init(void)
{
    timer_init();
    idle_init(cpu_self());
}

void sched_ready_locked(struct thread *t)
{
    bool first = t->urgent && t->state == THREAD_SLEEPING;

    t->state = THREAD_READY;
    list_insert(first ? ready.next : &ready, &t->queue);
    if (first)
        thread_self()->attention |= ATTENTION_RESCHED;
    nready++;
}

int sched_whom_to_poke_locked(void)
{
    uint bit;

    if (!halted || nready <= nlooking)
        return -1;
    bit = 1u << cpu_self()->index;
    if (halted & bit)
        return -1; /* this is an interrupt of the halted processor itself: it looks when that ends */
    bit = halted & -halted;
    halted &= ~bit;
    return __builtin_ctz(bit);
}

/* Switches to the next ready thread, or to the idle thread.  Lock held, interrupts off, before and after. */
void sched_switch_locked(struct thread *self)
{
    struct cpu *cpu = cpu_self();
    struct list *link = list_pop(&ready);
    struct thread *next = cpu->idle;

    if (link) {
        next = container_of(link, struct thread, queue);
        nready--;
    }
    if (next == self) {
        self->state = THREAD_RUNNING;
        return;
    }
#ifdef DEBUG
    if (cpu->nlocks != 1)
        panic("thread %s sleeps with a spin lock held", self->name);
#endif
    if (self->fpu_used)
        fpu_switch_out(self);
    next->state = THREAD_RUNNING;
    cpu->thread = next;
    aspace_load(next->aspace);
    context_switch(&self->context, next->context, next->kstack);
}

void sched_yield(void)
{
    struct thread *self = thread_self();
    uint was = spin_acquire_irq(&sched_lock);

    self->attention &= ~ATTENTION_RESCHED;
    if (nready) {
        sched_ready_locked(self);
        sched_switch_locked(self);
    }
    spin_release_irq(&sched_lock, was);
}

void sched_begin(void)
{
    spin_release(&sched_lock);
    irq_enable();
}

/* For several threads that became ready at once: the waker pokes one processor, and that one the next. */
static void poke_another_locked(void)
{
    int poke = sched_whom_to_poke_locked();

    if (poke >= 0)
        arch_poke((uint)poke);
}

void sched_run_idle(void)
{
    struct cpu *cpu = cpu_self();
    uint bit = 1u << cpu->index;
    uint most_looks = cpu_count > 1 ? IDLE_LOOKS : 0; /* alone, nobody makes threads ready meanwhile */
    uint looks = most_looks;
    struct thread *self;

    if (!cpu->idle)
        idle_init(cpu);
    self = cpu->idle;
    spin_acquire_irq(&sched_lock);
    nlooking++;
    for (;;) {
        halted &= ~bit;
        if (nready) {
            nlooking--;
            if (nready > 1)
                poke_another_locked();
            sched_switch_locked(self);
            nlooking++;
            looks = most_looks;
        } else if (!looks) {
            halted |= bit;
            nlooking--;
            spin_release(&sched_lock);
            arch_idle();
            irq_save();
            spin_acquire(&sched_lock);
            nlooking++;
            continue;
        }
        spin_release(&sched_lock);
        irq_enable();
        for (; looks && !nready; looks--)
            cpu_relax();
        irq_save();
        spin_acquire(&sched_lock);
    }
}

/* A slice is over when a thread was seen at two ticks in a row and another one is ready. */
void sched_tick(void)
{
    struct cpu *cpu = cpu_self();
    struct thread *t = cpu->thread;

    if (cpu->index == 0)
        timer_tick();
    if (t == cpu->idle)
        return;
    if (ran_at_tick[cpu->index] != t) {
        ran_at_tick[cpu->index] = t;
    } else if (nready) {
        spin_acquire(&sched_lock);
        t->attention |= ATTENTION_RESCHED;
        spin_release(&sched_lock);
    }
}

void sched_poke_runner(const struct thread *t)
{
    for (uint i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpu_get(i);

        if (cpu->thread == t && cpu != cpu_self())
            arch_poke(i);
    }
}
