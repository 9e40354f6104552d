/*
 * pic.c - the PC's two 8259 interrupt controllers.  They are in charge where there are no APICs.
 *
 * The second one's interrupts go through a line of the first.  Both need to be told when an interrupt has been served.
 */
#include "i386_impl.h"
#include "io.h"

#define PIC1                 0x20
#define PIC2                 0xA0
#define PIC_CASCADE          2    /* the line of the first one where the second is connected */
#define PIC_INIT             0x11 /* edges, two of them, a fourth word follows */
#define PIC_8086             0x01
#define PIC_END_OF_INTERRUPT 0x20
#define PIC_READ_IN_SERVICE  0x0B

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
}

void pic_enable_line(uint irq)
{
    pic_mask &= ~(1u << irq);
    pic_write_mask();
}

/* An interrupt whose line was released too early arrives as its controller's last, 7 or 15, but is not in service. */
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
