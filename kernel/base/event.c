/*
 * event.c - the buffers of events, and their clock.
 *
 * A buffer has one writer, its processor, and one reader, so it needs no lock: positions only count up, `put` is the
 * writer's and `taken` the reader's.  No interrupt handler puts an event, and the kernel is not preempted.
 *
 * The clock is the tick, and the cycle counter since the tick began.  A reader at the moment when a tick begins may take
 * either tick, but gets the counter that belongs to it: two are kept.
 */
#include "base/event.h"

#include "arch.h"
#include "base/kstring.h"
#include "include/param.h"

#define PER_PAGE (PAGE_SIZE / sizeof(struct event))
#define NPAGES   8u /* of a buffer */
#define NEVENTS  (NPAGES * PER_PAGE)
#define NOFTEN   (NEVENTS / 4 * 3) /* frequent ones leave the rest to others */

#define TICK_US (1000000 / HZ)

/* Fields:  I immutable   o only its processor   r only the reader */
static struct buffer {
    struct event *pages[NPAGES]; /* [I] */
    volatile uint put;           /* [o to change] */
    volatile uint taken;         /* [r to change] */
} buffers[NCPU];

struct event_gate event_gates[NCPU];
uchar events_on;

static struct {
    uint cycles; /* when it began */
    uint per_us; /* cycles in a microsecond, about */
} ticks[2];      /* of even and odd ticks */
static volatile uint now_tick;

int event_start(enum event_level level, void *(*alloc)(void))
{
    for (uint i = 0; i < cpu_count * NPAGES; i++)
        if (!(buffers[i / NPAGES].pages[i % NPAGES] = alloc()))
            return -1;
    events_on = (uchar)level;
    return 0;
}

void event_tick(uint tick)
{
    static uint average; /* cycles of a tick */
    uint cycles = cpu_cycles(), begun = ticks[now_tick % 2].cycles;

    if (begun && average)
        average += (cycles - begun) / 16 - average / 16;
    else if (begun)
        average = cycles - begun;
    ticks[tick % 2].cycles = cycles;
    ticks[tick % 2].per_us = average / TICK_US + 1;
    now_tick = tick;
}

void event_clock(uint *tick, uint *us)
{
    uint t = now_tick, per_us = ticks[t % 2].per_us;
    uint since = per_us ? (cpu_cycles() - ticks[t % 2].cycles) / per_us : 0;

    *tick = t;
    *us = since < TICK_US ? since : TICK_US - 1;
}

static struct event *at(const struct buffer *b, uint position)
{
    return &b->pages[position % NEVENTS / PER_PAGE][position % PER_PAGE];
}

void event_put_args(const char *fmt, const struct event_args *args)
{
    struct buffer *b = &buffers[cpu_self()->index];
    struct event_gate *gate = &event_gates[cpu_self()->index];
    uint put = b->put, nfull = put - b->taken;

    if (nfull == NEVENTS) {
        gate->nlost++;
        return;
    }
    struct event *e = at(b, put);
    e->fmt = fmt;
    e->args = *args;
    event_clock(&e->tick, &e->us);
    e->nlost = gate->nlost;
    gate->nlost = 0;
    __atomic_store_n(&b->put, put + 1, __ATOMIC_RELEASE);
    if (nfull + 1 >= NOFTEN)
        gate->full = true;
}

void event_put_name(const char *fmt, int pid, const char *name)
{
    struct event_args args = { { (uint)pid } };

    string_copy((char *)&args.arg[1], name, sizeof(args) - sizeof(args.arg[0]));
    event_put_args(fmt, &args);
}

void event_run(int from, int to, char left, int kstack)
{
    if (!from)
        event_put("R %d -", to);
    else if (left == 's')
        event_put("R %d s%u", to, trapframe_syscall(trapframe_of(kstack)));
    else
        event_put(left == 'x' ? "R %d x" : "R %d r", to);
}

uint event_cpu(int pid, const struct thread *t)
{
    uint cpu = 0;

    while (cpu < cpu_count && cpu_get(cpu)->thread != t && event_gates[cpu].displaced != pid)
        cpu++;
    return cpu;
}

const struct event *event_oldest(uint *cpu)
{
    const struct event *oldest = NULL;

    for (uint i = 0; i < cpu_count; i++) {
        const struct buffer *b = &buffers[i];
        if (b->taken == __atomic_load_n(&b->put, __ATOMIC_ACQUIRE))
            continue;
        const struct event *e = at(b, b->taken);
        if (oldest && (e->tick > oldest->tick || (e->tick == oldest->tick && e->us >= oldest->us)))
            continue;
        oldest = e;
        *cpu = i;
    }
    return oldest;
}

void event_take(uint cpu)
{
    struct buffer *b = &buffers[cpu];

    __atomic_store_n(&b->taken, b->taken + 1, __ATOMIC_RELEASE);
    if (b->put - b->taken <= NEVENTS / 2)
        event_gates[cpu].full = false;
}
