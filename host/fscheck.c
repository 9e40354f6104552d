/*
 * fscheck.c - is a file system image consistent, in xv6's or the extended layout?
 *
 * In this order, each step relying on what the ones before it found good:
 *
 *   super block   regions in order and within the image
 *   log           sane; if it holds something, that is put in place, in a copy of the image; one that is damaged is
 *                 left out, as mending drops it
 *   inodes        type, size, and their blocks: in range, none missing, none past the end, none owned twice
 *   directories   from the root down: entries, "." and "..", names, each directory reached once
 *   links         each inode's count is the number of its names; every inode in use is reached
 *   bitmap        a block is marked exactly when an inode owns it
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/fscheck.h"
#include "include/fslayout.h"
#include "include/stat.h"

#define REPORTS_MAX 100u

struct check {
    const uchar *image;
    uchar *copy; /* of the image, with what its log holds in place; NULL: the log is empty */
    size_t nbytes;
    struct fs_layout layout;
    uint *owner;  /* of each block: inode number; 0: it has none */
    bool *listed; /* of each block: its entries were looked at */
    uint *nnames; /* of each inode: entries that name it, except "." and ".." */
    uint *nsub;   /* of each directory: directories in it */
    uint *parent; /* of each directory that was reached: the one that it is in; else 0 */
    uint *todo;   /* directories that wait for their walk */
    uint ntodo;
    void (*report)(const char *);
    struct check_result *result;
};

static void problem(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void problem(struct check *c, const char *fmt, ...)
{
    char line[256];
    va_list ap;

    if (c->result->nproblems++ > REPORTS_MAX)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    for (char *p = line; *p; p++) /* names can be anything */
        if (*p < ' ' || *p > '~')
            *p = '?';
    c->report(c->result->nproblems > REPORTS_MAX ? "and more" : line);
}

static const void *block_at(const struct check *c, uint blockno)
{
    return c->image + (size_t)blockno * BSIZE;
}

static const struct dinode *inode_at(const struct check *c, uint inum)
{
    return (const struct dinode *)block_at(c, IBLOCK(inum, c->layout.sb)) + inum % IPB;
}

static bool is_data(const struct check *c, uint blockno) { return fs_is_data(&c->layout, blockno); }

static uint max_size(const struct check *c) { return c->layout.max_blocks * BSIZE; }

/* Super block and log. */

static bool check_super(struct check *c)
{
    struct superblock sb;
    size_t nblocks = c->nbytes / BSIZE;

    if (nblocks <= SUPER_BLOCK) {
        problem(c, "the image is too short for a super block");
        return false;
    }
    memcpy(&sb, block_at(c, SUPER_BLOCK), sizeof(sb));
    const char *wrong = fs_layout(&c->layout, &sb, nblocks < ~0u ? nblocks : ~0u);
    if (wrong) {
        problem(c, "super block: %s", wrong);
        return false;
    }
    if (sb.nblocks > sb.size - c->layout.data_start)
        problem(c, "super block: %u data blocks, but there is room for %u", sb.nblocks,
                sb.size - c->layout.data_start);
    return true;
}

static void check_log(struct check *c)
{
    uint start = c->layout.sb.logstart;
    struct logheader h;

    memcpy(&h, block_at(c, start), sizeof(h));
    if (!fs_log_is_sane(&c->layout, &h)) {
        problem(c, "log: its header is damaged: its count of blocks is %d, the first of them %d", h.n,
                h.block[0]);
        return;
    }
    c->result->nlogged = h.n;
    if (h.n == 0)
        return;
    c->copy = malloc(c->nbytes);
    if (!c->copy)
        abort();
    memcpy(c->copy, c->image, c->nbytes);
    c->image = c->copy;
    for (int i = 0; i < h.n; i++)
        memcpy(c->copy + (size_t)h.block[i] * BSIZE, block_at(c, start + 1 + i), BSIZE);
}

/* Inodes. */

/* The inode owns this block: as its block `index`, or for addresses. */
static bool own(struct check *c, uint inum, uint blockno, const char *what, uint index)
{
    if (!is_data(c, blockno)) {
        problem(c, "inode %u: %s %u is in block %u, which is not for data", inum, what, index, blockno);
        return false;
    }
    if (c->owner[blockno]) {
        problem(c, "inode %u: %s %u is in block %u, which inode %u has too", inum, what, index, blockno,
                c->owner[blockno]);
        return false;
    }
    c->owner[blockno] = inum;
    return true;
}

/* Blocks of a file: it must have those below `need`, and none from `limit` on. */
struct extent {
    uint need, limit;
};

/* Checks what is reached through `address`: the file's blocks from `index` on. */
static void check_addresses(struct check *c, uint inum, uint address, uint depth, uint index, struct extent e)
{
    if (!address) {
        if (index < e.need)
            problem(c, "inode %u: block %u is missing", inum, index);
        return;
    }
    if (index >= e.limit) {
        problem(c, "inode %u: block %u lies past its end", inum, index);
        return;
    }
    if (!own(c, inum, address, depth ? "address block for block" : "block", index) || depth == 0)
        return;
    const uint *slots = block_at(c, address);
    for (uint i = 0; i < NINDIRECT; i++)
        check_addresses(c, inum, slots[i], depth - 1, index + i * fs_span(depth - 1), e);
}

static void check_inode(struct check *c, uint inum)
{
    const struct dinode *di = inode_at(c, inum);

    if (di->type == 0)
        return;
    if (di->type != T_DIR && di->type != T_FILE && di->type != T_DEV) {
        problem(c, "inode %u: unknown type %d", inum, di->type);
        return;
    }
    if (di->nlink < 0)
        problem(c, "inode %u: its link count is %d", inum, di->nlink);
    if (di->nlink == 0)
        c->result->norphans++;
    if (di->size > max_size(c)) {
        problem(c, "inode %u: its size of %u is more than a file can have", inum, di->size);
        return;
    }
    if (di->type == T_DEV && di->size)
        problem(c, "inode %u: a device with a size of %u", inum, di->size);
    if (di->type != T_DEV && (di->major || di->minor))
        problem(c, "inode %u: it has the numbers of a device, %d and %d", inum, di->major, di->minor);
    uint size = inum == ROOTINO ? fs_root_size(&c->layout, di) : di->size;
    uint nblocks = (size + BSIZE - 1) / BSIZE, index = 0;
    struct extent e = { nblocks, nblocks };
    if (di->nlink == 0 && di->type != T_DEV) /* it may be half removed, whatever its size */
        e = (struct extent){ 0, c->layout.max_blocks };
    for (uint i = 0; i < NADDR; i++) {
        uint depth = fs_depth(&c->layout, i);
        check_addresses(c, inum, di->addrs[i], depth, index, e);
        index += fs_span(depth);
    }
}

/* The number of the file's block `index`; 0: none that can be read. */
static uint find_block(const struct check *c, const struct dinode *di, uint index)
{
    struct fs_route r;

    fs_find_route(&c->layout, &r, index);
    uint blockno = di->addrs[r.direct];
    for (uint level = 0; level < r.depth && is_data(c, blockno); level++)
        blockno = ((const uint *)block_at(c, blockno))[r.slot[level]];
    return is_data(c, blockno) ? blockno : 0;
}

/* Directories. */

static int compare_names(const void *a, const void *b) { return strncmp(a, b, DIRSIZ); }

static void check_twins(struct check *c, uint inum, char (*names)[DIRSIZ], uint n)
{
    qsort(names, n, DIRSIZ, compare_names);
    for (uint i = 1; i < n; i++)
        if (strncmp(names[i - 1], names[i], DIRSIZ) == 0)
            problem(c, "directory %u: it has the name '%.14s' twice", inum, names[i]);
}

/* The directory is to be walked: once, by its first name. */
static void reach(struct check *c, uint inum, uint parent)
{
    c->parent[inum] = parent;
    c->todo[c->ntodo++] = inum;
}

/* One entry in use.  Returns whether it is "." or "..". */
static bool check_entry(struct check *c, uint inum, const struct dirent *e)
{
    if (e->inum >= c->layout.sb.ninodes || inode_at(c, e->inum)->type == 0) {
        problem(c, "directory %u: '%.14s' names inode %u, which is not in use", inum, e->name, e->inum);
        return false;
    }
    if (strncmp(e->name, ".", DIRSIZ) == 0 || strncmp(e->name, "..", DIRSIZ) == 0) {
        uint want = e->name[1] ? c->parent[inum] : inum;
        if (e->inum != want)
            problem(c, "directory %u: '%.14s' names inode %u instead of %u", inum, e->name, e->inum, want);
        return true;
    }
    if (e->name[0] == 0 || memchr(e->name, '/', strnlen(e->name, DIRSIZ)))
        problem(c, "directory %u: '%.14s' can't be a name", inum, e->name);
    c->nnames[e->inum]++;
    if (inode_at(c, e->inum)->type != T_DIR)
        return false;
    c->nsub[inum]++;
    if (!c->parent[e->inum])
        reach(c, e->inum, inum);
    else
        problem(c, "directory %u: '%.14s' names directory %u, which has a name already", inum, e->name,
                e->inum);
    return false;
}

/* The next block of entries; NULL: it is not there, or was looked at as another one, which check_inode() has
   reported. */
static const struct dirent *list_block(struct check *c, const struct dinode *di, uint index)
{
    uint blockno = find_block(c, di, index);

    if (!blockno || c->listed[blockno])
        return NULL;
    c->listed[blockno] = true;
    return block_at(c, blockno);
}

static void check_directory(struct check *c, uint inum)
{
    const struct dinode *di = inode_at(c, inum);
    uint n = di->size > max_size(c) ? 0 : di->size / sizeof(struct dirent), nnames = 0, ndots = 0;

    char(*names)[DIRSIZ] = malloc(n ? n * DIRSIZ : 1);
    if (!names)
        abort();
    if (di->size % sizeof(struct dirent))
        problem(c, "directory %u: its size of %u bytes is not that of whole entries", inum, di->size);
    for (uint first = 0; first < n; first += ENTRIES_IN_BLOCK) {
        const struct dirent *e = list_block(c, di, first / ENTRIES_IN_BLOCK);
        for (uint i = 0; e && i < ENTRIES_IN_BLOCK && first + i < n; i++) {
            if (!e[i].inum)
                continue;
            memcpy(names[nnames++], e[i].name, DIRSIZ);
            ndots += check_entry(c, inum, &e[i]);
        }
    }
    if (ndots < 2)
        problem(c, "directory %u: '.' or '..' is missing", inum);
    check_twins(c, inum, names, nnames);
    free(names);
}

static void check_tree(struct check *c)
{
    if (inode_at(c, ROOTINO)->type != T_DIR) {
        problem(c, "inode %u is not a directory, as the root must be", ROOTINO);
        return;
    }
    reach(c, ROOTINO, ROOTINO);
    while (c->ntodo > 0)
        check_directory(c, c->todo[--c->ntodo]);
}

/* Counts. */

static void check_links(struct check *c)
{
    for (uint inum = ROOTINO; inum < c->layout.sb.ninodes; inum++) {
        const struct dinode *di = inode_at(c, inum);
        if (di->type == 0)
            continue;
        uint names = c->nnames[inum] + (inum == ROOTINO);
        uint links = names + (di->type == T_DIR ? c->nsub[inum] : 0);
        if (names == 0 && di->nlink == 0)
            continue; /* an orphan */
        if (names == 0)
            problem(c, "inode %u: no name leads to it", inum);
        else if ((uint)di->nlink != links)
            problem(c, "inode %u: its link count is %d instead of %u", inum, di->nlink, links);
    }
}

static void check_bitmap(struct check *c)
{
    const struct superblock *sb = &c->layout.sb;
    uint data_start = c->layout.data_start;
    uint first_free = data_start + (sb->size % BPB == 0); /* xv6's mkfs marks one block more then */

    for (uint b = 0; b < sb->size; b++) {
        const uchar *bits = block_at(c, BBLOCK(b, *sb));
        bool marked = bits[b % BPB / 8] >> b % 8 & 1;
        if (b < data_start && !marked)
            problem(c, "bitmap: block %u, which is not for data, is marked free", b);
        else if (b >= data_start && c->owner[b] && !marked)
            problem(c, "bitmap: block %u of inode %u is marked free", b, c->owner[b]);
        else if (b >= first_free && !c->owner[b] && marked)
            problem(c, "bitmap: block %u is marked in use, but no inode has it", b);
    }
}

void check_image(const void *image, size_t nbytes, void (*report)(const char *), struct check_result *result)
{
    struct check c = { .image = image, .nbytes = nbytes, .report = report, .result = result };

    memset(result, 0, sizeof(*result));
    if (check_super(&c)) {
        check_log(&c);
        uint ninodes = c.layout.sb.ninodes;
        c.owner = calloc(c.layout.sb.size, sizeof(*c.owner));
        c.listed = calloc(c.layout.sb.size, sizeof(*c.listed));
        c.nnames = calloc(ninodes, sizeof(*c.nnames));
        c.nsub = calloc(ninodes, sizeof(*c.nsub));
        c.parent = calloc(ninodes, sizeof(*c.parent));
        c.todo = calloc(ninodes, sizeof(*c.todo));
        if (!c.owner || !c.listed || !c.nnames || !c.nsub || !c.parent || !c.todo)
            abort();
        for (uint inum = ROOTINO; inum < ninodes; inum++) {
            uint before = result->nproblems;
            check_inode(&c, inum);
            result->nwrong += result->nproblems != before;
        }
        check_tree(&c);
        check_links(&c);
        check_bitmap(&c);
        free(c.owner);
        free(c.listed);
        free(c.nnames);
        free(c.nsub);
        free(c.parent);
        free(c.todo);
    }
    free(c.copy);
}
