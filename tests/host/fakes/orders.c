/*
 * orders.c - see orders.h.
 *
 * An order is a row of choices: which thread makes the next step.  A run follows the row as far as it goes, and takes
 * the first thread that can go on from there; the next row is this one with its last choice changed that can be.  A
 * thread that waits for another one can go on after any step of another that did not end in waiting.
 */
#include <stdlib.h>
#include <string.h>

#include "base/printk.h"
#include "fakes/fiber.h"
#include "fakes/held.h"
#include "fakes/orders.h"
#include "host.h"

#define MAX_STEPS  200u
#define STACK_SIZE (64u << 10)
#define NOBODY     ORDERS_MAX

#ifdef __SANITIZE_THREAD__
#define MAX_ORDERS 20u /* it finds the same races in any order */
#else
#define MAX_ORDERS ~0u
#endif

static struct cpu cpu;
struct cpu *host_cpu = &cpu;
struct thread orders_threads[ORDERS_MAX];
void (*orders_on_point)(void);
bool orders_coarse, orders_alike[ORDERS_MAX];

static struct {
    struct fiber fiber;
    char stack[STACK_SIZE] __attribute__((aligned(16)));
    bool done, waits, has_waited, has_begun;
} threads[ORDERS_MAX];
static struct fiber scheduler;
static void (*run_thread)(uint thread);

static struct {
    uint chosen, nchoices;
} row[MAX_STEPS];
static uint nsteps, nfixed;

void orders_become(uint thread)
{
    cpu_self()->index = thread;
    cpu_self()->thread = &orders_threads[thread];
}

static bool is_running(void) { return run_thread && !nlocks_held; }

static void leave(void) { fiber_switch(&threads[cpu_self()->index].fiber, &scheduler, true); }

void orders_point(void)
{
    if (!is_running())
        return;
    if (orders_on_point)
        orders_on_point();
    bool arrived = threads[cpu_self()->index].has_waited;
    threads[cpu_self()->index].has_waited = false;
    if (!arrived)
        leave();
}

void orders_spin(void)
{
    if (!is_running())
        panic("a processor waits for another one, and there is none");
    threads[cpu_self()->index].waits = threads[cpu_self()->index].has_waited = true;
    leave();
}

static void enter(void)
{
    uint self = cpu_self()->index;

    run_thread(self);
    threads[self].done = true;
    leave();
}

/* A thread that looked and waits (again) has changed nothing that others wait for. */
static void step(uint thread)
{
    orders_become(thread);
    threads[thread].waits = false;
    fiber_switch(&scheduler, &threads[thread].fiber, false);
    for (uint i = 0; i < ORDERS_MAX && !threads[thread].waits; i++)
        threads[i].waits = false;
}

/* The thread that makes the next step; NOBODY: all are done. */
static uint choose(uint n)
{
    uint ready[ORDERS_MAX], nready = 0, nleft = 0;

    for (uint i = 0; i < n; i++) {
        nleft += !threads[i].done;
        bool is_second = i && orders_alike[i] && !threads[i - 1].has_begun;
        if (!threads[i].done && !threads[i].waits && !is_second)
            ready[nready++] = i;
    }
    if (!nleft)
        return NOBODY;
    if (!nready)
        panic("all processors wait for each other");
    if (nsteps == MAX_STEPS)
        panic("a thread has more than %u steps", MAX_STEPS);
    if (nsteps >= nfixed)
        row[nsteps].chosen = 0;
    row[nsteps].nchoices = nready;
    return ready[row[nsteps++].chosen];
}

/* Changes the last choice that can be; false: this was the last order. */
static bool next_order(void)
{
    for (nfixed = nsteps; nfixed > 0; nfixed--)
        if (++row[nfixed - 1].chosen < row[nfixed - 1].nchoices)
            return true;
    return false;
}

static void note_order(void)
{
    char text[2 * MAX_STEPS + 1] = "";

    for (uint i = 0; i < nsteps; i++)
        sprintf(text + strlen(text), " %u", row[i].chosen);
    tap_note("the order's choices:%s", text);
}

static void run_order(uint n, void (*run)(uint thread))
{
    nsteps = 0;
    for (uint i = 0; i < n; i++) {
        threads[i].done = threads[i].waits = threads[i].has_waited = threads[i].has_begun = false;
        fiber_create(&threads[i].fiber, threads[i].stack, STACK_SIZE, enter);
    }
    run_thread = run;
    for (uint i = 0; i < n; i++) /* to its first point: what it does before is its own */
        step(i);
    for (uint thread; (thread = choose(n)) != NOBODY;) {
        threads[thread].has_begun = true;
        step(thread);
    }
    run_thread = NULL;
}

uint orders_run(uint n, void (*begin)(void), void (*run)(uint thread), void (*end)(void))
{
    uint norders = 0;

    nfixed = 0;
    do {
        begin();
        run_order(n, run);
        end();
        norders++;
        if (tap_failing()) {
            note_order();
            break;
        }
    } while (norders < MAX_ORDERS && next_order());
    return norders;
}

/* What kernel/sched offers.  A point is just before a lock is acquired: nothing comes between that and its release. */

void spin_init(struct spinlock *l, enum lock_rank rank, const char *name)
{
    *l = (struct spinlock){ .rank = rank, .name = name };
}

void spin_wait(struct spinlock *l) { panic("spin lock %s is acquired twice", l->name); }

void lock_debug_acquire(struct spinlock *l)
{
    if (!orders_coarse || l->rank == RANK_PAGE)
        orders_point();
}

void lock_debug_released(enum lock_rank rank) { (void)rank; }
void lock_debug_may_enter(enum lock_rank rank, const char *name) { (void)rank, (void)name; }
void sched_yield(void) {}

/* Nothing here is to be read but a panic. */
void printk(const char *fmt, ...) { (void)fmt; }

void panic(const char *fmt, ...)
{
    va_list ap;

    printf("# panic: ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    note_order();
    abort();
}
