/*
 * volume.h - what the super block says of the mounted disk, in the form that the room needs.
 *
 * fs_mount() sets it once; nothing changes it afterwards.
 */
#ifndef VOLUME_H
#define VOLUME_H

#include <stdbool.h>

#include "include/fs.h"

struct volume {
    struct superblock sb;
    uint ndirect;    /* direct addresses of an inode; the rest are indirect, then doubly indirect */
    uint max_blocks; /* of the largest file */
    uint data_start; /* first data block */
};

extern struct volume volume;

/* Can an inode own this block?  Asked before any block number from the disk is used. */
static inline bool volume_is_data(uint blockno)
{
    return blockno >= volume.data_start && blockno < volume.sb.size;
}

#endif
