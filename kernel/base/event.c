/*
 * event.c - the buffers of events, and their clock.
 *
 * A buffer has one writer, its processor with interrupts off, and one reader, so it needs no lock: positions only count
 * up, `put` is the writer's and `taken` the reader's.
 *
 * The clock is the tick, and the cycle counter since the tick began.  Who reads it while a tick begins may take either
 * tick, but gets the counter that belongs to it: two are kept.
 */
#include "base/event.h"

#include <stdarg.h>

#include "arch.h"
#include "base/kstring.h"
#include "include/param.h"

#define PER_PAGE (PAGE_SIZE / sizeof(struct event))
#define NPAGES   4u /* of a buffer */
#define NEVENTS  (NPAGES * PER_PAGE)

#define TICK_US (1000000 / HZ)

/* Fields:  I immutable   o only its processor, with interrupts off   r only the reader   A atomic */
static struct buffer {
    struct event *pages[NPAGES]; /* [I] */
    uint put;                    /* [o to change] */
    volatile uint taken;         /* [r to change] */
    volatile uint nlost;         /* [A] since the last event that was put */
    volatile int running;        /* [o to change] */
} buffers[NCPU];

uchar events_on;
static volatile bool active;

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

static void fill(struct event *e, const char *fmt, va_list ap)
{
    uint n = 0;

    e->fmt = fmt;
    for (; *fmt; fmt++)
        if (fmt[0] == '%' && fmt[1] == 's')
            string_copy((char *)&e->arg[n], va_arg(ap, const char *), (EVENT_ARGS - n) * sizeof(uint));
        else if (*fmt == '%')
            e->arg[n++] = va_arg(ap, uint);
    event_clock(&e->tick, &e->us);
}

void event_put(bool often, const char *fmt, ...)
{
    if (events_on < EVENTS_ALL)
        return;
    uint was = irq_save();
    struct buffer *b = &buffers[cpu_self()->index];
    if (b->put - b->taken < (often ? NEVENTS / 4 * 3 : NEVENTS)) {
        struct event *e = at(b, b->put);
        va_list ap;
        va_start(ap, fmt);
        fill(e, fmt, ap);
        va_end(ap);
        e->nlost = event_take_lost(cpu_self()->index);
        __atomic_store_n(&b->put, b->put + 1, __ATOMIC_RELEASE);
    } else {
        atomic_add(&b->nlost, 1);
    }
    irq_restore(was);
}

void event_run(int from, char left, uint call, int to)
{
    struct buffer *b = &buffers[cpu_self()->index];
    int shown = b->running;

    if (from > 0 || to > 0)
        active = true;
    if (to == EVENT_FEED_PID && left == 'r')
        return; /* the feed displaced it: as if it still ran */
    b->running = to == EVENT_FEED_PID ? 0 : to;
    if (b->running == shown)
        return;
    if (!shown)
        event_put(true, "R %d -", b->running);
    else if (left == 's' && from == shown)
        event_put(true, "R %d s%u", b->running, call);
    else
        event_put(true, left == 'x' ? "R %d x" : "R %d r", b->running);
}

bool event_active(void)
{
    bool was = active;

    active = false;
    for (uint cpu = 0; cpu < cpu_count; cpu++)
        was |= buffers[cpu].running != 0;
    return was;
}

uint event_cpu(int pid)
{
    uint cpu = 0;

    while (cpu < cpu_count && buffers[cpu].running != pid)
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

void event_take(uint cpu) { __atomic_store_n(&buffers[cpu].taken, buffers[cpu].taken + 1, __ATOMIC_RELEASE); }

uint event_take_lost(uint cpu) { return buffers[cpu].nlost ? atomic_swap(&buffers[cpu].nlost, 0) : 0; }
