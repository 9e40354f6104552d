/*
 * fslayout.h - what follows from a super block: where things are, and how large a file can be.
 *
 * The one description for the kernel, mkfs and fsck.  A disk can claim anything: its numbers are good only
 * after they were checked here.
 */
#ifndef FSLAYOUT_H
#define FSLAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "fs.h"

#define SUPER_BLOCK      1u
#define ENTRIES_IN_BLOCK (BSIZE / sizeof(struct dirent)) /* of a directory */
#define LOG_MIN          15u /* blocks of a log, its header included, in which every operation finds room */
#define LOG_COPIES       (sizeof(((struct logheader *)0)->block) / sizeof(int)) /* that a log's header can name */

_Static_assert(LOG_MIN == 15, "fs_layout() says so");

struct fs_layout {
    struct superblock sb;
    uint ndirect;    /* direct addresses of an inode; then one indirect, then one doubly indirect */
    uint max_blocks; /* of the largest file */
    uint data_start; /* first data block */
};

static inline uint fs_inode_blocks(const struct superblock *sb)
{
    return sb->ninodes / IPB + (sb->ninodes % IPB != 0);
}

static inline uint fs_bitmap_blocks(const struct superblock *sb)
{
    return sb->size / BPB + (sb->size % BPB != 0);
}

/* Are n blocks from `start` on past `end` and within the image? */
static inline bool fs_is_region(const struct superblock *sb, uint start, uint n, uint end)
{
    return start >= end && start < sb->size && n <= sb->size - start;
}

/* Describes the file system of this super block on a disk of nblocks.  NULL, or what is wrong, in words. */
static inline const char *fs_layout(struct fs_layout *l, const struct superblock *sb, uint nblocks)
{
    bool extended = sb->features == FS_FEATURE_EXTENDED;

    if (sb->features != 0 && !extended)
        return "its super block asks for features that are not known here";
    if (sb->size == 0 || sb->ninodes <= ROOTINO)
        return "its super block is damaged, or it is not a file system";
    if (sb->nlog < LOG_MIN)
        return "its log is too small: 15 blocks are needed";
    if (!fs_is_region(sb, sb->logstart, sb->nlog, SUPER_BLOCK + 1))
        return "its super block is damaged: the log can't be there";
    if (!fs_is_region(sb, sb->inodestart, fs_inode_blocks(sb), sb->logstart + sb->nlog))
        return "its super block is damaged: the inodes can't be there";
    if (!fs_is_region(sb, sb->bmapstart, fs_bitmap_blocks(sb), sb->inodestart + fs_inode_blocks(sb)))
        return "its super block is damaged: the bitmap can't be there";
    if (sb->size > nblocks)
        return "it is cut short: the super block names more blocks than there are";
    l->sb = *sb;
    l->ndirect = extended ? EXT_NDIRECT : NDIRECT;
    l->max_blocks = extended ? EXT_MAXFILE : MAXFILE;
    l->data_start = sb->bmapstart + fs_bitmap_blocks(sb);
    return NULL;
}

/* Can a file own this block? */
static inline bool fs_is_data(const struct fs_layout *l, uint blockno)
{
    return blockno >= l->data_start && blockno < l->sb.size;
}

/* Bytes of a root directory.  Where the entries fill its last block, xv6's mkfs counts one more, which is not there. */
static inline uint fs_root_size(const struct fs_layout *l, const struct dinode *root)
{
    uint last = root->size / BSIZE - 1;
    bool missing = root->size % BSIZE == 0 && last <= l->ndirect && !root->addrs[last];

    return missing ? root->size - BSIZE : root->size;
}

/* Can this be the header of the log: a number of copies that fits, of blocks after the log? */
static inline bool fs_log_is_sane(const struct fs_layout *l, const struct logheader *h)
{
    if (h->n < 0 || (uint)h->n > l->sb.nlog - 1 || (uint)h->n > LOG_COPIES)
        return false;
    for (int i = 0; i < h->n; i++)
        if ((uint)h->block[i] < l->sb.inodestart || (uint)h->block[i] >= l->sb.size)
            return false;
    return true;
}

/* The way to the number of a file's block: an address of the inode, then slots of address blocks. */
struct fs_route {
    uint direct; /* in addrs */
    uint depth;  /* address blocks on the way */
    uint slot[2];
};

/* Address blocks between an inode's address `i` and the data. */
static inline uint fs_depth(const struct fs_layout *l, uint i)
{
    return i < l->ndirect ? 0 : i - l->ndirect + 1;
}

/* Blocks of a file that an address of this depth leads to. */
static inline uint fs_span(uint depth) { return depth == 0 ? 1 : NINDIRECT * fs_span(depth - 1); }

/* index: below max_blocks. */
static inline void fs_find_route(const struct fs_layout *l, struct fs_route *r, uint index)
{
    r->depth = 0;
    r->direct = index;
    if (index < l->ndirect)
        return;
    index -= l->ndirect;
    if (index < NINDIRECT) {
        r->direct = l->ndirect;
        r->depth = 1;
        r->slot[0] = index;
        return;
    }
    index -= NINDIRECT;
    r->direct = l->ndirect + 1;
    r->depth = 2;
    r->slot[0] = index / NINDIRECT;
    r->slot[1] = index % NINDIRECT;
}

#endif
