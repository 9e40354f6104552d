/*
 * event.c - the buffers of events, and their clock.
 *
 * A buffer has one writer, its processor, and one reader, so it needs no lock: positions only count up, `put` is the
 * writer's and `taken` the reader's.  No interrupt handler puts an event, and the kernel is not preempted.
 *
 * The clock is the tick, and the cycle counter since the tick began.  A reader at the moment when a tick begins may
 * take either tick, but gets the counter that belongs to it: two are kept.
 */
#include "base/event.h"

#include "arch.h"
#include "base/kstring.h"
#include "include/param.h"

#define PER_PAGE (PAGE_SIZE / sizeof(struct event)) /* a power of two, as is NPAGES: no division is needed */
#define NPAGES   8u                                 /* of a buffer */
#define NEVENTS  (NPAGES * PER_PAGE)
#define NOFTEN   (NEVENTS / 4 * 3) /* frequent ones leave the rest to others */
#define NMOST    (NEVENTS - 1)     /* one may need a place for its L line as well */

#define TICK_US (1000000 / HZ)

/* Fields:  I immutable   o only its processor   r only the reader */
static struct buffer {
    struct event *pages[NPAGES]; /* [I] */
    volatile uint put;           /* [o to change] */
    volatile uint taken;         /* [r to change] */
} buffers[NCPU];

uchar events_on, event_switches;

static struct {
    uint cycles; /* when it began */
    uint scale;  /* microseconds in 2^32 cycles, about */
} ticks[2];      /* of even and odd ticks */
static volatile uint now_tick;

int event_start(enum event_level level, void *(*alloc)(void))
{
    for (uint i = 0; i < cpu_count * NPAGES; i++)
        if (!(buffers[i / NPAGES].pages[i % NPAGES] = alloc()))
            return -1;
    events_on = (uchar)level;
    event_switches = level == EVENTS_ALL ? SWITCH_OF_ALL : 0;
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
    ticks[tick % 2].scale = ~0u / (average / TICK_US + 1);
    now_tick = tick;
    event_switches |= SWITCH_OF_FEED;
}

void event_clock(uint *tick, uint *us)
{
    uint t = now_tick;
    uint since = (uint)((uint64_t)(cpu_cycles() - ticks[t % 2].cycles) * ticks[t % 2].scale >> 32);

    *tick = t;
    *us = since < TICK_US ? since : TICK_US - 1;
}

static struct event *at(const struct buffer *b, uint position)
{
    return &b->pages[position / PER_PAGE % NPAGES][position % PER_PAGE];
}

void event_put_args(const char *fmt, const struct event_args *args)
{
    struct cpu *cpu = cpu_self();
    struct buffer *b = &buffers[cpu->index];
    uint put = b->put, nfull = put - b->taken;

    if (nfull >= NMOST) {
        cpu->feed_nlost++;
        return;
    }
    struct event *e = at(b, put);
    event_clock(&e->tick, &e->us);
    if (cpu->feed_nlost) {
        struct event *lost = e;
        lost->fmt = "L %u";
        lost->args.arg[0] = cpu->feed_nlost;
        cpu->feed_nlost = 0;
        e = at(b, ++put);
        e->tick = lost->tick;
        e->us = lost->us;
    }
    e->fmt = fmt;
    e->args = *args;
    nfull += put + 1 - b->put;
    __atomic_store_n(&b->put, put + 1, __ATOMIC_RELEASE);
    if (nfull >= NOFTEN)
        cpu->feed_full = nfull < NMOST ? EVENT_OFTEN : EVENT_RARE;
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

    while (cpu < cpu_count && cpu_get(cpu)->thread != t && cpu_get(cpu)->feed_displaced != pid)
        cpu++;
    return cpu;
}

const struct event *event_oldest(uint *cpu)
{
    const struct event *oldest = NULL;

    for (uint i = 0; i < cpu_count; i++) {
        const struct buffer *b = &buffers[i];
        if (b->taken == __atomic_load_n(&b->put, __ATOMIC_ACQUIRE)) {
            cpu_get(i)->feed_full = 0; /* its processor may have been late to find it full */
            continue;
        }
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
    uint nfull = b->put - b->taken;
    if (nfull <= NEVENTS / 2)
        cpu_get(cpu)->feed_full = 0;
    else if (nfull <= NEVENTS / 8 * 7 && cpu_get(cpu)->feed_full == EVENT_RARE)
        cpu_get(cpu)->feed_full = EVENT_OFTEN;
}
