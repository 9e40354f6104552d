/* fs_mutant.c - see fs_mutant.h. */
#include "fs_mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/fsimage.h"
#include "include/stat.h"

#define MUTATIONS_MAX 8u
#define DIRS_MAX      8u

static const struct fsimage_shape shapes[MUTANT_SHAPES] = {
    { false, 500, 40, 20 }, { true, 700, 40, 70 }, { true, 4200, 40, 30 }, /* two blocks of bitmap */
};

/* An image that is good, and where its directories are. */
struct original {
    uchar *disk;
    struct fsimage im;
    uint dirs[DIRS_MAX], ndirs;
};
static struct original originals[MUTANT_SHAPES];

/* The good images. */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint plant(struct original *o, const char *path, uint nbytes)
{
    static uchar bytes[100000];
    uint inum;

    for (uint i = 0; i < nbytes; i++)
        bytes[i] = i * 7 + i / 251 + nbytes;
    require(!fsimage_create(&o->im, path, false, &inum));
    require(!fsimage_fill(&o->im, inum, bytes, nbytes));
    return inum;
}

/* The path becomes a second name of the file. */
static void plant_link(struct original *o, const char *name, uint inum)
{
    uint second;
    struct dirent *e;

    require(!fsimage_create(&o->im, name, false, &second));
    memset(fsimage_inode(&o->im, second), 0, sizeof(struct dinode));
    for (e = fsimage_block(&o->im, fsimage_inode(&o->im, ROOTINO)->addrs[0]); e->inum != second; e++)
        ;
    e->inum = inum;
    fsimage_inode(&o->im, inum)->nlink++;
}

static void make_original(uint shape)
{
    struct original *o = &originals[shape];
    const struct fsimage_shape *s = &shapes[shape];

    o->disk = calloc(s->nblocks, BSIZE);
    require(o->disk && !fsimage_format(&o->im, o->disk, s));
    uint a = plant(o, "a", 100);
    plant(o, "d/b", 9000);
    plant(o, "d/e/c", s->extended ? 76000 : 30000);
    plant(o, "d/e/f/g", 3000);
    plant(o, "d/h", 0);
    plant(o, "i/j", 600);
    struct dinode *dev = fsimage_inode(&o->im, plant(o, "dev", 0));
    dev->type = T_DEV;
    dev->major = dev->minor = 1;
    plant_link(o, "l", a);
    uint low = o->im.hint;
    if (s->nblocks > BPB)
        o->im.hint = BPB - 12;
    plant(o, "i/k", 12000);
    o->im.hint = low;
    for (uint inum = ROOTINO; inum < s->ninodes; inum++)
        if (fsimage_inode(&o->im, inum)->type == T_DIR)
            o->dirs[o->ndirs++] = inum;
}

static const struct original *original(uint shape)
{
    if (!originals[shape].disk)
        make_original(shape);
    return &originals[shape];
}

const uchar *mutant_original(uint shape, uint *nblocks)
{
    *nblocks = shapes[shape].nblocks;
    return original(shape)->disk;
}

/* Damage. */

uint bytes_take(struct bytes *in, uint n)
{
    uint value = 0;

    while (n-- > 0 && in->left > 0) {
        value = value << 8 | *in->at++;
        in->left--;
    }
    return value;
}

static uint pick(struct bytes *in, uint n) { return bytes_take(in, n > 256 ? 2 : 1) % n; }

static struct dinode *some_inode(struct bytes *in, const struct fsimage *im)
{
    return fsimage_inode(im, ROOTINO + pick(in, 16));
}

/* Numbers of blocks, most of them such as do the most harm. */
static uint some_block(struct bytes *in, const struct fsimage *im)
{
    const struct superblock *sb = &im->layout.sb;

    switch (pick(in, 8)) {
    case 0:
        return bytes_take(in, 4);
    case 1:
        return 0;
    case 2:
        return pick(in, im->layout.data_start);
    case 3:
        return sb->size + pick(in, 8) - 2;
    case 4: /* what an inode has */
        return some_inode(in, im)->addrs[pick(in, NADDR)];
    case 5:
        return ~0u - pick(in, 4);
    default:
        return im->layout.data_start + pick(in, sb->size - im->layout.data_start);
    }
}

static uint some_size(struct bytes *in, const struct dinode *di)
{
    switch (pick(in, 5)) {
    case 0:
        return bytes_take(in, 4);
    case 1:
        return di->size + pick(in, 200) * 16;
    case 2:
        return di->size - pick(in, 200) * 16;
    case 3:
        return di->size + pick(in, 5) - 2;
    default:
        return pick(in, 200) * BSIZE;
    }
}

static struct dirent *some_entry(struct bytes *in, const struct original *o, const struct fsimage *im)
{
    /* Where it was: the damage so far may have moved it. */
    const struct dinode *di = fsimage_inode(&o->im, o->dirs[pick(in, o->ndirs)]);
    struct dirent *block = fsimage_block(im, di->addrs[0]);

    return &block[pick(in, 10)];
}

static void spoil_name(struct bytes *in, const struct original *o, const struct fsimage *im)
{
    static const char names[][DIRSIZ + 1] = { "",  ".",   "..", "a",          "b",
                                              "d", "a/b", "/",  "lost+found", "fourteen.bytes" };
    struct dirent *e = some_entry(in, o, im);

    memset(e->name, 0, DIRSIZ);
    memcpy(e->name, names[pick(in, 10)], DIRSIZ);
    if (pick(in, 4) == 0)
        e->inum = ROOTINO + pick(in, 16);
}

static void spoil_bitmap(struct bytes *in, const struct fsimage *im)
{
    uint first = pick(in, im->layout.sb.size) / 8, n = 1 + pick(in, 40), bits = bytes_take(in, 1);
    uchar *bitmap = fsimage_block(im, im->layout.sb.bmapstart);

    for (uint i = first; i < first + n && i < im->layout.sb.size / 8; i++)
        bitmap[i] = bits;
}

/* The log's header; its copies are other blocks of the image. */
static void spoil_log(struct bytes *in, const struct fsimage *im)
{
    const struct superblock *sb = &im->layout.sb;
    struct logheader *h = fsimage_block(im, sb->logstart);

    h->n = pick(in, 3) ? (int)pick(in, 5) : (int)bytes_take(in, 4);
    for (uint i = 0; i < 4; i++) {
        h->block[i] = some_block(in, im);
        if (pick(in, 2))
            h->block[i] = sb->inodestart + pick(in, 6);
        memcpy(fsimage_block(im, sb->logstart + 1 + i), fsimage_block(im, sb->inodestart + pick(in, 60)),
               BSIZE);
    }
}

/* A slot of an address block: of a file's first one, of a doubly indirect one, or of one that this leads to. */
static void spoil_table(struct bytes *in, const struct original *o, const struct fsimage *im)
{
    const struct dinode *di = some_inode(in, &o->im);
    uint blockno = di->addrs[o->im.layout.ndirect], slot = pick(in, NINDIRECT);

    if (o->im.layout.ndirect + 1 < NADDR && pick(in, 2) && di->addrs[o->im.layout.ndirect + 1]) {
        blockno = di->addrs[o->im.layout.ndirect + 1];
        if (pick(in, 2))
            blockno = *(const uint *)fsimage_block(&o->im, blockno);
        else
            slot %= 4;
    }
    if (blockno)
        ((uint *)fsimage_block(im, blockno))[slot] = pick(in, 4) ? some_block(in, im) : blockno;
}

static void spoil_super(struct bytes *in, const struct fsimage *im)
{
    uint *field = (uint *)fsimage_block(im, SUPER_BLOCK) + pick(in, 8);

    *field = pick(in, 2) ? *field + pick(in, 9) - 4 : bytes_take(in, 4);
}

static void copy_block(struct bytes *in, const struct fsimage *im)
{
    uint first = im->layout.sb.inodestart, n = im->layout.sb.size - first;
    uint to = first + pick(in, n), from = first + pick(in, n);

    memmove(fsimage_block(im, to), fsimage_block(im, from), BSIZE);
}

static void spoil(struct bytes *in, const struct original *o, const struct fsimage *im)
{
    struct dinode *di = some_inode(in, im);

    switch (pick(in, 16)) {
    case 0:
        spoil_super(in, im);
        break;
    case 1:
        di->type = (int)pick(in, 6) - 1;
        break;
    case 2:
        di->nlink = pick(in, 4) ? (int)pick(in, 5) - 1 : (int)bytes_take(in, 2);
        break;
    case 3:
        di->size = some_size(in, di);
        break;
    case 4:
    case 5:
        di->addrs[pick(in, NADDR)] = some_block(in, im);
        break;
    case 6:
    case 7:
        some_entry(in, o, im)->inum = pick(in, 4) ? pick(in, 20) : bytes_take(in, 2);
        break;
    case 8:
        spoil_name(in, o, im);
        break;
    case 9:
        spoil_bitmap(in, im);
        break;
    case 10:
        spoil_log(in, im);
        break;
    case 11:
        spoil_table(in, o, im);
        break;
    case 12:
        *di = *some_inode(in, im);
        break;
    case 13:
        di->major = bytes_take(in, 2);
        di->minor = bytes_take(in, 1);
        break;
    case 14:
        copy_block(in, im);
        break;
    case 15: {
        uint at = bytes_take(in, 3) % (im->layout.sb.size * BSIZE);
        im->bytes[at] ^= 1u << pick(in, 8);
        break;
    }
    }
}

void mutant_make(struct mutant *m, uchar *disk, struct bytes *in)
{
    uint how = bytes_take(in, 1), shape = how % 8 == 0 ? 2 : how % 2; /* the large one takes longer */

    *m = (struct mutant){ .shape = shape, .disk = disk };
    const struct original *o = original(m->shape);
    m->nblocks = o->im.layout.sb.size;
    memcpy(disk, o->disk, (size_t)m->nblocks * BSIZE);
    struct fsimage im = { .layout = o->im.layout, .bytes = disk };
    for (uint n = 1 + how / 8 % MUTATIONS_MAX; n > 0; n--)
        spoil(in, o, &im);
}

/* What must be kept. */

/* Block `index` of a file, which is known to be good. */
static uint file_block(const struct fsimage *im, const struct dinode *di, uint index)
{
    struct fs_route r;

    fs_find_route(&im->layout, &r, index);
    uint blockno = di->addrs[r.direct];
    for (uint level = 0; level < r.depth; level++)
        blockno = ((const uint *)fsimage_block(im, blockno))[r.slot[level]];
    return blockno;
}

static uint nblocks_of(const struct dinode *di) { return di->size / BSIZE + (di->size % BSIZE != 0); }

static bool same_block(const struct fsimage *a, const struct fsimage *b, uint blockno)
{
    return memcmp(fsimage_block(a, blockno), fsimage_block(b, blockno), BSIZE) == 0;
}

/* Has the damage left the inode, its address blocks and its contents alone? */
static bool is_untouched(const struct fsimage *good, const struct fsimage *bad, uint inum)
{
    const struct dinode *di = fsimage_inode(good, inum);

    if (memcmp(di, fsimage_inode(bad, inum), sizeof(*di)) != 0)
        return false;
    for (uint i = good->layout.ndirect; i < NADDR; i++) {
        uint table = di->addrs[i];
        if (!table)
            continue;
        if (!same_block(good, bad, table))
            return false;
        const uint *slots = fsimage_block(good, table);
        for (uint k = 0; i > good->layout.ndirect && k < NINDIRECT; k++)
            if (slots[k] && !same_block(good, bad, slots[k]))
                return false;
    }
    for (uint i = 0; i < nblocks_of(di); i++)
        if (!same_block(good, bad, file_block(good, di, i)))
            return false;
    return true;
}

static bool has_same_contents(const struct fsimage *a, const struct fsimage *b, uint inum)
{
    const struct dinode *x = fsimage_inode(a, inum), *y = fsimage_inode(b, inum);

    if (x->type != y->type || x->major != y->major || x->minor != y->minor || x->size != y->size)
        return false;
    for (uint i = 0; i < nblocks_of(x); i++)
        if (memcmp(fsimage_block(a, file_block(a, x, i)), fsimage_block(b, file_block(b, y, i)), BSIZE) != 0)
            return false;
    return true;
}

static uint find_name(const struct fsimage *im, uint dir, const char *name)
{
    const struct dinode *di = fsimage_inode(im, dir);

    for (uint i = 0; i < di->size / sizeof(struct dirent); i++) {
        const struct dirent *e = fsimage_block(im, file_block(im, di, i * sizeof(*e) / BSIZE));
        e += i % (BSIZE / sizeof(*e));
        if (e->inum && strncmp(e->name, name, DIRSIZ) == 0)
            return e->inum;
    }
    return 0;
}

/* Every name below a directory that is untouched, down to the first that is not. */
static bool paths_are_kept(const struct fsimage *good, const struct fsimage *bad,
                           const struct fsimage *mended, uint dir)
{
    bool kept = true;

    if (!is_untouched(good, bad, dir))
        return true;
    const struct dirent *e = fsimage_block(good, fsimage_inode(good, dir)->addrs[0]);
    for (uint n = fsimage_inode(good, dir)->size / sizeof(*e); n > 0; n--, e++) {
        if (!e->inum || e->name[0] == '.' || !is_untouched(good, bad, e->inum))
            continue;
        if (find_name(mended, dir, e->name) != e->inum) {
            printf("# directory %u lost '%.14s', which is inode %u\n", dir, e->name, e->inum);
            kept = false;
        } else if (fsimage_inode(good, e->inum)->type == T_DIR) {
            kept = paths_are_kept(good, bad, mended, e->inum) && kept;
        }
    }
    return kept;
}

/* As the next mount does. */
static void carry_out_log(const struct fsimage *im)
{
    const struct superblock *sb = &im->layout.sb;
    const struct logheader *h = fsimage_block(im, sb->logstart);

    for (int i = 0; fs_log_is_sane(&im->layout, h) && i < h->n; i++)
        memcpy(fsimage_block(im, h->block[i]), fsimage_block(im, sb->logstart + 1 + i), BSIZE);
}

bool mutant_is_kept(const struct mutant *m, const uchar *mended_disk)
{
    static uchar bad_bytes[MUTANT_BLOCKS_MAX * BSIZE], mended_bytes[MUTANT_BLOCKS_MAX * BSIZE];
    const struct fsimage *good = &original(m->shape)->im;
    size_t nbytes = (size_t)m->nblocks * BSIZE;
    struct superblock sb;
    bool kept = true;

    memcpy(&sb, mended_disk + SUPER_BLOCK * BSIZE, sizeof(sb));
    sb.nblocks = good->layout.sb.nblocks;
    if (memcmp(&sb, &good->layout.sb, sizeof(sb)) != 0) { /* another geometry, so nothing is where it was */
        bool touched = memcmp(m->disk + SUPER_BLOCK * BSIZE, &good->layout.sb, sizeof(sb)) != 0;
        if (!touched)
            printf("# the super block is not what it was\n");
        return touched;
    }
    struct fsimage bad = { .layout = good->layout, .bytes = bad_bytes }, mended = bad;
    mended.bytes = mended_bytes;
    memcpy(mended.bytes, mended_disk, nbytes);
    memcpy(bad.bytes, m->disk, nbytes);
    carry_out_log(&bad);
    carry_out_log(&mended);
    for (uint inum = ROOTINO; inum < sb.ninodes; inum++) {
        const struct dinode *di = fsimage_inode(good, inum);
        if (di->type == 0 || di->type == T_DIR || !is_untouched(good, &bad, inum))
            continue;
        if (!has_same_contents(good, &mended, inum)) {
            printf("# inode %u is not what it was\n", inum);
            kept = false;
        }
    }
    kept = paths_are_kept(good, &bad, &mended, ROOTINO) && kept;
    return kept;
}
