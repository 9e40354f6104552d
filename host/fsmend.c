/*
 * fsmend.c - mends an image: super block, log, inodes and their blocks, bitmap.
 *
 *   super block   fsmend_super.c
 *   log           replayed; one that is damaged is dropped
 *   inodes        types; sizes; impossible addresses are cut, and blocks that two inodes have are copied
 *   holes         filled with zeroes, since a file has none here
 *   names         fsmend_tree.c
 *   bitmap        rebuilt
 *
 * Addresses and contents are read from the image as it was found, which stays; so it does not matter which of two
 * inodes gets a block and which one a copy.  Blocks that anything claims are never given out.
 */
#include "host/fsmend.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/fsmend_impl.h"
#include "include/stat.h"

#define REPORTS_MAX 1000u

static void say(struct mend *m, const char *fmt, va_list ap)
{
    char line[256];

    if (m->nsaid++ > REPORTS_MAX)
        return;
    vsnprintf(line, sizeof(line), fmt, ap);
    for (char *p = line; *p; p++) /* names can be anything */
        if (*p < ' ' || *p > '~')
            *p = '?';
    m->report(m->nsaid > REPORTS_MAX ? "and more" : line);
}

void mend_say(struct mend *m, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(m, fmt, ap);
    va_end(ap);
}

void mend_leave(struct mend *m, const char *fmt, ...)
{
    va_list ap;

    m->left = true;
    va_start(ap, fmt);
    say(m, fmt, ap);
    va_end(ap);
}

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);

    if (!p)
        abort();
    return p;
}

/* The super block: see fsmend_super.c. */

static void mend_data_count(struct mend *m)
{
    struct superblock *sb = fsimage_block(&m->im, SUPER_BLOCK);
    uint room = sb->size - m->im.layout.data_start;

    if (sb->nblocks <= room)
        return;
    sb->nblocks = room;
    mend_say(m, "super block: %u data blocks", room);
}

/* The log. */

static void mend_log(struct mend *m)
{
    int n = fsimage_replay_log(&m->im);

    if (n > 0)
        mend_say(m, "log: blocks put in their places: %d", n);
    if (n < 0) {
        mend_say(m, "log: its header is damaged; what it held is dropped");
        memset(fsimage_block(&m->im, m->im.layout.sb.logstart), 0, BSIZE);
    }
}

/* Inodes as they were found. */

static bool is_data(const struct mend *m, uint blockno) { return fs_is_data(&m->im.layout, blockno); }

static const void *old_block(const struct mend *m, uint blockno) { return fsimage_block(&m->old, blockno); }

static bool is_in_use(const struct dinode *di) { return di->type >= T_DIR && di->type <= T_DEV; }

static uint nblocks_of(const struct dinode *di) { return di->size / BSIZE + (di->size % BSIZE != 0); }

/* The block that has the file's block `index`; 0: there is none. */
static uint find_old(const struct mend *m, const struct dinode *di, uint index)
{
    struct fs_route r;

    if (index >= m->im.layout.max_blocks)
        return 0;
    fs_find_route(&m->im.layout, &r, index);
    uint blockno = di->addrs[r.direct];
    for (uint level = 0; level < r.depth && is_data(m, blockno); level++)
        blockno = ((const uint *)old_block(m, blockno))[r.slot[level]];
    return is_data(m, blockno) ? blockno : 0;
}

/* Counts the blocks that an address leads to as claimed.  True: some address on the way is impossible. */
static bool claim(struct mend *m, uint address, uint depth)
{
    bool wrong = false;

    if (!address)
        return false;
    if (!is_data(m, address))
        return true;
    m->claims[address]++;
    for (uint i = 0; depth > 0 && i < NINDIRECT; i++)
        wrong = claim(m, ((const uint *)old_block(m, address))[i], depth - 1) || wrong;
    return wrong;
}

static void claim_all(struct mend *m)
{
    for (uint inum = ROOTINO; inum < mend_ninodes(m); inum++) {
        const struct dinode *di = mend_inode(m, inum);
        for (uint i = 0; i < NADDR && is_in_use(di); i++)
            m->suspect[inum] = claim(m, di->addrs[i], fs_depth(&m->im.layout, i)) || m->suspect[inum];
    }
    for (uint b = 0; b < m->im.layout.sb.size; b++) {
        bool free = is_data(m, b) && !m->claims[b];
        fsimage_mark(&m->im, b, !free);
        m->nfree += free;
    }
}

/* Types. */

/* Are the first two entries of the file "." and ".."?  self: both, and the first one names this inode; 0: either. */
static bool has_entries(const struct mend *m, const struct dinode *di, uint self)
{
    uint blockno = find_old(m, di, 0);
    const struct dirent *e = blockno ? old_block(m, blockno) : NULL;
    bool dot = e && strncmp(e[0].name, ".", DIRSIZ) == 0, dots = e && strncmp(e[1].name, "..", DIRSIZ) == 0;

    return self ? dot && dots && e[0].inum == self : dot || dots;
}

/* Is all that the block has entries?  Each block is looked at once, however many files claim it. */
static bool is_entries(const struct mend *m, uint blockno)
{
    enum { UNKNOWN, ENTRIES, OTHER };
    uchar *kind = &m->kind[blockno];
    const struct dirent *e = old_block(m, blockno);

    if (*kind == UNKNOWN) {
        *kind = ENTRIES;
        for (uint i = 0; i < ENTRIES_IN_BLOCK; i++)
            if (e[i].inum &&
                (!mend_is_name(&e[i]) || e[i].inum >= mend_ninodes(m) || !mend_inode(m, e[i].inum)->type))
                *kind = OTHER;
    }
    return *kind == ENTRIES;
}

/* Is all that the file has entries, as in a directory that lost the first ones? */
static bool has_only_entries(const struct mend *m, const struct dinode *di)
{
    for (uint index = 0; index < nblocks_of(di) && index < m->im.layout.max_blocks; index++) {
        uint blockno = find_old(m, di, index);
        if (blockno && !is_entries(m, blockno))
            return false;
    }
    return true;
}

/* What the inode may have been.  A type that can be is doubted only where the contents speak against it. */
static short guess_type(const struct mend *m, uint inum, const struct dinode *di)
{
    bool empty = !find_old(m, di, 0);

    if (di->type == 0 && (di->nlink == 0 || empty))
        return 0;
    if (di->type == T_DIR)
        return inum == ROOTINO || empty || has_entries(m, di, 0) || has_only_entries(m, di) ? T_DIR : T_FILE;
    if (di->type == T_DEV && (empty || di->size == 0))
        return T_DEV;
    if (has_entries(m, di, inum))
        return T_DIR;
    return di->type != T_FILE && empty && (di->major || di->minor) ? T_DEV : T_FILE;
}

static void mend_type(struct mend *m, uint inum)
{
    struct dinode *di = mend_inode(m, inum);
    short type = guess_type(m, inum, di);

    if (type != di->type) {
        mend_say(m, "inode %u: type %d becomes %d", inum, di->type, type);
        di->type = type;
        m->suspect[inum] = true;
    }
    if (type == 0)
        di->nlink = 0;
    if (type != T_DEV && type != 0 && (di->major || di->minor)) {
        mend_say(m, "inode %u: it is no device, and loses its numbers", inum);
        di->major = di->minor = 0;
    }
}

/* Sizes. */

/* The file ends after its last block that is there.  Blocks that follow at once, are marked in use, and are nobody
   else's show that the size was more. */
static void mend_size(struct mend *m, uint inum)
{
    struct dinode *di = mend_inode(m, inum);
    uint limit = m->im.layout.max_blocks, n = nblocks_of(di), blockno;
    uint was = n = n < limit ? n : limit;

    while (n > 0 && (di->type == T_DEV || !find_old(m, di, n - 1)))
        n--;
    if (n == was && di->type != T_DEV)
        while ((blockno = find_old(m, di, n)) && fsimage_is_marked(&m->old, blockno) &&
               m->claims[blockno] == 1)
            n++;
    if (n == nblocks_of(di))
        return;
    mend_say(m, "inode %u: its size of %u becomes %u", inum, di->size, n * BSIZE);
    di->size = n * BSIZE;
    m->suspect[inum] = true;
}

/* Addresses. */

/* A free block for a copy or a hole; 0: there is none that directories may not need. */
static uint take_spare(struct mend *m)
{
    uint blockno = m->nfree > MEND_RESERVE ? fsimage_take_block(&m->im) : 0;

    m->nfree -= blockno != 0;
    return blockno;
}

/* The block that the inode gets for this one, which it claims: itself, a copy, or 0. */
static uint acquire(struct mend *m, uint inum, uint blockno)
{
    uint first = m->owner[blockno];

    if (!first) {
        m->owner[blockno] = inum;
        return blockno;
    }
    uint copy = take_spare(m);
    if (!copy) {
        mend_say(m, "inode %u: block %u is inode %u's, and there is no room for a copy", inum, blockno,
                 first);
        return 0;
    }
    memcpy(fsimage_block(&m->im, copy), old_block(m, blockno), BSIZE);
    m->owner[copy] = inum;
    mend_say(m, "inode %u: block %u is inode %u's; it gets a copy", inum, blockno, first);
    return copy;
}

/* Mends a slot that leads to the file's blocks from `index` on, of which the first nblocks are needed. */
static void mend_slot(struct mend *m, uint inum, uint *slot, uint depth, uint index, uint nblocks)
{
    if (!*slot)
        return;
    if (index >= nblocks || !is_data(m, *slot)) {
        mend_say(m, "inode %u: address %u for block %u is cut", inum, *slot, index);
        *slot = 0;
        return;
    }
    *slot = acquire(m, inum, *slot);
    if (!*slot)
        return;
    uint *slots = fsimage_block(&m->im, *slot);
    for (uint i = 0; depth > 0 && i < NINDIRECT; i++)
        mend_slot(m, inum, &slots[i], depth - 1, index + i * fs_span(depth - 1), nblocks);
}

static void mend_addresses(struct mend *m, uint inum)
{
    struct dinode *di = mend_inode(m, inum);
    uint nblocks = nblocks_of(di), index = 0;

    for (uint i = 0; i < NADDR; i++) {
        uint depth = fs_depth(&m->im.layout, i);
        mend_slot(m, inum, &di->addrs[i], depth, index, nblocks);
        index += fs_span(depth);
    }
}

/* Holes. */

/* Cuts what a slot leads to, the file's blocks from `index` on, except the first nblocks of the file. */
static void cut_slot(struct mend *m, uint *slot, uint depth, uint index, uint nblocks)
{
    if (!*slot || index + fs_span(depth) <= nblocks)
        return;
    if (index >= nblocks) {
        *slot = 0;
        return;
    }
    uint *slots = fsimage_block(&m->im, *slot);
    for (uint i = 0; i < NINDIRECT; i++)
        cut_slot(m, &slots[i], depth - 1, index + i * fs_span(depth - 1), nblocks);
}

static void cut_at(struct mend *m, uint inum, uint nblocks)
{
    struct dinode *di = mend_inode(m, inum);

    mend_say(m, "inode %u: no room for what is missing; its size of %u becomes %u", inum, di->size,
             nblocks * BSIZE);
    di->size = nblocks * BSIZE;
    for (uint i = 0, index = 0; i < NADDR; i++) {
        cut_slot(m, &di->addrs[i], fs_depth(&m->im.layout, i), index, nblocks);
        index += fs_span(fs_depth(&m->im.layout, i));
    }
}

/* Is the file's block there?  If not: what it takes to have it, with its address blocks, in *nmissing. */
static bool is_there(const struct mend *m, const struct dinode *di, uint index, uint *nmissing)
{
    struct fs_route r;

    fs_find_route(&m->im.layout, &r, index);
    uint blockno = di->addrs[r.direct];
    for (uint level = 0;; level++) {
        *nmissing = r.depth - level + 1;
        if (!blockno)
            return false;
        if (level == r.depth)
            return true;
        blockno = ((const uint *)fsimage_block(&m->im, blockno))[r.slot[level]];
    }
}

static void fill_holes(struct mend *m, uint inum)
{
    struct dinode *di = mend_inode(m, inum);
    const char *wrong;
    uint nfilled = 0, nmissing;

    for (uint index = 0; index < nblocks_of(di); index++) {
        if (is_there(m, di, index, &nmissing))
            continue;
        if (m->nfree < MEND_RESERVE + nmissing || !fsimage_block_of(&m->im, di, index, true, &wrong)) {
            cut_at(m, inum, index);
            break;
        }
        m->nfree -= nmissing;
        nfilled++;
    }
    if (nfilled)
        mend_say(m, "inode %u: blocks that are missing: %u; it has zeroes there", inum, nfilled);
}

static void mend_inodes(struct mend *m)
{
    uint ninodes = mend_ninodes(m);

    for (uint inum = ROOTINO; inum < ninodes; inum++)
        mend_type(m, inum);
    claim_all(m);
    for (uint inum = ROOTINO; inum < ninodes; inum++)
        if (mend_inode(m, inum)->type)
            mend_size(m, inum);
    for (uint suspect = 0; suspect < 2; suspect++) /* inodes beyond suspicion choose first */
        for (uint inum = ROOTINO; inum < ninodes; inum++)
            if (mend_inode(m, inum)->type && m->suspect[inum] == suspect)
                mend_addresses(m, inum);
    for (uint inum = ROOTINO; inum < ninodes; inum++)
        if (mend_inode(m, inum)->type)
            fill_holes(m, inum);
}

/* The bitmap. */

static void mark_tree(struct mend *m, uint address, uint depth)
{
    if (!address)
        return;
    fsimage_mark(&m->im, address, true);
    for (uint i = 0; depth > 0 && i < NINDIRECT; i++)
        mark_tree(m, ((const uint *)fsimage_block(&m->im, address))[i], depth - 1);
}

static void make_bitmap(struct mend *m)
{
    const struct fs_layout *l = &m->im.layout;
    uint nwrong = 0;

    for (uint b = 0; b < l->sb.size; b++) {
        /* xv6's mkfs marks one block more than it has to. */
        bool keep = b == l->data_start && l->sb.size % BPB == 0 && fsimage_is_marked(&m->old, b);
        fsimage_mark(&m->im, b, keep || !is_data(m, b));
    }
    for (uint inum = ROOTINO; inum < l->sb.ninodes; inum++)
        for (uint i = 0; i < NADDR && is_in_use(mend_inode(m, inum)); i++)
            mark_tree(m, mend_inode(m, inum)->addrs[i], fs_depth(&m->im.layout, i));
    for (uint b = 0; b < l->sb.size; b++)
        nwrong += fsimage_is_marked(&m->im, b) != fsimage_is_marked(&m->old, b);
    if (nwrong)
        mend_say(m, "bitmap: it is made anew; blocks that differ: %u", nwrong);
}

bool mend_image(uchar *image, size_t nbytes, void (*report)(const char *))
{
    struct mend m = { .report = report, .im = { .bytes = image, .ihint = ROOTINO } };
    struct superblock sb;

    if (!mend_super(image, nbytes, report))
        return false;
    memcpy(&sb, image + SUPER_BLOCK * BSIZE, sizeof(sb));
    if (fs_layout(&m.im.layout, &sb, sb.size))
        return false;
    m.im.hint = m.im.layout.data_start;
    mend_data_count(&m);
    mend_log(&m);
    m.old = m.im;
    m.old.bytes = allocate(nbytes, 1);
    memcpy(m.old.bytes, image, nbytes);
    m.claims = allocate(sb.size, sizeof(*m.claims));
    m.owner = allocate(sb.size, sizeof(*m.owner));
    m.kind = allocate(sb.size, sizeof(*m.kind));
    m.suspect = allocate(sb.ninodes, sizeof(*m.suspect));
    m.nnames = allocate(sb.ninodes, sizeof(*m.nnames));
    m.nsub = allocate(sb.ninodes, sizeof(*m.nsub));
    m.home = allocate(sb.ninodes, sizeof(*m.home));
    m.parent = allocate(sb.ninodes, sizeof(*m.parent));
    m.todo = allocate(sb.ninodes, sizeof(*m.todo));
    mend_inodes(&m);
    mend_tree(&m);
    make_bitmap(&m);
    free(m.old.bytes);
    free(m.claims);
    free(m.owner);
    free(m.kind);
    free(m.suspect);
    free(m.nnames);
    free(m.nsub);
    free(m.home);
    free(m.parent);
    free(m.todo);
    return !m.left;
}
