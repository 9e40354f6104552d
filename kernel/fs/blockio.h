/*
 * blockio.h - the disk under the file system, as its only door to hardware.
 *
 * The kernel fulfils it in blockio.c, by requests to the machine's driver; host tests by an array in memory.
 */
#ifndef FS_BLOCKIO_H
#define FS_BLOCKIO_H

#include "include/types.h"

uint disk_size(void); /* blocks; 0: no disk */
/* nblocks of 512 bytes from blockno on.  0, or -1: the device failed.  Sleeps. */
int disk_read(uint blockno, uint nblocks, void *data);
int disk_write(uint blockno, uint nblocks, const void *data);
/* All writes that returned before are on the medium when it returns.  Sleeps. */
int disk_flush(void);

#endif
