/*
 * latency.c - the longest times with interrupts off, with a spin lock held, and between two chances for other
 * threads; in debug builds alone.
 *
 * A place is where such a time began and where it ended.  Of each kind the table has the longest places so far; a
 * place that is shorter than all of them costs one comparison.
 *
 * There is one processor, and the table changes with interrupts off alone, so it needs no lock.
 */
#ifdef DEBUG
#include "base/latency.h"
#include "arch.h"
#include "base/printk.h"

#define NPLACES 16u /* of each kind */

/* Others wait for the processor in the kernel, which is not preempted, at most this many times as long as for a
   lock: then it is a tenth of a tick under -icount. */
#define KEPT_FACTOR 50u

enum kind { KIND_IRQ, KIND_LOCK, KIND_KEPT, NKINDS };
static const char *const kinds[NKINDS] = { "interrupts off", "lock", "processor kept" };

struct place {
    const char *name; /* of the lock */
    uint length;
    uint from, to; /* addresses of code */
};

static struct place places[NKINDS][NPLACES];
static uint bound; /* 0: nothing is measured */

static bool irq_is_off;
static uint off_since, off_from;
static uint kept_since, kept_from;

static volatile uint paused; /* instructions of checks, which do not count */

/* An interrupt between the two reads adds to the second. */
uint latency_clock(void)
{
    uint before, now;

    do {
        before = paused;
        now = cpu_cycles();
    } while (before != paused);
    return now - before;
}

uint latency_pause(void) { return latency_clock(); }

/* An interrupt may come at any moment: what it adds to `paused` does not count twice. */
void latency_resume(uint since) { atomic_add(&paused, latency_clock() - since); }

static struct place *same_or_shortest(struct place table[NPLACES], const struct place *p)
{
    struct place *shortest = &table[0];

    for (uint i = 0; i < NPLACES; i++) {
        if (table[i].from == p->from && table[i].to == p->to)
            return &table[i];
        if (table[i].length < shortest->length)
            shortest = &table[i];
    }
    return shortest;
}

static void record(enum kind kind, const char *name, uint since, uint from, uint to)
{
    static uint least[NKINDS]; /* of those in the table */
    struct place p = { .name = name, .length = latency_clock() - since, .from = from, .to = to };

    if (p.length <= least[kind])
        return;
    uint recording = latency_pause();
    struct place *old = same_or_shortest(places[kind], &p);
    if (old->length < p.length)
        *old = p;
    least[kind] = ~0u;
    for (uint i = 0; i < NPLACES; i++)
        if (places[kind][i].length < least[kind])
            least[kind] = places[kind][i].length;
    latency_resume(recording);
}

void latency_irq_off(void)
{
    if (!bound)
        return;
    off_since = latency_clock();
    off_from = (uint)__builtin_return_address(0);
    irq_is_off = true;
}

void latency_irq_on(void)
{
    if (!bound || !irq_is_off)
        return; /* a fault's gate turned them off, which is a few instructions */
    irq_is_off = false;
    record(KIND_IRQ, "", off_since, off_from, (uint)__builtin_return_address(0));
}

void latency_interrupt_begins(void)
{
    off_since = latency_clock();
    off_from = (uint)__builtin_return_address(0);
}

void latency_interrupt_ends(void)
{
    if (bound)
        record(KIND_IRQ, "", off_since, off_from, (uint)__builtin_return_address(0));
    latency_resume(off_since);
}

void latency_held(const char *lock, uint since, uint from, uint to)
{
    if (bound && since)
        record(KIND_LOCK, lock, since, from, to);
}

void latency_entered(uint by)
{
    if (!bound || (!by && !kept_since))
        return;
    kept_since = latency_clock();
    kept_from = by;
}

void latency_yielded(void)
{
    uint here = (uint)__builtin_return_address(0);

    if (!bound || !kept_since)
        return;
    record(KIND_KEPT, "", kept_since, kept_from, here);
    kept_since = latency_clock();
    kept_from = here;
}

void latency_start(uint limit)
{
    if (cpu_count > 1) {
        printk("latency: instructions can be counted with one processor only\n");
        return;
    }
    bound = limit;
}

static void report_place(enum kind kind, const struct place *p, uint limit)
{
    printk("latency: %s%s%s: %u instructions, from %s to %s%s\n", kinds[kind], *p->name ? " " : "", p->name,
           p->length, arch_function(p->from), arch_function(p->to), p->length > limit ? ": ABOVE" : "");
}

/* The longest first. */
static void report_kind(enum kind kind, uint limit)
{
    for (uint n = 0; n < NPLACES; n++) {
        struct place *longest = &places[kind][0];

        for (uint i = 1; i < NPLACES; i++)
            if (places[kind][i].length > longest->length)
                longest = &places[kind][i];
        if (!longest->length)
            return;
        report_place(kind, longest, limit);
        longest->length = 0;
    }
}

void latency_report(void)
{
    uint limit = bound;

    if (!bound)
        return;
    bound = 0;
    for (enum kind kind = 0; kind < NKINDS; kind++)
        report_kind(kind, kind == KIND_KEPT ? limit * KEPT_FACTOR : limit);
}
#else
typedef int latency_is_empty; /* a file must declare something */
#endif
