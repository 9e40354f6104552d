/*
 * volume.h - the layout of the mounted disk.
 *
 * fs_mount() sets it once; nothing changes it afterwards.
 */
#ifndef VOLUME_H
#define VOLUME_H

#include "include/fslayout.h"

extern struct fs_layout volume;

/* Can a file own this block?  Asked before any block number from the disk is used. */
static inline bool volume_is_data(uint blockno) { return fs_is_data(&volume, blockno); }

#endif
