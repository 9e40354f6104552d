/*
 * pit.c - the PC's 8253 timer, of which counter 0 is used.
 *
 * While booting it runs freely, for pit_wait() to read, and where there are APICs it does so from then on.  On a
 * machine without them it is the clock.
 */
#include "i386_impl.h"
#include "io.h"

#define PIT_COUNTER0 0x40
#define PIT_COMMAND  0x43
#define PIT_HZ       1193182u
#define PIT_LATCH0   0x00
#define PIT_PERIODIC 0x34 /* counter 0, both bytes, mode 2 */

/* Looks at the counter in one pit_wait(), of 3 port accesses each: many times the longest wait, so that a
   clock that stands still does not stop the kernel. */
#define PIT_LOOKS 1000000

void pit_init(void)
{
    port_write8(PIT_COMMAND, PIT_PERIODIC);
    port_write8(PIT_COUNTER0, 0); /* from 65,536 */
    port_write8(PIT_COUNTER0, 0);
}

static void pit_interrupt(uint irq)
{
    (void)irq;
    interrupt_tick();
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
