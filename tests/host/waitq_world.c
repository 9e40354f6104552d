/* waitq_world.c - see waitq_world.h. */
#include "waitq_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/event.h"
#include "base/printk.h"
#include "chance.h"
#include "fakes/fiber.h"
#include "sched/lock_impl.h"

#define NPROCESSORS 3u
#define NSTACKS     64
#define STACK_SIZE  (64u << 10)
#define MOST_STEPS \
    5000000u /* of one scene, twenty times what it needs: after them, something waits forever */

uint cpu_count = NPROCESSORS;
uchar events_on, event_switches;

static struct {
    struct cpu cpu;
    struct fiber *fiber;
    bool halted, poked;
} processors[NPROCESSORS];
struct cpu *host_cpu = &processors[0].cpu;

static struct {
    struct fiber fiber;
    char *stack;
    void (*entry)(void *);
    void *arg;
} stacks[NSTACKS];

static struct fiber turns; /* gives processors their turns */
static struct thread boss;
static void (*scene_now)(void);
static uint random_state, turns_state, seed_now, nsteps;

void world_seed(uint seed)
{
    seed_now = seed;
    random_state = chance_start(seed, 0);
    turns_state = chance_start(seed, 1);
}

uint world_random(uint n) { return chance(&random_state, n); }

/* Processors. */

struct cpu *cpu_get(uint index) { return &processors[index].cpu; }

/* Outside of world_run() there is one processor, and no other has a turn. */
static void leave(void)
{
    if (processors[cpu_self()->index].fiber)
        fiber_switch(processors[cpu_self()->index].fiber, &turns, true);
}

void orders_point(void)
{
    if (chance(&turns_state, 3) == 0)
        leave();
}

void orders_spin(void) { leave(); }

void arch_idle(void)
{
    uint self = cpu_self()->index;

    processors[self].halted = true;
    while (!processors[self].poked)
        leave();
    processors[self].halted = processors[self].poked = false;
}

void arch_poke(uint index) { processors[index].poked = true; }

static void take_turn(uint i)
{
    if (processors[i].halted && !processors[i].poked)
        return;
    host_cpu = &processors[i].cpu;
    fiber_switch(&turns, processors[i].fiber, false);
}

/* Threads. */

static void enter(void)
{
    int slot = cpu_self()->thread->kstack;

    stacks[slot].entry(stacks[slot].arg);
}

static void prepare_stack(int slot, void (*entry)(void *), void *arg)
{
    if (!stacks[slot].stack)
        stacks[slot].stack = malloc(STACK_SIZE);
    stacks[slot].entry = entry;
    stacks[slot].arg = arg;
    fiber_create(&stacks[slot].fiber, stacks[slot].stack, STACK_SIZE, enter);
}

int kstack_alloc(void)
{
    for (int slot = NPROCESSORS; slot < NSTACKS; slot++)
        if (!stacks[slot].entry)
            return slot;
    return -1;
}

void kstack_free(int slot) { stacks[slot].entry = NULL; }

void *context_create(int slot, void (*entry)(void *), void *arg)
{
    prepare_stack(slot, entry, arg);
    return &stacks[slot].fiber;
}

void *context_create_user(int slot, const struct trapframe *tf, void (*first)(void))
{
    (void)slot, (void)tf, (void)first;
    panic("there is no user mode here");
}

void context_switch(void **save, void *load, int slot)
{
    uint self = cpu_self()->index;

    (void)slot;
    *save = processors[self].fiber;
    processors[self].fiber = load;
    fiber_switch(*save, load, true);
}

static void run_scenes(void *unused)
{
    (void)unused;
    for (;;) {
        if (scene_now)
            scene_now();
        scene_now = NULL;
        leave();
    }
}

static void idle(void *unused)
{
    (void)unused;
    sched_run_idle();
}

/* The stack of an idle thread has the number of its processor. */
static void boot(void)
{
    static struct thread first[NPROCESSORS];

    cpu_self()->thread = &first[0];
    sched_init();
    if (thread_create(&boss, "boss", run_scenes, NULL) < 0)
        abort();
    thread_start(&boss);
    for (uint i = 0; i < NPROCESSORS; i++) {
        if (i)
            processors[i].cpu = (struct cpu){ .index = i, .thread = &first[i] };
        processors[i].cpu.thread->kstack = (int)i;
        prepare_stack((int)i, idle, NULL);
        processors[i].fiber = &stacks[i].fiber;
    }
}

void world_run(void (*scene)(void))
{
    if (!processors[0].fiber)
        boot();
    scene_now = scene;
    for (nsteps = 0; scene_now; nsteps++) {
        if (nsteps == MOST_STEPS)
            panic("the scene does not end");
        take_turn(chance(&turns_state, NPROCESSORS));
    }
}

/* What debug builds do about locks, and what else the scheduler asks for. */

void lock_debug_acquire(struct spinlock *l)
{
    (void)l;
    orders_point();
}

void lock_debug_acquired(struct spinlock *l)
{
    (void)l;
    cpu_self()->nlocks++;
}

enum lock_rank lock_debug_release(struct spinlock *l)
{
    cpu_self()->nlocks--;
    return l->rank;
}

void lock_debug_released(enum lock_rank rank)
{
    (void)rank;
    orders_point();
}

void mutex_debug_acquire(const struct mutex *m) { (void)m; }
void mutex_debug_acquired(const struct mutex *m) { (void)m; }
void mutex_debug_release(const struct mutex *m) { (void)m; }
bool jitter_ends_slice(void) { return false; }
void aspace_load(struct aspace *as) { (void)as; }
void fpu_switch(const struct thread *prev, const struct thread *next) { (void)prev, (void)next; }
void event_tick(uint tick) { (void)tick; }
void event_run(int from, int to, char left, int kstack) { (void)from, (void)to, (void)left, (void)kstack; }

uint arch_callers(const void *context, uint callers[], uint max)
{
    (void)context, (void)callers, (void)max;
    return 0;
}

uint (*world_console)(uint n);

void printk(const char *fmt, ...) { (void)fmt; }
uint print_some(const char *text, uint n) { return (void)text, world_console ? world_console(n) : n; }

void panic(const char *fmt, ...)
{
    va_list ap;

    printf("# panic with seed %u: ", seed_now);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    fflush(stdout);
    abort();
}
