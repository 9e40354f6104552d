/*
 * park.c - threads as coroutines of one host thread, what the debug kernel checks about locks, and printk().
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/printk.h"
#include "chance.h"
#include "fakes/fake.h"
#include "fakes/fiber.h"
#include "fakes/held.h"
#include "sched/lock.h"
#include "sched/lock_impl.h"

#ifndef __has_feature
#define __has_feature(x) 0 /* gcc */
#endif
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

#define MAX_ACTORS 64
#define STACK_SIZE (256u << 10)

struct actor {
    struct thread thread; /* first */
    struct fiber fiber;
    void *stack;
    void (*run)(void *);
    void *arg;
    bool done, timed;
    uint wake_tick;
};

static struct cpu cpu;
struct cpu *host_cpu = &cpu;
char *host_ram;
volatile uint ticks_now;
char fake_printed[1 << 20];
void (*fake_on_switch)(void);

static struct thread main_thread;
static struct actor *actors[MAX_ACTORS]; /* their memory stays when they are reset */
static uint nactors, last_run;
static struct fiber scheduler;
static uint jitter, random_state;

uint fake_random(uint n) { return chance(&random_state, n); }

void actors_jitter(uint seed)
{
    jitter = seed;
    random_state = chance_start(seed, 0);
}

void fake_reset(void)
{
    nactors = last_run = 0;
    ticks_now = 1;
    fake_printed[0] = 0;
    fake_on_switch = NULL;
    cpu = (struct cpu){ .self = &cpu, .thread = &main_thread };
    main_thread.state = THREAD_RUNNING;
    actors_jitter(0);
    fake_memory_reset();
}

static struct actor *current(void)
{
    return cpu_self()->thread == &main_thread ? NULL : (struct actor *)cpu_self()->thread;
}

static void enter(void)
{
    struct actor *a = current();

    a->run(a->arg);
    a->done = true;
    a->thread.state = THREAD_DEAD;
    fiber_switch(&a->fiber, &scheduler, true);
}

/* An actor that is done, or a new one. */
static struct actor *spare_actor(void)
{
    for (uint i = 0; i < nactors; i++)
        if (actors[i]->done)
            return actors[i];
    if (nactors == MAX_ACTORS)
        panic("too many actors");
    struct actor *a = actors[nactors];
    if (!a) {
        actors[nactors] = a = calloc(1, sizeof(*a));
        a->stack = malloc(STACK_SIZE);
    }
    nactors++;
    return a;
}

/* Frames of an actor that ended, or was left asleep, are still on its stack. */
static void forget_frames(struct actor *a)
{
#if __has_feature(address_sanitizer)
    __asan_unpoison_memory_region(a->stack, STACK_SIZE);
#else
    (void)a;
#endif
}

struct actor *actor_start(void (*run)(void *), void *arg)
{
    struct actor *a = spare_actor();

    *a = (struct actor){ .fiber = a->fiber, .stack = a->stack, .run = run, .arg = arg };
    a->thread.state = THREAD_READY;
    a->thread.attention = ATTENTION_RESCHED; /* so that each sched_checkpoint() is a gap */
    list_init(&a->thread.wait_link);
    forget_frames(a);
    fiber_create(&a->fiber, a->stack, STACK_SIZE, enter);
    return a;
}

static void leave(struct actor *a)
{
    if (nlocks_held) {
        printf("# an actor changes places with a spin lock held\n");
        abort();
    }
    fiber_switch(&a->fiber, &scheduler, true);
}

static struct actor *next_ready(void)
{
    uint first = jitter ? fake_random(nactors ? nactors : 1) : last_run + 1;

    for (uint i = 0; i < nactors; i++) {
        uint n = (first + i) % nactors;
        if (actors[n]->thread.state == THREAD_READY) {
            last_run = n;
            return actors[n];
        }
    }
    return NULL;
}

void actors_run_now(void)
{
    for (struct actor *a; (a = next_ready()) != NULL;) {
        if (fake_on_switch)
            fake_on_switch();
        a->thread.state = THREAD_RUNNING;
        cpu_self()->thread = &a->thread;
        fiber_switch(&scheduler, &a->fiber, false);
        cpu_self()->thread = &main_thread;
    }
}

/* What its waker did before is done for the sleeper: the scheduler's lock sees to that. */
static void end_sleep(struct thread *t, enum park_result reason)
{
    t->state = THREAD_READY;
    __atomic_store_n(&t->wake_reason, reason, __ATOMIC_RELEASE);
}

void actors_tick(uint nticks)
{
    ticks_now += nticks;
    for (uint i = 0; i < nactors; i++) {
        struct actor *a = actors[i];
        if (a->thread.state == THREAD_SLEEPING && a->timed && a->wake_tick <= ticks_now)
            end_sleep(&a->thread, PARK_TIMEOUT);
    }
}

/* To the first time-out among the sleepers; false when there is none. */
static bool pass_time(void)
{
    const struct actor *first = NULL;

    for (uint i = 0; i < nactors; i++) {
        const struct actor *a = actors[i];
        if (a->thread.state == THREAD_SLEEPING && a->timed && (!first || a->wake_tick < first->wake_tick))
            first = a;
    }
    if (first)
        actors_tick(first->wake_tick > ticks_now ? first->wake_tick - ticks_now : 0);
    return first != NULL;
}

void actors_run(void)
{
    do
        actors_run_now();
    while (pass_time());
}

uint actors_alive(void)
{
    uint n = 0;

    for (uint i = 0; i < nactors; i++)
        n += !actors[i]->done;
    return n;
}

bool actor_done(const struct actor *a) { return a->done; }

struct thread *actor_thread(struct actor *a) { return &a->thread; }

void actor_yield(void)
{
    struct actor *a = current();

    if (!a)
        return;
    a->thread.state = THREAD_READY;
    leave(a);
}

void actor_pause(void)
{
    struct actor *a = current();

    a->thread.state = THREAD_NEW;
    leave(a);
}

void actor_resume(struct actor *a) { a->thread.state = THREAD_READY; }

/* It also takes the place of the C library's function of that name, which sanitizers call. */
void sched_yield(void) { fake_gap(); }

void fake_slow(const char *what)
{
    if (nlocks_held) {
        printf("# %s with a spin lock held\n", what);
        abort();
    }
    fake_gap();
}

void fake_gap(void)
{
    if (!jitter || nlocks_held || cpu_self()->thread->state != THREAD_RUNNING) /* on its way to sleep */
        return;
    if (fake_random(4) == 0)
        actor_yield();
}

/* What kernel/sched offers. */

/* A spin lock that is not free can only be the caller's own. */
void lock_debug_acquire(struct spinlock *l)
{
    if (l->locked)
        panic("spin lock %s is acquired twice", l->name);
    fake_gap();
}

void lock_debug_released(enum lock_rank rank)
{
    (void)rank;
    fake_gap();
}

void lock_debug_may_enter(enum lock_rank rank, const char *name)
{
    for (uint r = rank; r < RANK_FIRST_SPIN; r++)
        if (thread_self()->nmutexes[r])
            panic("%s after a lock of rank %u", name, r);
}

void lock_debug_enter(enum lock_rank rank, const char *name)
{
    lock_debug_may_enter(rank, name);
    thread_self()->nmutexes[rank]++;
}

void lock_debug_leave(enum lock_rank rank) { thread_self()->nmutexes[rank]--; }

void mutex_debug_acquire(const struct mutex *m)
{
    for (uint rank = m->lock.rank + 1; rank < RANK_FIRST_SPIN; rank++)
        if (thread_self()->nmutexes[rank])
            panic("mutex of rank %d after one of rank %u", (int)m->lock.rank, rank);
}

void mutex_debug_acquired(const struct mutex *m) { thread_self()->nmutexes[m->lock.rank]++; }

void mutex_debug_release(const struct mutex *m) { thread_self()->nmutexes[m->lock.rank]--; }

enum park_result thread_park(struct spinlock *l, uint nticks, bool interruptible)
{
    struct actor *a = current();

    if (!a) {
        printf("# the test itself would sleep\n");
        abort();
    }
    if (interruptible && thread_killed(&a->thread))
        return PARK_KILLED;
    a->thread.state = THREAD_SLEEPING;
    a->thread.interruptible = interruptible;
    a->timed = nticks != 0;
    a->wake_tick = ticks_now + nticks;
    spin_release(l);
    leave(a);
    spin_acquire(l);
    return __atomic_load_n(&a->thread.wake_reason, __ATOMIC_ACQUIRE);
}

void thread_unpark(struct thread *t)
{
    if (t->state == THREAD_SLEEPING)
        end_sleep(t, PARK_WOKEN);
}

void thread_kill(struct thread *t)
{
    t->attention |= ATTENTION_KILLED;
    if (t->state == THREAD_SLEEPING && t->interruptible)
        end_sleep(t, PARK_KILLED);
}

enum park_result waitq_sleep(struct waitq *q, struct spinlock *l, uint nticks, bool interruptible)
{
    struct thread *self = thread_self();

    list_push_back(&q->sleepers, &self->wait_link);
    enum park_result result = thread_park(l, nticks, interruptible);
    list_remove(&self->wait_link);
    return result;
}

void waitq_wake_one(struct waitq *q)
{
    struct list *link = list_pop(&q->sleepers);

    if (link)
        thread_unpark(container_of(link, struct thread, wait_link));
}

void waitq_wake_all(struct waitq *q)
{
    while (!list_empty(&q->sleepers))
        waitq_wake_one(q);
}

void sched_print(const char *text, uint n)
{
    size_t used = strlen(fake_printed);

    assert(used + n < sizeof(fake_printed));
    memcpy(fake_printed + used, text, n);
    fake_printed[used + n] = 0;
    sched_checkpoint();
}

void printk(const char *fmt, ...)
{
    size_t used = strlen(fake_printed);
    va_list ap;

    va_start(ap, fmt);
    format_va(fake_printed + used, sizeof(fake_printed) - used, fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    printf("# panic: ");
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    abort();
}
