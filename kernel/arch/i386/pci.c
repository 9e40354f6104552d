/*
 * pci.c - configuration space of PCI devices, by the ports of mechanism 1.
 *
 * Only bus 0 is searched: what belongs to a PC's chipset is there.
 */
#include "i386_impl.h"
#include "io.h"

#define ADDRESS 0xCF8
#define DATA    0xCFC
#define ENABLED 0x80000000u

#define ID_CLASS 8

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
    for (uint slot = 0; slot < 32 * 8; slot++) {
        *address = ENABLED | slot << 8;
        if ((pci_read(*address, 0) & 0xFFFF) != 0xFFFF && pci_read(*address, ID_CLASS) >> 16 == class)
            return true;
    }
    return false;
}
