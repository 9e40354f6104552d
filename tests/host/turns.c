/*
 * turns.c - whose turn it is beside many threads that compute.
 *
 * A turn ends with a tick of the clock, as a time slice does.
 */
#include "host.h"
#include "waitq_world.h"

#define NSCENES  100u
#define NCOMPUTE 40u
#define SOON     (NCOMPUTE / 2) /* turns: more than other processors take meanwhile */

struct worker {
    struct thread thread; /* first */
    uint turn;            /* its last one */
    bool ended;
};

static struct worker workers[NCOMPUTE];
static volatile uint nturns;
static volatile bool over;

static void end_slice(void)
{
    uint was = spin_acquire_irq(&sched_lock);

    thread_self()->attention |= ATTENTION_RESCHED;
    spin_release_irq(&sched_lock, was);
}

static void compute(void *unused)
{
    struct worker *self = (struct worker *)thread_self();

    (void)unused;
    while (!over && !thread_killed(&self->thread)) {
        self->turn = ++nturns;
        timer_tick();
        end_slice();
        sched_attend();
    }
    self->turn = ++nturns;
    self->ended = true;
}

/* Lets all compute until n turns more were taken. */
static void wait_turns(uint n)
{
    for (uint end = nturns + n; nturns < end;)
        sched_yield();
}

static void start(void)
{
    nturns = over = 0;
    for (uint i = 0; i < NCOMPUTE; i++) {
        check_eq(thread_create(&workers[i].thread, "worker", compute, NULL), 0);
        workers[i].ended = false;
    }
    for (uint i = 0; i < NCOMPUTE; i++)
        thread_start(&workers[i].thread);
    wait_turns(3 * NCOMPUTE);
}

static void finish(void)
{
    over = true;
    for (uint i = 0; i < NCOMPUTE; i++) {
        while (!workers[i].ended)
            sched_yield();
        while (workers[i].thread.state != THREAD_DEAD)
            sched_yield();
        thread_destroy(&workers[i].thread);
    }
}

/* The one that is ready and had its turn last: the others come before it. */
static struct worker *last_ready(void)
{
    struct worker *last = NULL;

    for (uint i = 0; i < NCOMPUTE; i++)
        if (workers[i].thread.state == THREAD_READY && (!last || workers[i].turn > last->turn))
            last = &workers[i];
    return last;
}

static void kill_one(void)
{
    start();
    struct worker *victim = last_ready();
    uint turn = nturns;
    thread_kill(&victim->thread);
    while (!victim->ended)
        sched_yield();
    check(victim->turn - turn < SOON);
    finish();
}

static void give_way(void)
{
    start();
    for (uint i = 0; i < 10 && !tap_failing(); i++) {
        uint turn = nturns;
        end_slice();
        sched_checkpoint();
        check(nturns - turn < SOON);
    }
    finish();
}

static uint nlooks;

/* A console that is busy for ten looks at it.  Whoever lets others run has no attention left. */
static uint take_later(uint n)
{
    check(!(thread_self()->attention & ATTENTION_RESCHED));
    end_slice();
    return nlooks++ < 10 ? 0 : n;
}

static void print_busy(void)
{
    start();
    nlooks = 0;
    world_console = take_later;
    sched_print("text", 4);
    world_console = NULL;
    check_eq(nlooks, 11);
    finish();
}

static void run_scenes(void (*scene)(void))
{
    for (uint seed = 1; seed <= NSCENES && !tap_failing(); seed++) {
        world_seed(seed);
        world_run(scene);
    }
}

TEST("a thread that is killed while it is ready ends before others that compute go on")
{
    run_scenes(kill_one);
}

TEST("a thread that gives way in the kernel goes on before all others that compute had a turn")
{
    run_scenes(give_way);
}

TEST("a thread that prints lets others run while the console is busy") { run_scenes(print_busy); }

TAP_MAIN(NULL, NULL)
