/*
 * fsimage.c - see fsimage.h.
 *
 * Blocks and inodes are handed out from the lowest free one on, so a file that is written in one go lies in
 * consecutive blocks.
 */
#include "host/fsimage.h"

#include <string.h>

#include "include/stat.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the disk's numbers are little-endian");

static const char full[] = "the files don't fit: the image has no free block";
static const char damaged[] = "the image is damaged; fsck says how";

/* Blocks. */

static uchar *bitmap_byte(const struct fsimage *im, uint blockno)
{
    return (uchar *)fsimage_block(im, BBLOCK(blockno, im->layout.sb)) + blockno % BPB / 8;
}

bool fsimage_is_marked(const struct fsimage *im, uint blockno)
{
    return *bitmap_byte(im, blockno) >> blockno % 8 & 1;
}

void fsimage_mark(struct fsimage *im, uint blockno, bool used)
{
    uchar *byte = bitmap_byte(im, blockno), bit = 1u << blockno % 8;

    *byte = used ? *byte | bit : *byte & ~bit;
}

uint fsimage_take_block(struct fsimage *im)
{
    while (im->hint < im->layout.sb.size && fsimage_is_marked(im, im->hint))
        im->hint++;
    if (im->hint >= im->layout.sb.size)
        return 0;
    fsimage_mark(im, im->hint, true);
    memset(fsimage_block(im, im->hint), 0, BSIZE);
    return im->hint++;
}

static void free_block(struct fsimage *im, uint blockno)
{
    fsimage_mark(im, blockno, false);
    if (blockno < im->hint)
        im->hint = blockno;
}

/* Frees what an address leads to; depth 0: data. */
static void free_tree(struct fsimage *im, uint blockno, uint depth)
{
    if (!fs_is_data(&im->layout, blockno))
        return;
    const uint *slots = fsimage_block(im, blockno);
    for (uint i = 0; depth > 0 && i < NINDIRECT; i++)
        free_tree(im, slots[i], depth - 1);
    free_block(im, blockno);
}

static void truncate_inode(struct fsimage *im, struct dinode *di)
{
    for (uint i = 0; i < NADDR; i++) {
        free_tree(im, di->addrs[i], fs_depth(&im->layout, i));
        di->addrs[i] = 0;
    }
    di->size = 0;
}

void *fsimage_block_of(struct fsimage *im, struct dinode *di, uint index, bool make, const char **wrong)
{
    struct fs_route r;

    if (index >= im->layout.max_blocks) {
        *wrong = "it is too large for a file in the image";
        return NULL;
    }
    fs_find_route(&im->layout, &r, index);
    uint *slot = &di->addrs[r.direct];
    for (uint level = 0;; level++) {
        if (!*slot && make && !(*slot = fsimage_take_block(im))) {
            *wrong = full;
            return NULL;
        }
        if (!fs_is_data(&im->layout, *slot)) {
            *wrong = damaged;
            return NULL;
        }
        if (level == r.depth)
            return fsimage_block(im, *slot);
        slot = (uint *)fsimage_block(im, *slot) + r.slot[level];
    }
}

/* Directories. */

const char *fsimage_next_name(const char *path, char name[DIRSIZ + 1], size_t *length)
{
    path += strspn(path, "/");
    *length = strcspn(path, "/");
    if (*length == 0)
        return NULL;
    size_t kept = *length < DIRSIZ ? *length : DIRSIZ;
    memset(name, 0, DIRSIZ + 1);
    memcpy(name, path, kept);
    return path + *length;
}

const char *fsimage_find_entry(struct fsimage *im, struct dinode *dir, const char *name, struct dirent **e)
{
    uint n = dir->size / sizeof(struct dirent);
    const char *wrong;

    *e = NULL;
    for (uint i = 0; i < n; i++) {
        struct dirent *block = fsimage_block_of(im, dir, i / ENTRIES_IN_BLOCK, false, &wrong);
        if (!block)
            return damaged;
        struct dirent *at = &block[i % ENTRIES_IN_BLOCK];
        if (at->inum && strncmp(at->name, name, DIRSIZ) == 0) {
            *e = at;
            return NULL;
        }
        if (!at->inum && !*e)
            *e = at;
    }
    return NULL;
}

const char *fsimage_enter(struct fsimage *im, struct dinode *dir, struct dirent *free_entry, const char *name,
                          uint inum)
{
    const char *wrong = NULL;

    if (!free_entry) {
        uint n = dir->size / sizeof(struct dirent);
        struct dirent *block = fsimage_block_of(im, dir, n / ENTRIES_IN_BLOCK, true, &wrong);
        if (!block)
            return wrong;
        free_entry = &block[n % ENTRIES_IN_BLOCK];
        dir->size = (n + 1) * sizeof(struct dirent);
    }
    free_entry->inum = inum;
    memcpy(free_entry->name, name, DIRSIZ);
    return NULL;
}

uint fsimage_take_inode(struct fsimage *im, short type)
{
    uint limit = im->layout.sb.ninodes <= FSIMAGE_INUM_MAX ? im->layout.sb.ninodes : FSIMAGE_INUM_MAX + 1;

    while (im->ihint < limit && fsimage_inode(im, im->ihint)->type)
        im->ihint++;
    if (im->ihint >= limit)
        return 0;
    *fsimage_inode(im, im->ihint) = (struct dinode){ .type = type, .nlink = 1 };
    return im->ihint++;
}

const char *fsimage_enter_dots(struct fsimage *im, uint inum, uint parent)
{
    struct dinode *dir = fsimage_inode(im, inum);
    const char *wrong = fsimage_enter(im, dir, NULL, (char[DIRSIZ]){ "." }, inum);

    return wrong ? wrong : fsimage_enter(im, dir, NULL, (char[DIRSIZ]){ ".." }, parent);
}

/* The inode of a name in directory `parent`: what is there, or a new one of `type`. */
static const char *find_or_make(struct fsimage *im, uint parent, const char *name, short type, uint *inum,
                                bool *made)
{
    struct dinode *dir = fsimage_inode(im, parent);
    struct dirent *e;
    const char *wrong = fsimage_find_entry(im, dir, name, &e);

    *made = false;
    if (wrong)
        return wrong;
    if (e && e->inum) {
        *inum = e->inum;
        return *inum < im->layout.sb.ninodes && fsimage_inode(im, *inum)->type ? NULL : damaged;
    }
    *made = true;
    if (type == T_DIR && dir->nlink >= (int)FSIMAGE_LINKS_MAX)
        return "its directory has as many directories as can be";
    *inum = fsimage_take_inode(im, type);
    if (!*inum)
        return "too many files: the image has no free inode";
    if ((wrong = fsimage_enter(im, dir, e, name, *inum)) || type != T_DIR)
        return wrong;
    dir->nlink++;
    return fsimage_enter_dots(im, *inum, parent);
}

const char *fsimage_create(struct fsimage *im, const char *path, bool replace, uint *inum)
{
    char name[DIRSIZ + 1], next[DIRSIZ + 1];
    const char *rest = path, *wrong;
    size_t length;
    bool made = false;
    uint parent = ROOTINO;

    rest = fsimage_next_name(path, name, &length);
    if (!rest)
        return "the name in the image is empty";
    for (;; memcpy(name, next, sizeof(name))) {
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            return "a name in the image can't be . or ..";
        rest = fsimage_next_name(rest, next, &length);
        if ((wrong = find_or_make(im, parent, name, rest ? T_DIR : T_FILE, inum, &made)))
            return wrong;
        short type = fsimage_inode(im, *inum)->type;
        if (rest && type != T_DIR)
            return "a part of its path is a file in the image, not a directory";
        if (!rest && type != T_FILE)
            return "the image has a directory or device of that name";
        if (!rest)
            return made || replace ? NULL : "the image has a file of that name (names are cut to 14 bytes)";
        parent = *inum;
    }
}

const char *fsimage_fill(struct fsimage *im, uint inum, const void *bytes, uint nbytes)
{
    struct dinode *di = fsimage_inode(im, inum);
    const char *wrong;

    truncate_inode(im, di);
    for (uint done = 0, n; done < nbytes; done += n) {
        n = nbytes - done < BSIZE ? nbytes - done : BSIZE;
        void *block = fsimage_block_of(im, di, done / BSIZE, true, &wrong);
        if (!block)
            return wrong;
        memcpy(block, (const uchar *)bytes + done, n);
    }
    di->size = nbytes;
    return NULL;
}

/* Images. */

uint fsimage_metadata_blocks(const struct fsimage_shape *shape)
{
    return SUPER_BLOCK + 1 + shape->nlog + shape->ninodes / IPB + 1 + shape->nblocks / BPB + 1;
}

uint fsimage_blocks_for(bool extended, uint nbytes)
{
    uint ndata = (nbytes + BSIZE - 1) / BSIZE, n = ndata;
    uint ndirect = extended ? EXT_NDIRECT : NDIRECT;

    if (ndata > ndirect)
        n++;
    if (ndata > ndirect + NINDIRECT)
        n += 1 + (ndata - ndirect - NINDIRECT + NINDIRECT - 1) / NINDIRECT;
    return n;
}

const char *fsimage_format(struct fsimage *im, uchar *bytes, const struct fsimage_shape *shape)
{
    uint nmeta = fsimage_metadata_blocks(shape);
    struct superblock sb = { .size = shape->nblocks, .ninodes = shape->ninodes, .nlog = shape->nlog };

    if (nmeta >= shape->nblocks)
        return "the files don't fit: the image has too few blocks";
    sb.nblocks = sb.size - nmeta;
    sb.logstart = SUPER_BLOCK + 1;
    sb.inodestart = sb.logstart + sb.nlog;
    sb.bmapstart =
        sb.inodestart + sb.ninodes / IPB + 1; /* one inode block more than needed, as xv6's mkfs has */
    sb.features = shape->extended ? FS_FEATURE_EXTENDED : 0;
    *im = (struct fsimage){ .bytes = bytes, .hint = nmeta, .ihint = ROOTINO };
    const char *wrong = fs_layout(&im->layout, &sb, sb.size);
    if (wrong)
        return wrong;
    memcpy(fsimage_block(im, SUPER_BLOCK), &sb, sizeof(sb));
    for (uint b = 0; b < nmeta; b++)
        fsimage_mark(im, b, true);
    return fsimage_enter_dots(im, fsimage_take_inode(im, T_DIR), ROOTINO);
}

int fsimage_replay_log(struct fsimage *im)
{
    uint start = im->layout.sb.logstart;
    struct logheader *h = fsimage_block(im, start);
    int n = h->n;

    if (!fs_log_is_sane(&im->layout, h))
        return -1;
    for (int i = 0; i < n; i++)
        memcpy(fsimage_block(im, h->block[i]), fsimage_block(im, start + 1 + i), BSIZE);
    memset(h, 0, sizeof(*h));
    return n;
}

const char *fsimage_open(struct fsimage *im, uchar *bytes, size_t nbytes)
{
    struct superblock sb;

    *im = (struct fsimage){ .bytes = bytes, .ihint = ROOTINO };
    if (nbytes < (size_t)(SUPER_BLOCK + 1) * BSIZE)
        return "it is too short for a file system";
    memcpy(&sb, fsimage_block(im, SUPER_BLOCK), sizeof(sb));
    const char *wrong = fs_layout(&im->layout, &sb, nbytes / BSIZE < ~0u ? nbytes / BSIZE : ~0u);
    if (wrong)
        return wrong;
    if (fsimage_replay_log(im) < 0)
        return "its log is damaged";
    im->hint = im->layout.data_start;
    struct dinode *root = fsimage_inode(im, ROOTINO);
    root->size = fs_root_size(&im->layout, root);
    return root->type == T_DIR ? NULL : "its root directory is damaged";
}
