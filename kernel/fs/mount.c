/*
 * mount.c - from a disk to a file system; the flusher.
 *
 * The super block is checked here, once: every region lies within the image and after the one before it.  The
 * rest of the room relies on that.
 */
#include "base/kstring.h"
#include "fs/alloc.h"
#include "fs/blockio.h"
#include "fs/cache.h"
#include "fs/inode.h"
#include "fs/names.h"
#include "sched/thread.h"

#define SUPER_BLOCK 1

struct volume volume;

static uchar block[BSIZE] __attribute__((aligned(4)));

/* Are n blocks from `start` on past `end` and within the image? */
static bool is_region(const struct superblock *sb, uint start, uint n, uint end)
{
    return start >= end && start < sb->size && n <= sb->size - start;
}

static const char *check_super(const struct superblock *sb)
{
    if (sb->features != 0 && sb->features != FS_FEATURE_EXTENDED)
        return "its super block asks for features that this kernel does not have";
    uint ninode_blocks = sb->ninodes / IPB + (sb->ninodes % IPB != 0);
    uint nbitmap_blocks = sb->size / BPB + (sb->size % BPB != 0);
    if (sb->size == 0 || sb->ninodes <= ROOTINO || sb->nlog == 0 ||
        !is_region(sb, sb->logstart, sb->nlog, SUPER_BLOCK + 1) ||
        !is_region(sb, sb->inodestart, ninode_blocks, sb->logstart + sb->nlog) ||
        !is_region(sb, sb->bmapstart, nbitmap_blocks, sb->inodestart + ninode_blocks))
        return "its super block is damaged, or it is not a file system";
    if (sb->size > disk_size())
        return "it is cut short: the super block names more blocks than the disk has";
    return NULL;
}

static void describe_volume(const struct superblock *sb)
{
    bool extended = sb->features == FS_FEATURE_EXTENDED;

    volume.sb = *sb;
    volume.ndirect = extended ? EXT_NDIRECT : NDIRECT;
    volume.max_blocks = extended ? EXT_MAXFILE : MAXFILE;
    volume.data_start = sb->bmapstart + sb->size / BPB + (sb->size % BPB != 0);
}

const char *fs_mount(void)
{
    struct superblock sb;
    const char *wrong;

    if (disk_size() <= SUPER_BLOCK)
        return "there is none";
    if (disk_read(SUPER_BLOCK, 1, block) < 0)
        return "its super block can't be read";
    memcpy(&sb, block, sizeof(sb));
    if ((wrong = check_super(&sb)))
        return wrong;
    describe_volume(&sb);
    names_init();
    if (cache_init(sb.size) < 0)
        return "there is too little memory for it";
    if ((wrong = log_mount(sb.logstart, sb.nlog)) || (wrong = alloc_mount()))
        return wrong;
    return inode_mount();
}

void fs_flusher(void *unused)
{
    (void)unused;
    log_flush_forever();
}

int fs_sync(void) { return log_commit(); }

int fs_settle(void) { return log_settle(); }

void fs_check(void) { cache_check(); }
