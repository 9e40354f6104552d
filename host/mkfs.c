/*
 * mkfs - makes a file system image from files of the host.
 *
 *   mkfs [-x | --xv6] IMAGE [-s BLOCKS] [-i INODES] HOSTFILE[=NAME]...
 *
 * The image gets the extended layout of include/fs.h, a log of 126 blocks and room to spare; with --xv6 it is
 * one that xv6 itself could have made: 1,000 blocks, 200 inodes, a log of 29 blocks.
 * NAME is a path in the image; its folders are made.  Without it, a file goes into the root folder under its
 * own name.  Names are cut to 14 bytes, as the kernel cuts them.
 *
 * First the arguments become a tree of nodes; then the tree is measured and the image laid out; then each
 * node writes itself.  The image is built in memory and appears under its name only when it is whole.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "stat.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the disk's numbers are little-endian");

#define XV6_BLOCKS   1000u
#define XV6_INODES   200u
#define XV6_NLOG     30u
#define OUR_NLOG     127u      /* what one header block can name, and the header */
#define OUR_INODES   1024u     /* at least */
#define SPARE_BLOCKS 24576u    /* free space, unless -s says otherwise: 12 MB */
#define MAX_BLOCKS   0x400000u /* 2 GB */
#define MAX_INODES   65535u    /* a folder's entry has 16 bits */

/* A file or folder to be. */
struct node {
    char name[DIRSIZ + 1];
    bool is_dir;
    uint inum;
    uint nbytes;
    uchar *bytes;        /* of a file */
    struct node *parent; /* the root's is itself */
    struct node *first;  /* children, in the order of the command line */
    struct node *next;
};

static struct node root = { .is_dir = true, .parent = &root };
static uint nnodes;
static bool plain; /* xv6's layout */
static struct superblock sb;
static uchar *image;
static uint next_block; /* data blocks are handed out in order */

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fprintf(stderr, "mkfs: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    exit(1);
}

static void usage(void)
{
    fprintf(stderr, "usage: mkfs [-x | --xv6] IMAGE [-s BLOCKS] [-i INODES] HOSTFILE[=NAME]...\n");
    exit(2);
}

static void *allocate(size_t n)
{
    void *p = calloc(1, n ? n : 1);

    if (!p)
        die("out of memory");
    return p;
}

/* The tree. */

static struct node *find_child(struct node *dir, const char *name)
{
    struct node *n = dir->first;

    while (n && strcmp(n->name, name) != 0)
        n = n->next;
    return n;
}

static struct node *add_child(struct node *dir, const char *name, bool is_dir)
{
    struct node *n = allocate(sizeof(*n));

    strcpy(n->name, name);
    n->is_dir = is_dir;
    n->parent = dir;
    n->inum = ROOTINO + ++nnodes;
    struct node **end = &dir->first;
    while (*end)
        end = &(*end)->next;
    *end = n;
    dir->nbytes += sizeof(struct dirent);
    return n;
}

/* Cuts the next name off a path; NULL at its end. */
static const char *next_name(const char *path, char name[DIRSIZ + 1])
{
    path += strspn(path, "/");
    size_t n = strcspn(path, "/");
    if (n == 0)
        return NULL;
    size_t kept = n < DIRSIZ ? n : DIRSIZ;
    memcpy(name, path, kept);
    name[kept] = 0;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        die("a name in the image can't be %s", name);
    return path + n;
}

/* Makes the node for `path`, and its folders. */
static struct node *add_file(const char *path)
{
    char name[DIRSIZ + 1], ahead[DIRSIZ + 1];
    struct node *dir = &root;
    const char *rest = next_name(path, name);

    if (!rest)
        die("empty name in the image: '%s'", path);
    while (next_name(rest, ahead)) {
        struct node *sub = find_child(dir, name);
        if (!sub)
            sub = add_child(dir, name, true);
        if (!sub->is_dir)
            die("%s: '%s' is a file and a folder", path, name);
        dir = sub;
        rest = next_name(rest, name);
    }
    if (find_child(dir, name))
        die("%s: the name '%s' is given twice%s", path, name,
            strlen(name) == DIRSIZ ? " (names are cut to 14 bytes)" : "");
    return add_child(dir, name, false);
}

static void read_host_file(struct node *n, const char *path)
{
    uint limit = (plain ? MAXFILE : EXT_MAXFILE) * BSIZE;
    FILE *f = fopen(path, "rb");

    if (!f)
        die("can't open %s: %s", path, strerror(errno));
    size_t room = 1u << 16, got;
    n->bytes = allocate(room);
    while ((got = fread(n->bytes + n->nbytes, 1, room - n->nbytes, f)) > 0) {
        n->nbytes += got;
        if (n->nbytes > limit)
            die("%s is too large: a file in the image holds at most %u bytes", path, limit);
        if (n->nbytes == room) {
            n->bytes = realloc(n->bytes, room *= 2);
            if (!n->bytes)
                die("out of memory");
        }
    }
    if (ferror(f))
        die("can't read %s: %s", path, strerror(errno));
    fclose(f);
}

/* HOSTFILE or HOSTFILE=NAME. */
static void add_argument(const char *arg)
{
    char *host = strdup(arg);

    if (!host)
        die("out of memory");
    char *name = strrchr(host, '=');
    if (name) {
        *name++ = 0;
    } else {
        name = strrchr(host, '/');
        name = name ? name + 1 : host;
    }
    read_host_file(add_file(name), host);
    free(host);
}

/* The layout. */

/* Data and address blocks that a file of nbytes takes. */
static uint blocks_for(uint nbytes)
{
    uint ndata = (nbytes + BSIZE - 1) / BSIZE, n = ndata;
    uint ndirect = plain ? NDIRECT : EXT_NDIRECT;

    if (ndata > ndirect)
        n++;
    if (ndata > ndirect + NINDIRECT)
        n += 1 + (ndata - ndirect - NINDIRECT + NINDIRECT - 1) / NINDIRECT;
    return n;
}

static uint measure(const struct node *n)
{
    uint total = blocks_for(n->nbytes);

    for (const struct node *c = n->first; c; c = c->next)
        total += measure(c);
    return total;
}

/* Every folder has two entries more: itself and its parent. */
static void add_dots(struct node *n)
{
    if (n->is_dir)
        n->nbytes += 2 * sizeof(struct dirent);
    for (struct node *c = n->first; c; c = c->next)
        add_dots(c);
}

static uint metadata_blocks(uint nblocks) { return 2 + sb.nlog + sb.ninodes / IPB + 1 + nblocks / BPB + 1; }

static void lay_out(uint nblocks, uint ninodes)
{
    uint content = measure(&root);
    uint used_inodes = ROOTINO + nnodes + 1;

    sb.nlog = plain ? XV6_NLOG : OUR_NLOG;
    sb.ninodes = ninodes ? ninodes : plain ? XV6_INODES : OUR_INODES;
    if (!ninodes && !plain && sb.ninodes < 2 * used_inodes)
        sb.ninodes = 2 * used_inodes < MAX_INODES ? 2 * used_inodes : MAX_INODES;
    if (used_inodes > sb.ninodes)
        die("too many files: %u inodes needed, %u there (-i gives more)", used_inodes, sb.ninodes);
    if (!nblocks) {
        nblocks = plain ? XV6_BLOCKS : content + SPARE_BLOCKS;
        if (!plain)
            nblocks += metadata_blocks(nblocks);
    }
    if (nblocks > MAX_BLOCKS)
        die("an image of %u blocks is too large: the limit is %u", nblocks, MAX_BLOCKS);
    uint nmeta = metadata_blocks(nblocks);
    if (nblocks < nmeta || nblocks - nmeta < content)
        die("the files don't fit: %u blocks needed, %u there (-s gives more)", nmeta + content, nblocks);
    sb.size = nblocks;
    sb.nblocks = nblocks - nmeta;
    sb.logstart = 2;
    sb.inodestart = sb.logstart + sb.nlog;
    sb.bmapstart = sb.inodestart + sb.ninodes / IPB + 1;
    sb.features = plain ? 0 : FS_FEATURE_EXTENDED;
    next_block = nmeta;
}

/* Writing. */

static uchar *block_at(uint blockno) { return image + (size_t)blockno * BSIZE; }

/* The block whose number stands in *slot; a new one if there is none. */
static uint *indirect_at(uint *slot)
{
    if (*slot == 0)
        *slot = next_block++;
    return (uint *)block_at(*slot);
}

/* Where the number of a file's index-th block is kept. */
static uint *address_slot(struct dinode *di, uint index)
{
    uint ndirect = plain ? NDIRECT : EXT_NDIRECT;

    if (index < ndirect)
        return &di->addrs[index];
    index -= ndirect;
    if (index < NINDIRECT)
        return &indirect_at(&di->addrs[ndirect])[index];
    index -= NINDIRECT;
    uint *outer = indirect_at(&di->addrs[ndirect + 1]);
    return &indirect_at(&outer[index / NINDIRECT])[index % NINDIRECT];
}

static void put_inode(const struct node *n, const uchar *bytes, uint inum, short nlink)
{
    struct dinode *di = (struct dinode *)block_at(IBLOCK(inum, sb)) + inum % IPB;

    di->type = n->is_dir ? T_DIR : T_FILE;
    di->nlink = nlink;
    di->size = n->nbytes;
    for (uint done = 0; done < n->nbytes; done += BSIZE) {
        uint left = n->nbytes - done;
        uint *slot = address_slot(di, done / BSIZE);
        *slot = next_block++;
        memcpy(block_at(*slot), bytes + done, left < BSIZE ? left : BSIZE);
    }
}

static void put_entry(struct dirent *e, uint inum, const char *name)
{
    e->inum = inum;
    memcpy(e->name, name, strlen(name)); /* a name of 14 bytes has no terminator */
}

static void put_node(const struct node *n)
{
    if (!n->is_dir) {
        put_inode(n, n->bytes, n->inum, 1);
        return;
    }
    struct dirent *entries = allocate(n->nbytes), *e = entries;
    short nlink = 1; /* "." is not counted, the ".." of each folder inside is */
    put_entry(e++, n->inum, ".");
    put_entry(e++, n->parent->inum, "..");
    for (const struct node *c = n->first; c; c = c->next) {
        put_entry(e++, c->inum, c->name);
        nlink += c->is_dir;
    }
    put_inode(n, (uchar *)entries, n->inum, nlink);
    free(entries);
    for (const struct node *c = n->first; c; c = c->next)
        put_node(c);
}

static void put_bitmap(void)
{
    for (uint b = 0; b < next_block; b++)
        block_at(BBLOCK(b, sb))[b % BPB / 8] |= 1u << b % 8;
}

/* Writes beside the name and renames, so that nobody sees half an image.  Zeroes at the end stay a hole. */
static void write_image(const char *path)
{
    char *temporary = allocate(strlen(path) + 5);

    sprintf(temporary, "%s.new", path);
    FILE *f = fopen(temporary, "wb");
    if (!f)
        die("can't create %s: %s", temporary, strerror(errno));
    bool good = fwrite(image, BSIZE, next_block, f) == next_block && fflush(f) == 0 &&
                ftruncate(fileno(f), (off_t)sb.size * BSIZE) == 0;
    if (fclose(f) != 0 || !good || rename(temporary, path) != 0) {
        int error = errno;
        remove(temporary);
        die("can't write %s: %s", path, strerror(error));
    }
    free(temporary);
}

static uint number(const char *option, const char *text, uint limit)
{
    char *end;
    unsigned long n = text ? strtoul(text, &end, 10) : 0;

    if (!text || *text < '0' || *text > '9' || *end || n == 0 || n > limit)
        die("%s wants a number from 1 to %u", option, limit);
    return n;
}

int main(int argc, char **argv)
{
    const char *path = NULL;
    uint nblocks = 0, ninodes = 0;

    for (int i = 1; i < argc; i++) /* the layout limits the files, so it must be known first */
        plain |= strcmp(argv[i], "-x") == 0 || strcmp(argv[i], "--xv6") == 0;
    root.inum = ROOTINO;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-x") == 0 || strcmp(argv[i], "--xv6") == 0)
            continue;
        if (strcmp(argv[i], "-s") == 0) {
            nblocks = number("-s", argv[i + 1], MAX_BLOCKS);
            i++;
        } else if (strcmp(argv[i], "-i") == 0) {
            ninodes = number("-i", argv[i + 1], MAX_INODES);
            i++;
        } else if (argv[i][0] == '-') {
            usage();
        } else if (!path) {
            path = argv[i];
        } else {
            add_argument(argv[i]);
        }
    }
    if (!path)
        usage();
    add_dots(&root);
    lay_out(nblocks, ninodes);
    image = allocate((size_t)sb.size * BSIZE);
    memcpy(block_at(1), &sb, sizeof(sb));
    put_node(&root);
    put_bitmap();
    write_image(path);
    return 0;
}
