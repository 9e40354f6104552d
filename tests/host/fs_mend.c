/*
 * fs_mend.c - fsck mends: for each kind of damage, what becomes of the files.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs_mutant.h"
#include "fs_world.h"
#include "host.h"
#include "host/fsmend.h"

static struct fsimage im; /* of the disk that is damaged, and then mended */
static char said[8000];

static void say(const char *line)
{
    strncat(said, line, sizeof(said) - strlen(said) - 1);
    strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

/* The image of fs_mutant.c in the extended layout. */
static void load(void)
{
    const uchar *good = mutant_original(1, &world->nblocks);

    world->fault.kinds = 0;
    memcpy(world->disk, good, (size_t)world->nblocks * BSIZE);
    check(!fsimage_open(&im, world->disk, (size_t)world->nblocks * BSIZE));
}

static struct superblock *super(void) { return fsimage_block(&im, SUPER_BLOCK); }

/* The number of a path; 0: it is not there. */
static uint lookup(const char *path)
{
    char name[DIRSIZ + 1];
    size_t length;
    uint inum = ROOTINO;
    struct dirent *e;

    while ((path = fsimage_next_name(path, name, &length))) {
        struct dinode *di = fsimage_inode(&im, inum);
        if (di->type != T_DIR || fsimage_find_entry(&im, di, name, &e) || !e || !e->inum)
            return 0;
        inum = e->inum;
    }
    return inum;
}

static struct dinode *inode(const char *path) { return fsimage_inode(&im, lookup(path)); }

static struct dirent *entry(const char *dir, const char *name)
{
    char padded[DIRSIZ + 1] = "";
    struct dirent *e = NULL;

    strcpy(padded, name);
    if (fsimage_find_entry(&im, inode(dir), padded, &e))
        abort();
    return e;
}

static void look(void *unused)
{
    (void)unused;
    check_eq(world_write_file("after", 0, 3000, 1), 3000);
    check(world_file_is("after", 3000, 1));
    check_eq(fs_unlink(world_root(), "after"), 0);
    check_eq(fs_settle(), 0);
}

/* It is not good before; afterwards it is, and mounts, and every file that was not touched is there. */
static void mend(void)
{
    size_t nbytes = (size_t)world->nblocks * BSIZE;
    struct mutant m = { .shape = 1, .nblocks = world->nblocks, .disk = malloc(nbytes) };
    struct check_result result;

    memcpy(m.disk, world->disk, nbytes);
    check_image(world->disk, nbytes, say, &result);
    check(result.nproblems > 0);
    said[0] = 0;
    check(mend_image(world->disk, nbytes, say));
    check(world_is_consistent(NULL));
    check(mutant_is_kept(&m, world->disk));
    check(!fsimage_open(&im, world->disk, nbytes));
    check(world_boot(look, NULL));
    check(world_is_consistent(NULL));
    free(m.disk);
}

TEST("a super block with one number wrong is as it was before")
{
    struct superblock good;

    load();
    good = *super();
    for (uint i = 0; i < 8; i++) {
        static const uint wrong[] = { 0, 1, 0x7fffffff, ~0u };
        for (uint k = 0; k < COUNT(wrong); k++) {
            load();
            ((uint *)super())[i] = wrong[k];
            if (i == 1 && wrong[k] < good.nblocks)
                continue; /* fewer data blocks than there is room for are no problem */
            mend();
            check_eq(super()->size, good.size);
            check_eq(super()->nblocks, good.nblocks);
            check_eq(super()->nlog, good.nlog);
            check_eq(super()->logstart, good.logstart);
            check_eq(super()->inodestart, good.inodestart);
            check_eq(super()->bmapstart, good.bmapstart);
            check_eq(super()->features, good.features);
            check(super()->ninodes >= good.ninodes);
            check(lookup("d/e/f/g") != 0);
        }
    }
}

static void mend_super_as(const struct superblock *good)
{
    mend();
    check_eq(memcmp(super(), good, sizeof(*good)), 0);
}

TEST("a super block with two numbers wrong, too, whether it can be one or not")
{
    load();
    struct superblock good = *super();
    super()->logstart = 0x7fffffff;
    super()->features = 3;
    mend_super_as(&good);
    load();
    super()->inodestart++;
    super()->bmapstart++;
    mend_super_as(&good);
}

TEST("a super block with one number wrong, beside a log or an inode that is damaged too, is as it was before")
{
    for (uint i = 0; i < 4; i++) {
        load();
        struct superblock good = *super();
        if (i % 2)
            ((struct logheader *)fsimage_block(&im, good.logstart))->n = -1;
        else
            inode("d/b")->size = ~0u;
        if (i < 2)
            super()->inodestart++;
        else
            super()->bmapstart++;
        mend_super_as(&good);
    }
}

TEST("a super block of noise: nothing is changed")
{
    uchar before_it[BSIZE];

    load();
    memset(super(), 0x55, sizeof(struct superblock));
    memcpy(before_it, super(), BSIZE);
    check(!mend_image(world->disk, (size_t)world->nblocks * BSIZE, say));
    check_eq(memcmp(before_it, super(), BSIZE), 0);
}

/* By the layout of xv6, that directory would be too large to be looked at, and all long files be cut. */
TEST("one inode with thousands of problems does not make a good super block wrong")
{
    load();
    struct superblock good = *super();
    inode("d/e/c")->type = T_DIR;
    mend();
    check_eq(memcmp(super(), &good, sizeof(good)), 0);
    check_eq(inode("d/e/c")->type, T_FILE);
    check_eq(inode("d/e/c")->size, 76000);
    check_eq(inode("d/b")->size, 9000);
}

/* It is the only long file, so by the extended layout there is nothing else that would be cut. */
TEST("nor does it become an extended one, if it is xv6's")
{
    static const struct fsimage_shape xv6 = { false, 600, 60, 30 };
    struct check_result result;
    static uchar bytes[30000];
    uint inum;

    world_format(&xv6);
    check(!fsimage_open(&im, world->disk, (size_t)world->nblocks * BSIZE));
    for (uint i = 0; i < sizeof(bytes); i++)
        bytes[i] = i / 7;
    check(!fsimage_create(&im, "d/long", false, &inum));
    check(!fsimage_fill(&im, inum, bytes, sizeof(bytes)));
    inode("d/long")->type = T_DIR;
    check(mend_image(world->disk, (size_t)world->nblocks * BSIZE, say));
    check_image(world->disk, (size_t)world->nblocks * BSIZE, say, &result);
    check_eq(result.nproblems, 0);
    check_eq(super()->features, 0);
    check_eq(inode("d/long")->type, T_FILE);
    check_eq(inode("d/long")->size, 30000);
}

TEST("a log whose header is damaged is dropped; one that is full is carried out")
{
    struct logheader *h;

    load();
    h = fsimage_block(&im, super()->logstart);
    h->n = 2;
    h->block[1] = super()->size;
    mend();
    check(strstr(said, "dropped"));

    load();
    h->n = 1;
    h->block[0] = IBLOCK(ROOTINO, *super());
    memcpy(fsimage_block(&im, super()->logstart + 1), fsimage_block(&im, h->block[0]), BSIZE);
    memset(fsimage_block(&im, h->block[0]), 0xff, BSIZE);
    check(world_is_consistent(NULL));
    check(mend_image(world->disk, (size_t)world->nblocks * BSIZE, say));
    check_eq(h->n, 0);
    check_eq(h->block[0], 0);
    check(world_is_consistent(NULL));
    check(lookup("d/b") != 0);
}

TEST("the inodes of files, directories and devices with an unknown type are what they were")
{
    static const char *const paths[] = { "d/b", "d/e", "dev", "" };

    for (uint i = 0; i < COUNT(paths); i++) {
        load();
        short type = inode(paths[i])->type;
        inode(paths[i])->type = 9;
        mend();
        check_eq(inode(paths[i])->type, type);
    }
    load();
    inode("d/b")->type = 0;
    mend();
    check_eq(inode("d/b")->type, T_FILE);
}

TEST("a file whose type became that of a directory is a file, and the other way round")
{
    load();
    inode("d/b")->type = T_DIR;
    mend();
    check_eq(inode("d/b")->type, T_FILE);
    check_eq(inode("d/b")->size, 9000);
    load();
    inode("d/e")->type = T_FILE;
    mend();
    check_eq(inode("d/e")->type, T_DIR);
    check(lookup("d/e/f/g") != 0);
}

TEST("a device has no contents, and nothing else has the numbers of one")
{
    load();
    inode("dev")->size = 5000;
    mend();
    check_eq(inode("dev")->size, 0);
    check_eq(inode("dev")->major, 1);
    load();
    inode("a")->type = T_DEV;
    mend();
    check_eq(inode("a")->type, T_FILE);
    check_eq(inode("a")->size, 100);
    load();
    inode("a")->minor = 4;
    mend();
    check_eq(inode("a")->minor, 0);
}

TEST("a device without a name has no blocks either: a mount would free the device, and not them")
{
    load();
    struct dinode *di = inode("d/b");
    uint blockno = di->addrs[0];
    di->type = T_DEV;
    di->size = 0;
    di->nlink = 0;
    entry("d", "b")->inum = 0;
    mend();
    check_eq(di->addrs[0], 0);
    check(!fsimage_is_marked(&im, blockno));
}

TEST("sizes: too large ends with the last block; too small grows by the blocks that follow")
{
    load();
    inode("d/b")->size = ~0u;
    mend();
    check_eq(inode("d/b")->size, 18 * BSIZE);
    load();
    inode("d/e/c")->size = 100;
    mend();
    check_eq(inode("d/e/c")->size, 149 * BSIZE);
}

TEST("addresses that can't be are cut, and zeroes stand where a file has no block")
{
    const char *wrong;

    load();
    inode("d/b")->addrs[2] = super()->size + 5;
    inode("d/b")->addrs[3] = 1;
    mend();
    check_eq(inode("d/b")->size, 9000);
    const uchar *bytes = fsimage_block_of(&im, inode("d/b"), 2, false, &wrong);
    for (uint i = 0; i < BSIZE; i++)
        check_eq(bytes[i], 0);

    load();
    inode("d/b")->addrs[EXT_NDIRECT] = ~0u; /* all from there on is gone */
    mend();
    check_eq(inode("d/b")->size, EXT_NDIRECT * BSIZE);
}

TEST("a block that two files have is copied, whichever is right; an address block as well")
{
    const char *wrong;

    load();
    uint shared = inode("d/b")->addrs[3];
    inode("i/j")->addrs[0] = shared;
    inode("a")->addrs[0] = shared;
    mend();
    check(memcmp(fsimage_block_of(&im, inode("i/j"), 0, false, &wrong),
                 fsimage_block_of(&im, inode("d/b"), 3, false, &wrong), BSIZE) == 0);
    check(inode("i/j")->addrs[0] != inode("d/b")->addrs[3]);

    load();
    inode("a")->addrs[EXT_NDIRECT] = inode("d/b")->addrs[0]; /* data, as addresses */
    inode("a")->size = 20 * BSIZE;
    mend();

    load();
    inode("i/k")->addrs[EXT_NDIRECT] = inode("d/b")->addrs[EXT_NDIRECT];
    mend();
    check(inode("i/k")->addrs[EXT_NDIRECT] != inode("d/b")->addrs[EXT_NDIRECT]);
    check_eq(inode("i/k")->size, 18 * BSIZE);
}

/* Otherwise a few hundred directories that claim one block thousands of times would keep fsck busy for hours. */
TEST("the entries in a block are looked at once, however often a directory claims the block")
{
    struct check_result result;

    load();
    for (uint i = 1; i < EXT_NDIRECT; i++)
        inode("d")->addrs[i] = inode("d")->addrs[0];
    inode("d")->size = EXT_NDIRECT * BSIZE;
    check_image(world->disk, (size_t)world->nblocks * BSIZE, say, &result);
    check_eq(result.nproblems, EXT_NDIRECT - 1);
    mend();
    check(lookup("d/e/f/g") != 0);
}

/* Thousands of inodes of this type claim the blocks of one large file.  The least processor time of some that it
   took. */
static clock_t time_to_mend(short type)
{
    enum { LARGE = 8000000 };
    static const struct fsimage_shape many_inodes = { true, 40000, 2000, 127 };
    size_t nbytes = (size_t)many_inodes.nblocks * BSIZE;
    void *zeroes = calloc(1, LARGE);
    clock_t least = 0;
    uint inum;

    for (uint round = 0; round < 4; round++) {
        world_format(&many_inodes);
        check(!fsimage_open(&im, world->disk, nbytes));
        check(!fsimage_create(&im, "large", false, &inum));
        check(!fsimage_fill(&im, inum, zeroes, LARGE));
        for (uint i = inum + 1; i < many_inodes.ninodes; i++) {
            *fsimage_inode(&im, i) = *fsimage_inode(&im, inum);
            fsimage_inode(&im, i)->type = type;
        }
        clock_t began = clock();
        mend_image(world->disk, nbytes, say); /* as far as there is room */
        clock_t took = clock() - began;
        if (round == 0 || took < least)
            least = took;
    }
    free(zeroes);
    return least;
}

TEST("it does not take much longer to mend directories than files that claim the same blocks")
{
    clock_t files = time_to_mend(T_FILE), directories = time_to_mend(T_DIR);

    check(directories < 5 * files);
}

TEST("an entry that names nothing, or has no name, goes; the file is in lost+found")
{
    load();
    uint b = lookup("d/b"), h = lookup("d/h");
    entry("d", "b")->inum = 37;
    entry("d", "h")->name[0] = '/';
    mend();
    char path[40];
    sprintf(path, "lost+found/#%u", b);
    check_eq(lookup(path), b);
    sprintf(path, "lost+found/#%u", h);
    check_eq(lookup(path), h);
    check_eq(lookup("d/b"), 0);

    load();
    memcpy(entry("d", "h")->name, "b", 2);
    mend();
    check_eq(lookup("d/b"), b);
    check_eq(lookup(path), h);

    load();
    memcpy(entry("d", ".")->name, "b", 2); /* a name that can't be, before the one that can */
    mend();
    check_eq(lookup("d/b"), b);
    check_eq(lookup("lost+found"), 0);
}

TEST("'.' and '..' that are wrong or missing are put right")
{
    load();
    entry("d/e", ".")->inum = ROOTINO;
    entry("d/e", "..")->inum = lookup("i");
    mend();
    check_eq(lookup("d/e/."), lookup("d/e"));
    check_eq(lookup("d/e/.."), lookup("d"));

    load();
    entry("d/e", ".")->inum = 0;
    memcpy(entry("d/e", "..")->name, "x", 2);
    mend();
    check_eq(lookup("d/e/."), lookup("d/e"));
    check_eq(lookup("d/e/.."), lookup("d"));
    check_eq(lookup("d/e/x"), 0);
    check(lookup("d/e/f/g") != 0);
}

TEST("a directory that lost '.' and '..', or a whole block of names, is a directory still")
{
    load();
    memset(fsimage_block(&im, inode("d/e")->addrs[0]), 0, 2 * sizeof(struct dirent));
    mend();
    check_eq(inode("d/e")->type, T_DIR);
    check_eq(lookup("d/e/.."), lookup("d"));
    check(lookup("d/e/c") != 0);
    check(lookup("d/e/f/g") != 0);

    load();
    memset(fsimage_block(&im, inode("d/e/f")->addrs[0]), 0, BSIZE);
    mend();
    check_eq(inode("d/e/f")->type, T_DIR);
    check_eq(lookup("d/e/f/.."), lookup("d/e"));
}

TEST("a directory with two names keeps the one where its '..' leads to")
{
    load();
    uint e = lookup("d/e");
    entry("", "a")->inum = e; /* found first */
    mend();
    check_eq(lookup("d/e"), e);
    check_eq(lookup("a"), 0);
    load();
    entry("d/e/f", "g")->inum = e; /* a circle */
    mend();
    check_eq(lookup("d/e/f/g"), 0);
    load();
    entry("d/e/f", "g")->inum = ROOTINO;
    mend();
    check_eq(lookup("d/e/f/g"), 0);
}

TEST("a directory that lost its name is in lost+found, with all that is in it; so is a circle of them")
{
    char path[60];

    load();
    uint e = lookup("d/e"), g = lookup("d/e/f/g");
    entry("d", "e")->inum = 0;
    mend();
    sprintf(path, "lost+found/#%u/f/g", e);
    check_eq(lookup(path), g);
    sprintf(path, "lost+found/#%u/..", e);
    check_eq(lookup(path), lookup("lost+found"));

    load();
    uint c = lookup("d/e/c");
    entry("d/e/f", "g")->inum = e;
    entry("d", "e")->inum = 0;
    mend();
    sprintf(path, "lost+found/#%u/c", e);
    check_eq(lookup(path), c);
}

TEST("an empty file that lost its name is kept, but not an inode of noise that has nothing")
{
    load();
    uint h = lookup("d/h");
    struct dinode *noise = fsimage_inode(&im, 30);
    entry("d", "h")->inum = 0;
    memset(noise, 0x5a, sizeof(*noise));
    mend();
    check(h != 0 && lookup("lost+found/#9") == h);
    check_eq(noise->type, 0);
    check_eq(lookup("lost+found/#30"), 0);
}

TEST("of lost directories, the outer one gets a name in lost+found, whichever has the lower number")
{
    char path[60];

    load();
    uint f = lookup("d/e/f"), i = lookup("i");
    check(f < i);
    entry("d/e/f", "..")->inum = i;
    entry("d/e", "f")->inum = 0;
    entry("i", "j")->inum = f;
    entry("", "i")->inum = 0;
    mend();
    sprintf(path, "lost+found/#%u/j", i);
    check_eq(lookup(path), f);
    sprintf(path, "lost+found/#%u", f);
    check_eq(lookup(path), 0);
}

TEST("a root that is lost is made anew, and what was in it is in lost+found")
{
    char path[60];

    load();
    uint d = lookup("d"), g = lookup("d/e/f/g");
    memset(inode(""), 0, sizeof(struct dinode));
    mend();
    sprintf(path, "lost+found/#%u/e/f/g", d);
    check_eq(lookup(path), g);
}

TEST("lost+found that is a file: what is lost goes to the root; names that are taken are not taken twice")
{
    uint inum;

    load();
    check(!fsimage_create(&im, "lost+found", false, &inum));
    uint h = lookup("d/h");
    entry("d", "h")->inum = 0;
    mend();
    check_eq(lookup("#9"), h);

    load();
    check(!fsimage_create(&im, "lost+found/#9", false, &inum));
    entry("d", "h")->inum = 0;
    mend();
    check_eq(lookup("lost+found/#9.1"), h);
    check_eq(lookup("lost+found/#9"), inum);
}

TEST("a directory gets no more directories than its links can count")
{
    uint inum;

    load();
    inode("")->nlink = 32766;
    check(!fsimage_create(&im, "one/more", false, &inum));
    check_eq(inode("")->nlink, 32767);
    check_str(fsimage_create(&im, "two/more", false, &inum),
              "its directory has as many directories as can be");
    check_eq(inode("")->nlink, 32767);
}

#define MANY 32800u /* directories, more than the links of one can count */

TEST("where lost+found has no links left, lost directories go to the root")
{
    const struct fsimage_shape shape = {
        .extended = true, .nblocks = 42000, .ninodes = MANY + 10, .nlog = 30
    };
    size_t nbytes = (size_t)shape.nblocks * BSIZE;
    uchar *bytes = calloc(nbytes, 1);
    struct check_result result;

    check(bytes && !fsimage_format(&im, bytes, &shape));
    for (uint i = 0; i < MANY; i++) {
        uint inum = fsimage_take_inode(&im, T_DIR);
        check(inum && !fsimage_enter_dots(&im, inum, ROOTINO));
    }
    check(mend_image(bytes, nbytes, say));
    check_image(bytes, nbytes, say, &result);
    check_eq(result.nproblems, 0);
    check_eq(inode("lost+found")->nlink, FSIMAGE_LINKS_MAX);
    free(bytes);
}

TEST("link counts and the bitmap are right")
{
    load();
    inode("a")->nlink = 7;
    inode("d")->nlink = -3;
    memset(fsimage_block(&im, super()->bmapstart), 0, BSIZE);
    mend();
    check_eq(inode("a")->nlink, 2);
    check_eq(inode("d")->nlink, 2);
    load();
    memset(fsimage_block(&im, super()->bmapstart), 0xff, BSIZE);
    mend();
}

/* By the layout of xv6, where files are shorter, fewer bits would differ. */
TEST("without a bitmap, long files and the layout stay")
{
    static uchar bytes[400 * BSIZE];
    uint inum;

    load();
    check(!fsimage_create(&im, "long", false, &inum));
    check(!fsimage_fill(&im, inum, bytes, sizeof(bytes)));
    memset(fsimage_block(&im, super()->bmapstart), 0, BSIZE);
    mend();
    check_eq(super()->features, FS_FEATURE_EXTENDED);
    check_eq(inode("long")->size, sizeof(bytes));
}

/* Seven blocks are free, and one more that the damage lost: they are left to directories. */
TEST("a full disk: what has no room is cut, and the rest is good")
{
    static uchar bytes[500 * BSIZE];
    uint inum, nfree = 0;

    load();
    for (uint b = 0; b < super()->size; b++)
        nfree += !(((uchar *)fsimage_block(&im, super()->bmapstart))[b / 8] >> b % 8 & 1);
    check(!fsimage_create(&im, "full", false, &inum));
    check(!fsimage_fill(&im, inum, bytes, (nfree - 12) * BSIZE));
    inode("i/j")->addrs[0] = inode("d/b")->addrs[0];
    mend();
    check(strstr(said, "no room for a copy"));
    check_eq(inode("d/b")->size, 9000);
}

TAP_MAIN(world_init, NULL)
