/*
 * ide_find.c - which IDE disk has the file system, and what it can do.
 *
 * The second disk of the first channel, as xv6 has it; else one on the second channel; else the only one
 * there is.  Firmware may never have touched the controller: interrupts are allowed here.
 */
#include "i386_impl.h"
#include "ide.h"
#include "io.h"

#define DRIVE_LBA     0xE0
#define CONTROL_QUIET 0x02 /* no interrupts */
#define CONTROL_RESET 0x04
#define POLLS         200000

/* Words of what IDENTIFY tells. */
enum { IDENTIFY_CAPABILITIES = 49, IDENTIFY_NBLOCKS = 60 };
enum { CAPABLE_DMA = 0x100, CAPABLE_LBA = 0x200 };

#define PCI_CLASS_IDE     0x0101
#define PCI_COMMAND       4
#define PCI_BAR4          0x20
#define PCI_IO_AND_MASTER 5

struct ide ide;

/* The drive's status shows 400 ns after it was told something; reading the other status takes 100. */
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
    for (uint i = 0; i < 20; i++)
        ide_settle();
    port_write8(ide.control, 0);
    ide_wait_while_busy();
}

static void choose(uint channel, uint drive)
{
    ide.channel = channel;
    ide.irq = 14 + channel;
    ide.drive = drive;
    ide.base = channel ? 0x170 : 0x1F0;
    ide.control = channel ? 0x376 : 0x3F6;
}

/* Is there a disk, with addresses by block?  Sets nblocks.  *capabilities: IDENTIFY's word. */
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
    *capabilities = words[IDENTIFY_CAPABILITIES];
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
    if (!(bar & 1) || (bar & 0xFFF0) == 0) /* not given ports by firmware */
        return;
    pci_write(address, PCI_COMMAND, (pci_read(address, PCI_COMMAND) & 0xFFFF) | PCI_IO_AND_MASTER);
    ide.master = (bar & 0xFFF0) + ide.channel * 8;
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
