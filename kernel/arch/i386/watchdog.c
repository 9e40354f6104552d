/*
 * watchdog.c - a processor that keeps interrupts off makes no progress.
 *
 * The PIT's counter 0 runs freely and sends an NMI to every processor 18 times a second.  A processor that serves
 * its own clock between two of them is well, and so is one that an NMI finds with interrupts on.  It is stuck when
 * neither was so for watchdog_seconds, counted in NMIs that this processor has taken.
 *
 * A processor that is stuck with interrupts on is the scheduler's to find: see sched_tick().  A machine without I/O
 * APIC has no NMI, and only that.
 */
#include "base/printk.h"
#include "i386_impl.h"

#define LOOKS_PER_SECOND 18

uint watchdog_seconds = 20;

void watchdog_look(const struct trapframe *tf)
{
    struct machine_cpu *m = machine_self();

    if (tf->eflags & FLAG_INTERRUPT || m->nticks != m->ticks_seen) {
        m->ticks_seen = m->nticks;
        m->nlooks = 0;
    } else if (++m->nlooks == watchdog_seconds * LOOKS_PER_SECOND) {
        panic("processor %u has kept interrupts off for %u seconds", m->cpu.index, watchdog_seconds);
    }
}
