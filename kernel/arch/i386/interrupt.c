/*
 * interrupt.c - devices' interrupts, and the PC's old controller and clock.
 *
 * Lines are numbered as on the PC: 0 clock, 1 keyboard, 4 serial port, 14 and 15 disks.  They arrive at
 * vector VECTOR_IRQ + line, from the I/O APIC or, on a machine without one, from the two 8259s.  All their
 * handlers run with interrupts off, on the boot processor; the local APIC's own vectors on each.
 */
#include "i386_impl.h"
#include "io.h"

#define NLINES 16

#define PIC1                 0x20
#define PIC2                 0xA0
#define PIC_CASCADE          2    /* the line of the first one where the second is connected */
#define PIC_INIT             0x11 /* edges, two of them, a fourth word follows */
#define PIC_8086             0x01
#define PIC_END_OF_INTERRUPT 0x20
#define PIC_READ_IN_SERVICE  0x0B

#define PIT_COUNTER0 0x40
#define PIT_COMMAND  0x43
#define PIT_HZ       1193182u
#define PIT_LATCH0   0x00
#define PIT_PERIODIC 0x34 /* counter 0, both bytes, mode 2 */

/* Looks at the counter in one pit_wait(), of 3 port accesses each: many times the longest wait, so that a
   clock that stands still does not stop the kernel. */
#define PIT_LOOKS 1000000

static void tick(void)
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
            tick();
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

/* 8259. */

static uint pic_mask = 0xFFFF & ~(1u << PIC_CASCADE);

static void pic_write_mask(void)
{
    port_write8(PIC1 + 1, pic_mask);
    port_write8(PIC2 + 1, pic_mask >> 8);
}

void pic_init(void)
{
    for (uint i = 0; i < 2; i++) {
        ushort port = i ? PIC2 : PIC1;
        port_write8(port, PIC_INIT);
        port_write8(port + 1, VECTOR_IRQ + i * 8);
        port_write8(port + 1, i ? PIC_CASCADE : 1 << PIC_CASCADE);
        port_write8(port + 1, PIC_8086);
    }
    pic_write_mask();
    port_write8(PIT_COMMAND, PIT_PERIODIC); /* runs through all 65,536: pit_wait() reads it */
    port_write8(PIT_COUNTER0, 0);
    port_write8(PIT_COUNTER0, 0);
}

void pic_enable_line(uint irq)
{
    pic_mask &= ~(1u << irq);
    pic_write_mask();
}

/* An interrupt whose line was released too early arrives as the controller's last line, 7 or 15, but is not in service. */
bool pic_spurious(uint irq)
{
    ushort port = irq < 8 ? PIC1 : PIC2;

    if (irq % 8 != 7)
        return false;
    port_write8(port, PIC_READ_IN_SERVICE);
    if (port_read8(port) & 0x80)
        return false;
    if (irq == 15)
        port_write8(PIC1, PIC_END_OF_INTERRUPT);
    return true;
}

void pic_eoi(uint irq)
{
    if (irq >= 8)
        port_write8(PIC2, PIC_END_OF_INTERRUPT);
    port_write8(PIC1, PIC_END_OF_INTERRUPT);
}

/* 8253. */

static void pit_interrupt(uint irq)
{
    (void)irq;
    tick();
}

void pit_start(void)
{
    uint divisor = (PIT_HZ + HZ / 2) / HZ;

    port_write8(PIT_COMMAND, PIT_PERIODIC);
    port_write8(PIT_COUNTER0, divisor & 0xFF);
    port_write8(PIT_COUNTER0, divisor >> 8);
    interrupt_handle(PIT_IRQ, pit_interrupt);
}

static uint pit_read(void)
{
    uint low;

    port_write8(PIT_COMMAND, PIT_LATCH0);
    low = port_read8(PIT_COUNTER0);
    return low | port_read8(PIT_COUNTER0) << 8;
}

void pit_wait(uint microseconds)
{
    uint left = microseconds * (PIT_HZ / 1000) / 1000 + 1, last = pit_read();

    for (uint looks = 0; looks < PIT_LOOKS; looks++) {
        uint now = pit_read(), passed = (last - now) & 0xFFFF;
        if (passed >= left)
            return;
        left -= passed;
        last = now;
    }
}
