/*
 * serial.c - the serial ports, of the 16550 kind: the console, the monitor, and the feed's.
 *
 * A port takes what its transmitter has room for, and the caller comes again.  Output that could not be sent for some
 * seconds is lost, until the transmitter works again.  The console's port interrupts when a character arrives; the
 * monitor's does if asked to.  The feed's is for output alone, and nothing waits for it.
 */
#include "base/min.h"
#include "i386_impl.h"
#include "io.h"

enum { DATA = 0, INTERRUPTS = 1, FIFO = 2, FORMAT = 3, MODEM = 4, STATUS = 5, SCRATCH = 7 };

#define INTERRUPT_RECEIVED 0x01
#define FIFO_ENABLE_CLEAR  0x07
#define FIFO_ENABLED       0xC0 /* read back when there is a FIFO */
#define FORMAT_DIVISOR     0x80 /* DATA and INTERRUPTS are the divisor of 115,200 bits a second */
#define FORMAT_8N1         0x03
#define MODEM_READY        0x0B /* ready; the interrupt reaches the controller */
#define STATUS_RECEIVED    0x01
#define STATUS_EMPTY       0x20
#define STATUS_SENT        0x40
#define FIFO_SIZE          16
#define AT_ONCE            8       /* characters received in one interrupt */
#define PATIENCE           5000000 /* looks at a transmitter that does not empty: some seconds */

#define NPORTS 3
#define FEED   2

static const ushort bases[NPORTS] = { 0x3F8, 0x2F8, 0x3E8 };
static const uint irqs[2] = { 4, 3 };
static uint fifo_sizes[NPORTS]; /* 0: no such port */
/* Looks in vain since the transmitter was ready last; from PATIENCE on, nobody waits for it.  Volatile for NMIs. */
static volatile uint nlooks[NPORTS];

static void init(uint port)
{
    ushort base = bases[port];

    for (uint i = 0; i < 2; i++) {
        port_write8(base + SCRATCH, i ? 0x5A : 0xA5);
        if (port_read8(base + SCRATCH) != (i ? 0x5A : 0xA5))
            return;
    }
    port_write8(base + INTERRUPTS, 0);
    port_write8(base + FORMAT, FORMAT_DIVISOR);
    port_write8(base + DATA, 1);
    port_write8(base + INTERRUPTS, 0);
    port_write8(base + FORMAT, FORMAT_8N1);
    port_write8(base + FIFO, FIFO_ENABLE_CLEAR);
    port_write8(base + MODEM, MODEM_READY);
    fifo_sizes[port] = (port_read8(base + FIFO) & FIFO_ENABLED) == FIFO_ENABLED ? FIFO_SIZE : 1;
}

void serial_init(void)
{
    init(0);
    init(1);
}

uint serial_put(uint port, const char *text, uint n)
{
    ushort base = bases[port];

    if (!fifo_sizes[port])
        return n;
    if (!(port_read8(base + STATUS) & STATUS_EMPTY)) {
        if (nlooks[port] >= PATIENCE)
            return n;
        nlooks[port]++;
        return 0;
    }
    nlooks[port] = 0;
    n = min_uint(n, fifo_sizes[port]);
    port_write_bytes(base + DATA, text, n);
    return n;
}

void serial_give_up(void)
{
    for (uint port = 0; port < NPORTS; port++)
        if (nlooks[port])
            nlooks[port] = PATIENCE;
}

/* Powering off would lose what has not been sent yet. */
void serial_drain(void)
{
    for (uint port = 0; port < NPORTS; port++) {
        for (uint i = 0; fifo_sizes[port] && nlooks[port] < PATIENCE && i < PATIENCE; i++) {
            if (port_read8(bases[port] + STATUS) & STATUS_SENT)
                break;
        }
    }
}

static void serial_interrupt(uint irq)
{
    uint port = irq == irqs[1];
    ushort base = bases[port];

    (void)port_read8(base + FIFO); /* acknowledges the interrupt */
    for (uint i = 0; port_read8(base + STATUS) & STATUS_RECEIVED; i++) {
        if (i == AT_ONCE) { /* others' turn; turned off and on, it interrupts again for what is left */
            port_write8(base + INTERRUPTS, 0);
            port_write8(base + INTERRUPTS, INTERRUPT_RECEIVED);
            return;
        }
        kernel_interrupt(port ? INTERRUPT_MONITOR : INTERRUPT_INPUT, port_read8(base + DATA));
    }
}

static void listen(uint port)
{
    if (!fifo_sizes[port])
        return;
    interrupt_handle(irqs[port], serial_interrupt);
    port_write8(bases[port] + INTERRUPTS, INTERRUPT_RECEIVED);
    serial_interrupt(irqs[port]); /* characters that came before would not interrupt again */
}

void serial_start(void) { listen(0); }

void monitor_listen(void)
{
    uint was = irq_save();

    listen(1);
    irq_restore(was);
}

uint console_put(const char *text, uint n)
{
    n = serial_put(0, text, n);
    screen_put(text, n);
    return n;
}

uint monitor_put(const char *text, uint n) { return serial_put(1, text, n); }

bool feed_open(void)
{
    init(FEED);
    return fifo_sizes[FEED];
}

uint feed_put(const char *text, uint n)
{
    if (!(port_read8(bases[FEED] + STATUS) & STATUS_EMPTY))
        return 0;
    n = min_uint(n, fifo_sizes[FEED]);
    port_write_bytes(bases[FEED], text, n);
    return n;
}
