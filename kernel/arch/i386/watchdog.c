/*
 * watchdog.c - a processor that makes no progress is a panic.
 *
 * With interrupts off: the PIT's counter 0 runs freely and sends an NMI to every processor 18 times a second.  A
 * processor that has served its own clock since the last one is well, and so is one that an NMI finds with
 * interrupts on.  A machine without I/O APIC has no NMI, and does not see this.
 *
 * With interrupts on, in the kernel: a thread that was there at all ticks of a second gets ATTENTION_WATCHED.  It
 * clears it when it returns to its program, sleeps or comes by sched_checkpoint(), where the attention is looked at
 * anyway.  An idle processor is well.
 *
 * A processor that waits for a serial port, which is slow to look at in a virtual machine, gives up before that.
 *
 * Time is counted in NMIs and ticks that the processor itself has taken.  So neither a machine that is paused, nor
 * one that its host is too busy to run, is taken for one that is stuck.
 */
#include "base/printk.h"
#include "i386_impl.h"
#include "sched/thread.h"

#define LOOKS_PER_SECOND 18
#define PORT_SECONDS     5

uint watchdog_seconds = 20;

void watchdog_look(const struct trapframe *tf)
{
    struct machine_cpu *m = machine_self();

    if (tf->eflags & FLAG_INTERRUPT || m->nticks != m->ticks_seen) {
        m->ticks_seen = m->nticks;
        m->nlooks = 0;
    } else if (++m->nlooks == watchdog_seconds * LOOKS_PER_SECOND) {
        panic("processor %u has kept interrupts off for %u seconds", m->cpu.index, watchdog_seconds);
    } else if (m->nlooks >= PORT_SECONDS * LOOKS_PER_SECOND) {
        serial_give_up();
    }
}

void watchdog_tick(void)
{
    struct machine_cpu *m = machine_self();
    struct thread *t = m->cpu.thread;

    m->nticks++;
    if (t != m->watched || t == m->cpu.idle || (m->nwatched >= HZ && !(t->attention & ATTENTION_WATCHED))) {
        m->watched = t;
        m->nwatched = 0;
    } else if (++m->nwatched == HZ) {
        /* Without the scheduler's lock: should another processor's change of the word undo this one, the thread
           is thought to be well for another second. */
        __atomic_fetch_or(&t->attention, ATTENTION_WATCHED, __ATOMIC_SEQ_CST);
    } else if (m->nwatched == watchdog_seconds * HZ) {
        panic("thread %s has been in the kernel for %u seconds", t->name, watchdog_seconds);
    } else if (m->nwatched >= PORT_SECONDS * HZ) {
        serial_give_up();
    }
}
