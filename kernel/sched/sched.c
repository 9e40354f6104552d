/*
 * sched.c - which thread runs: the run queues, switching, the idle threads and time slices.
 *
 *        NEW --start--> READY --picked--> RUNNING --exit--> DEAD
 *                         ^                 |  |
 *                         |<-----yield------'  |
 *                         '---unpark-- SLEEPING (thread.c)
 *
 * One lock, and four queues, which are served in turn, each first come first served: for threads in the
 * foreground, for those that have slept or are new, for those that gave way in the kernel, where they may hold
 * what others wait for, and for those whose time slice was over in their programs.  So neither the shell nor a
 * thread that holds something waits behind all programs that compute, however many, and none of them starves the
 * others.  A turn lasts until the next tick: if it were one thread, many that sleep and wake would each wait for a
 * time slice of one that computes.  A fifth queue comes before all turns: for urgent threads that have slept, and for
 * those that were killed, which have little left to do.
 *
 * The first processor with nothing better to do runs a thread that becomes ready.  A thread that stops running
 * picks its successor itself and switches to it; there is no scheduler thread in between.  The lock is held
 * across the switch and released by the successor.  So if a thread is seen, under the lock, not to be running,
 * its registers are saved and its stack is not in use.
 *
 * An idle processor looks at the run queues for a moment before it halts: a wait for another processor is
 * usually short.  It halts as a member of `halted`.  A thread that makes another one ready pokes one member,
 * unless enough processors are looking already, and that one pokes the next if more are ready.
 *
 * A processor that pokes holds no lock.  A waker usually holds the one that the sleeper needs next, and a
 * poke leaves a virtual machine: on a host with fewer processors than the machine has, the poked one runs in
 * place of the waker's and spins for the lock until the host takes it away.  Each wake-up would cost a time
 * slice of the host.  So a waker only gets ATTENTION_POKE.  It pokes when it returns to user mode; if it
 * gives up its processor before that, its successor does.  A killer owes a poke to its victim's processor in the
 * same way, but there the successor does nothing: the next tick will do.
 *
 * Invariants, under the lock: nready is the length of all queues; a thread is in one of them exactly when it is
 * READY; the idle threads never are.
 */
#include "base/event.h"
#include "base/printk.h"
#include "include/param.h"
#include "sched/sched_impl.h"

/* As long as it takes to wake a halted processor. */
#define IDLE_LOOKS 400u

struct spinlock sched_lock = SPINLOCK_INIT(RANK_SCHED, "sched");

enum { URGENT, FOREGROUND, WOKEN, HOLDING, SPENT, NQUEUES };

/* Fields:  S sched_lock   o only that processor */
static struct list ready[NQUEUES] = { LIST_INIT(ready[0]), LIST_INIT(ready[1]), LIST_INIT(ready[2]),
                                      LIST_INIT(ready[3]), LIST_INIT(ready[4]) }; /* [S] */
static struct list *served = &ready[SPENT]; /* [S] the queue whose turn it is */
static uint turn_tick;                      /* [S] when its turn began */
static volatile uint nready;                /* [S to change] */
static uint halted;                         /* [S] processors halted in arch_idle(), as bits */
static uint owed;     /* [S] processors whose threads were killed and that are to be poked, as bits */
static uint nlooking; /* [S] idle processors that are not halted */
static struct thread idle_threads[NCPU]; /* [as each struct thread] */
static struct mutex printing;            /* held for one text */
static struct thread *ran_at_tick[NCPU]; /* [o] the thread seen at the last tick: its slice is older */

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
    mutex_init(&printing, RANK_PRINT, "print");
    idle_init(cpu_self());
}

/* Are there more ready threads than idle processors that look for one, and is a processor halted? */
static inline bool poke_needed_locked(void) { return halted && nready > nlooking; }

/* Puts t at the end of the queue, unless another one is for such a thread. */
static inline void enqueue_locked(struct thread *t, struct list *queue)
{
    bool slept = t->state == THREAD_SLEEPING;

    if (t->reserve)
        queue = &ready[FOREGROUND];
    if (__builtin_expect(slept && t->urgent, 0)) {
        queue = &ready[URGENT];
        thread_self()->attention |= ATTENTION_RESCHED;
    }
    list_push_back(queue, &t->queue);
    t->state = THREAD_READY;
    nready++;
    if (slept && poke_needed_locked())
        thread_self()->attention |= ATTENTION_POKE;
}

void sched_ready_locked(struct thread *t) { enqueue_locked(t, &ready[WOKEN]); }

void sched_hurry_locked(struct thread *t)
{
    list_remove(&t->queue);
    list_push_back(&ready[URGENT], &t->queue);
}

void sched_release_and_poke(uint was)
{
    uint poke;

    if (!poke_needed_locked()) {
        spin_release_irq(&sched_lock, was);
        return;
    }
    poke = (uint)__builtin_ctz(halted);
    halted &= ~(1u << poke);
    spin_release_irq(&sched_lock, was);
#ifdef DEBUG
    if (cpu_self()->nlocks)
        panic("a poke with a spin lock held");
#endif
    arch_poke(poke);
}

void thread_set_reserve(struct thread *t, uint npages)
{
    uint was = spin_acquire_irq(&sched_lock);

    t->reserve = npages;
    if (t->state == THREAD_READY && !thread_killed(t)) {
        list_remove(&t->queue);
        nready--;
        sched_ready_locked(t);
    }
    spin_release_irq(&sched_lock, was);
}

/* The thread whose turn it is, or NULL. */
static inline struct thread *pick_locked(void)
{
    struct list *queue = served;
    uint n = nready;

    if (!n)
        return NULL;
    if (__builtin_expect(!list_empty(&ready[URGENT]), 0)) {
        queue = &ready[URGENT];
    } else if (turn_tick != ticks_now || list_empty(queue)) {
        do
            queue = queue == &ready[SPENT] ? &ready[FOREGROUND] : queue + 1;
        while (list_empty(queue));
        served = queue;
        turn_tick = ticks_now;
    }
    nready = n - 1;
    struct thread *t = container_of(queue->next, struct thread, queue);
    queue->next = t->queue.next;
    t->queue.next->prev = queue;
    return t;
}

/* Does the switch go to the feed?  One that would may be lost. */
static inline bool concerns_feed(const struct thread *self, const struct thread *next)
{
    uchar which = event_switches;

    if (__builtin_expect(!which, 1))
        return false;
    if (which != SWITCH_OF_ALL && (self->pid | next->pid) < 0)
        return true;
    return which >= SWITCH_OF_ALL && self->pid != next->pid && event_room(EVENT_OFTEN, 1);
}

/* A thread that the feed's own displaces counts as running. */
static __attribute__((noinline)) void tell_switch(const struct thread *self, const struct thread *next)
{
    struct cpu *cpu = cpu_self();
    int displaced = cpu->feed_displaced;
    int from = displaced ? displaced : self->pid > 0 ? self->pid : 0;
    int to = next->pid > 0 ? next->pid : 0;

    cpu->feed_displaced = 0;
    if (self->pid == EVENT_FEED_PID && list_linked(&self->timer_link))
        event_switches &= ~SWITCH_OF_FEED;
    if (next->pid == EVENT_FEED_PID && self->state == THREAD_READY)
        cpu->feed_displaced = from;
    else if (events_wanted() && from != to)
        event_run(from, to,
                  displaced || self->state == THREAD_READY ? 'r'
                  : self->state == THREAD_DEAD             ? 'x'
                                                           : 's',
                  self->kstack);
}

/* Switches to the next ready thread, or to the idle thread.  Lock held, interrupts off, before and after. */
void sched_switch_locked(struct thread *self)
{
    struct cpu *cpu = cpu_self();
    struct thread *next = pick_locked();

    if (!next)
        next = cpu->idle;
    if (next == self) {
        self->state = THREAD_RUNNING;
        return;
    }
#ifdef DEBUG
    if (cpu->nlocks != 1)
        panic("thread %s sleeps with a spin lock held", self->name);
#endif
    if (self->fpu_used || next->fpu_used)
        fpu_switch(self, next);
    latency_yielded();
    self->attention &= ~(ATTENTION_POKE | ATTENTION_WATCHED); /* its successor sees to the poke */
    next->state = THREAD_RUNNING;
    cpu->thread = next;
    if (concerns_feed(self, next))
        tell_switch(self, next);
    aspace_load(next->aspace);
    context_switch(&self->context, next->context, next->kstack);
}

bool sched_crowded(void) { return nready; }

/* Lets others run, if any is ready; the thread waits in this queue, or in that for such a thread. */
static void yield(struct list *queue)
{
    struct thread *self = thread_self();
    uint was = spin_acquire_irq(&sched_lock);

    self->attention &= ~(ATTENTION_RESCHED | ATTENTION_POKE | ATTENTION_WATCHED);
    if (nready) {
        enqueue_locked(self, queue);
        sched_switch_locked(self);
    }
    sched_release_and_poke(was);
}

void sched_yield(void) { yield(&ready[HOLDING]); }

void sched_print(const char *text, uint n)
{
    sched_checkpoint(); /* a table may pass over thousands without a word */
    mutex_acquire(&printing);
    for (uint done = 0; done < n; sched_checkpoint())
        done += print_some(text + done, n - done);
    mutex_release(&printing);
}

void sched_attend(void)
{
    struct thread *self = thread_self();
    uint was, pokes;

    if (self->attention & ATTENTION_RESCHED) {
        yield(&ready[SPENT]);
    } else if (self->attention & (ATTENTION_POKE | ATTENTION_WATCHED)) {
        was = spin_acquire_irq(&sched_lock);
        self->attention &= ~(ATTENTION_POKE | ATTENTION_WATCHED);
        pokes = owed;
        owed = 0;
        sched_release_and_poke(was);
        for (; pokes; pokes &= pokes - 1)
            arch_poke((uint)__builtin_ctz(pokes));
    }
}

void sched_begin(void)
{
    sched_release_and_poke(0);
    irq_enable();
}

/* Halts this processor as a member of `halted`, with the lock released, until an interrupt or a poke. */
static REACQUIRES void halt_locked(uint bit)
{
    halted |= bit;
    nlooking--;
    spin_release(&sched_lock);
    latency_irq_on();
    arch_idle();
    irq_save();
    spin_acquire(&sched_lock);
    nlooking++;
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
        if (timer_is_late())
            timer_step_locked();
        if (nready) {
            nlooking--;
            latency_entered(0);
            sched_switch_locked(self);
            nlooking++;
            looks = most_looks;
        } else if (!looks && !timer_is_late()) {
            halt_locked(bit);
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
    t->nticks++;
    if (ran_at_tick[cpu->index] != t && !jitter_ends_slice()) {
        ran_at_tick[cpu->index] = t;
    } else if (nready) {
        spin_acquire(&sched_lock);
        t->attention |= ATTENTION_RESCHED;
        spin_release(&sched_lock);
    }
}

void sched_owe_poke_locked(const struct thread *t)
{
    for (uint i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpu_get(i);

        if (cpu->thread == t && cpu != cpu_self()) {
            owed |= 1u << i;
            thread_self()->attention |= ATTENTION_POKE;
        }
    }
}
