/*
 * pci.c - configuration space of PCI devices, by the ports of mechanism 1.
 *
 * Only bus 0 is searched: the devices of a PC's chipset are there.  Used while booting, by one processor.
 */
#include "i386_impl.h"
#include "io.h"

#define ADDRESS 0xCF8
#define DATA    0xCFC
#define ENABLED 0x80000000u

#define ID_VENDOR 0
#define ID_CLASS  8
#define NO_VENDOR 0xFFFF
#define FUNCTIONS (32 * 8) /* slots of a bus, functions of each */

uint pci_read(uint address, uint offset)
{
    port_write32(ADDRESS, address | offset);
    return port_read32(DATA);
}

void pci_write(uint address, uint offset, uint value)
{
    port_write32(ADDRESS, address | offset);
    port_write32(DATA, value);
}

bool pci_find(uint class, uint *address)
{
    port_write32(ADDRESS, ENABLED);
    if (port_read32(ADDRESS) != ENABLED)
        return false; /* no PCI at all */
    for (uint function = 0; function < FUNCTIONS; function++) {
        *address = ENABLED | function << 8;
        if ((pci_read(*address, ID_VENDOR) & 0xFFFF) != NO_VENDOR &&
            pci_read(*address, ID_CLASS) >> 16 == class)
            return true;
    }
    return false;
}
