/*
 * blockio.h - the disk under the file system, its only door to hardware.
 *
 * blockio.c implements it by requests to the machine's driver; the host tests by an array in memory.  Takes
 * no lock of this room's; any number of transfers may be under way.
 */
#ifndef FS_BLOCKIO_H
#define FS_BLOCKIO_H

#include "include/mustcheck.h"
#include "include/types.h"

/* In blocks of 512 bytes; 0: there is no disk.  Sleeps: no. */
uint disk_size(void);
/* Transfers nblocks from blockno on; `data` is kernel memory.  0, or -1: the device failed, and any part of
   it may have been transferred.  Sleeps: may. */
MUST_CHECK int disk_read(uint blockno, uint nblocks, void *data);
MUST_CHECK int disk_write(uint blockno, uint nblocks, const void *data);
/* On return, every write that had returned before is on the medium.  0 or -1.  Sleeps: may. */
MUST_CHECK int disk_flush(void);

#endif
