/*
 * volume.h - what the super block says of the mounted disk, in the form that the room needs.
 *
 * Set by fs_mount(), and never changed after it.
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

/* May an inode own this block?  What images claim is asked before it is used. */
static inline bool volume_is_data(uint blockno)
{
    return blockno >= volume.data_start && blockno < volume.sb.size;
}

#endif
