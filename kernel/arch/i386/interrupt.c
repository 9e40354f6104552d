/*
 * interrupt.c - which handler serves a device's interrupt.
 *
 * Lines are numbered as on the PC: 0 clock, 1 keyboard, 4 serial port, 14 and 15 disks.  They arrive at
 * vector VECTOR_IRQ + line, from the I/O APIC or, on a machine without one, from the two 8259s.  All their
 * handlers run with interrupts off, on the boot processor; the local APIC's own vectors on each.
 */
#include "i386_impl.h"

#define NLINES 16

void interrupt_tick(void)
{
    watchdog_tick();
    if (cpu_self()->index == 0) {
        ide_tick();
        screen_refresh(false);
    }
    kernel_interrupt(INTERRUPT_TICK, 0);
}

static void (*handlers[NLINES])(uint irq); /* by line; set while booting */

static void serve_line(uint irq)
{
    if (handlers[irq])
        handlers[irq](irq);
}

void interrupt_serve(uint vector)
{
    struct cpu *cpu = cpu_self();
    uint irq = vector - VECTOR_IRQ;

    latency_interrupt_begins();
    cpu->in_interrupt++;
    if (irq < NLINES && !acpi.lapic_pa) {
        if (!pic_spurious(irq)) {
            serve_line(irq);
            pic_eoi(irq);
        }
    } else {
        if (irq < NLINES)
            serve_line(irq);
        else if (vector == VECTOR_TIMER)
            interrupt_tick();
        else if (vector == VECTOR_POKE)
            kstack_forget();
        apic_eoi(vector);
    }
    cpu->in_interrupt--;
    latency_interrupt_ends();
}

void interrupt_handle(uint irq, void (*handler)(uint irq))
{
    handlers[irq] = handler;
    if (acpi.lapic_pa)
        apic_enable_line(irq);
    else
        pic_enable_line(irq);
}
