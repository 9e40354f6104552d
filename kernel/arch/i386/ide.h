/*
 * ide.h - the IDE disk: which one it is (ide_find.c), and its registers.  Sleeps: no.
 */
#ifndef IDE_H
#define IDE_H

#include "arch.h"

/* Registers of a channel. */
enum {
    REG_DATA = 0,
    REG_COUNT = 2,
    REG_BLOCK0 = 3,
    REG_BLOCK1 = 4,
    REG_BLOCK2 = 5,
    REG_DRIVE = 6,
    REG_STATUS = 7,
    REG_COMMAND = 7
};
enum { STATUS_ERROR = 0x01, STATUS_DATA = 0x08, STATUS_FAULT = 0x20, STATUS_BUSY = 0x80 };
enum {
    COMMAND_READ = 0x20,
    COMMAND_WRITE = 0x30,
    COMMAND_READ_DMA = 0xC8,
    COMMAND_WRITE_DMA = 0xCA,
    COMMAND_FLUSH = 0xE7,
    COMMAND_IDENTIFY = 0xEC
};
enum { MASTER_COMMAND = 0, MASTER_STATUS = 2, MASTER_TABLE = 4 }; /* registers of the bus master */
enum { MASTER_START = 0x01, MASTER_TO_MEMORY = 0x08 };            /* its commands */
enum { MASTER_ERROR = 0x02, MASTER_INTERRUPT = 0x04 };            /* its status */

/* Set while booting. */
struct ide {
    uint nblocks;         /* 0: no disk */
    uint channel, drive;  /* 0 or 1 each */
    uint irq;             /* the channel's interrupt line */
    ushort base, control; /* the channel's ports */
    ushort master;        /* the bus master's ports; 0: there is none */
};
extern struct ide ide;

/* The caller holds the driver's lock, or is the only one to run yet. */
void ide_select(uint high_bits); /* our drive, and the highest bits of the next command's block number */
void ide_settle(void);           /* waits until the status reflects the last command */
bool ide_wait_while_busy(void);  /* for what takes microseconds; false: the device stays busy */
void ide_reset(void);

#endif
