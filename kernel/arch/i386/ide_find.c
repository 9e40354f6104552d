/*
 * ide_find.c - which IDE disk has the file system, and what it can do.
 *
 * The second disk of the first channel, as xv6 has it; else one on the second channel; else the first disk.
 * Firmware may never have touched the controller, so interrupts are enabled here.
 */
#include "i386_impl.h"
#include "ide.h"
#include "io.h"

#define DRIVE_LBA     0xE0
#define CONTROL_QUIET 0x02 /* no interrupts */
#define CONTROL_RESET 0x04

/* Looks at a busy drive, of 100 ns or more each: 20 ms, where microseconds are usual. */
#define POLLS 200000

#define RESET_SETTLES 20 /* the reset line is held for 5 microseconds at least; one settles in 400 ns */

/* Words of the IDENTIFY data. */
enum { IDENTIFY_CAPABILITIES = 49, IDENTIFY_NBLOCKS = 60 };
enum { CAPABLE_DMA = 0x100, CAPABLE_LBA = 0x200 };

#define PCI_CLASS_IDE     0x0101
#define PCI_COMMAND       4
#define PCI_BAR4          0x20 /* the bus master's ports */
#define PCI_BAR_IS_IO     1
#define PCI_BAR_PORTS     0xFFF0
#define PCI_IO_AND_MASTER 5

/* The fixed places of the two channels. */
static const struct {
    ushort base, control, irq;
} channels[2] = { { 0x1F0, 0x3F6, 14 }, { 0x170, 0x376, 15 } };
#define MASTER_CHANNEL 8 /* bytes of the bus master's registers for each channel */

struct ide ide;

/* The status is valid 400 ns after a command; a read of the alternate status takes 100. */
void ide_settle(void)
{
    for (uint i = 0; i < 4; i++)
        (void)port_read8(ide.control);
}

void ide_select(uint high_bits) { port_write8(ide.base + REG_DRIVE, DRIVE_LBA | ide.drive << 4 | high_bits); }

bool ide_wait_while_busy(void)
{
    for (uint i = 0; i < POLLS; i++) {
        if (!(port_read8(ide.base + REG_STATUS) & STATUS_BUSY))
            return true;
    }
    return false;
}

void ide_reset(void)
{
    if (ide.master)
        port_write8(ide.master + MASTER_COMMAND, 0);
    port_write8(ide.control, CONTROL_RESET);
    for (uint i = 0; i < RESET_SETTLES; i++)
        ide_settle();
    port_write8(ide.control, 0);
    ide_wait_while_busy();
}

static void choose(uint channel, uint drive)
{
    ide.channel = channel;
    ide.irq = channels[channel].irq;
    ide.drive = drive;
    ide.base = channels[channel].base;
    ide.control = channels[channel].control;
}

/* Is there a disk that is addressed by block?  Sets nblocks, and *capabilities to IDENTIFY's word. */
static bool identify(ushort *capabilities)
{
    ushort words[256];
    uchar status;

    port_write8(ide.control, CONTROL_QUIET);
    ide_select(0);
    ide_settle();
    status = port_read8(ide.base + REG_STATUS);
    if (status == 0 || status == 0xFF || !ide_wait_while_busy())
        return false;
    port_write8(ide.base + REG_COMMAND, COMMAND_IDENTIFY);
    ide_settle();
    if (!ide_wait_while_busy() || !(port_read8(ide.base + REG_STATUS) & STATUS_DATA))
        return false;
    port_read_words(ide.base + REG_DATA, words, 256);
    *capabilities = words[IDENTIFY_CAPABILITIES]; /* NOLINT(clang-analyzer-core.uninitialized.Assign): read */
    if (!(*capabilities & CAPABLE_LBA))
        return false;
    ide.nblocks = words[IDENTIFY_NBLOCKS] | (uint)words[IDENTIFY_NBLOCKS + 1] << 16;
    return ide.nblocks > 0;
}

static void find_master(void)
{
    uint address, bar;

    if (!pci_find(PCI_CLASS_IDE, &address))
        return;
    bar = pci_read(address, PCI_BAR4);
    if (!(bar & PCI_BAR_IS_IO) || (bar & PCI_BAR_PORTS) == 0) /* firmware has assigned no ports */
        return;
    pci_write(address, PCI_COMMAND, (pci_read(address, PCI_COMMAND) & 0xFFFF) | PCI_IO_AND_MASTER);
    ide.master = (bar & PCI_BAR_PORTS) + ide.channel * MASTER_CHANNEL;
}

void ide_start(void)
{
    static const uchar order[4][2] = { { 0, 1 }, { 1, 0 }, { 1, 1 }, { 0, 0 } };
    ushort capabilities = 0;

    for (uint i = 0; i < 4 && !ide.nblocks; i++) {
        choose(order[i][0], order[i][1]);
        if (!identify(&capabilities))
            ide.nblocks = 0;
    }
    if (!ide.nblocks)
        return;
    if (capabilities & CAPABLE_DMA)
        find_master();
    port_write8(ide.control, 0);
    (void)port_read8(ide.base + REG_STATUS);
    interrupt_handle(ide.irq, ide_interrupt);
}
