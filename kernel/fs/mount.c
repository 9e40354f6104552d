/*
 * mount.c - from a disk to a file system.
 *
 * The super block is checked once, by fs_layout(): every region lies within the disk and after the one before
 * it.  The rest of the room relies on that.
 */
#include "base/kstring.h"
#include "fs/alloc.h"
#include "fs/blockio.h"
#include "fs/cache.h"
#include "fs/inode.h"
#include "fs/names.h"
#include "sched/thread.h"

struct fs_layout volume;

static uchar block[BSIZE] __attribute__((aligned(4)));

const char *fs_mount(void)
{
    struct superblock sb;
    const char *wrong;

    if (disk_size() <= SUPER_BLOCK)
        return "there is none, on an IDE disk or in memory";
    if (disk_read(SUPER_BLOCK, 1, block) < 0)
        return "its super block can't be read";
    memcpy(&sb, block, sizeof(sb));
    if ((wrong = fs_layout(&volume, &sb, disk_size())))
        return wrong;
    names_init();
    if (cache_init(sb.size) < 0)
        return "there is too little memory for it";
    if ((wrong = log_mount(sb.logstart, sb.nlog)) || (wrong = alloc_mount()))
        return wrong;
    return inode_mount();
}

int fs_sync(void) { return log_commit(); }

int fs_settle(void) { return log_settle(); }
