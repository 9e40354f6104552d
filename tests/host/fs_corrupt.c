/*
 * fs_corrupt.c - corrupt images: whatever the disk claims, the kernel neither panics nor hangs, and
 * check_image() survives.
 */
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "fs_world.h"
#include "host.h"
#include "include/fcntl.h"

static uchar *good_disk;
static struct superblock sb;
static uint random_state;

static uint pick(uint n) { return chance(&random_state, n); }

/* A tree with everything in it. */
static void plant(void *unused)
{
    (void)unused;
    struct inode *root = world_root();
    fs_mkdir(root, "d");
    fs_mkdir(root, "d/e");
    fs_mkdir(root, "d/e/f");
    fs_mknod(root, "dev", 1, 1);
    world_write_file("a", 0, 100, 1);
    world_write_file("d/b", 0, 30000, 2);
    world_write_file("d/e/c", 0, 150000, 3);
    world_write_file("d/e/f/g", 0, 5000, 3);
    fs_link(root, "a", "d/a");
    fs_unlink(root, "d/e/f/g");
    fs_settle();
}

/* Every call, on everything. */
static void poke(const char *path)
{
    char bytes[3000] = "", longer[100];
    struct stat st;
    struct inode *root = world_root();

    for (int mode = O_RDONLY; mode <= O_RDWR; mode++) {
        struct file *f = file_open(root, path, mode);
        if (!f)
            continue;
        file_stat(f, &st);
        for (uint i = 0; i < 200 && file_read(f, bytes, sizeof(bytes)) > 0; i++)
            ;
        if (mode != O_RDONLY)
            file_write(f, bytes, sizeof(bytes));
        file_close(f);
    }
    snprintf(longer, sizeof(longer), "%s/new", path);
    world_write_file(longer, 0, 2000, 1);
    fs_link(root, longer, "x");
    fs_mkdir(root, "y");
    fs_unlink(root, longer);
    fs_mkdir(root, longer);
    fs_unlink(root, longer);
    fs_unlink(root, "x");
}

static const char *const paths[] = {
    "a",   "d",  "d/a",  "d/b",      "d/e", "d/e/c", "d/e/f", "d/e/f/../../e/f",
    "dev", "..", "d/..", "d/e/f/..", ".",   "d/e/.",
};

static void poke_all(void *unused)
{
    (void)unused;
    uint n = COUNT(paths);
    for (uint i = 0; i < n; i++)
        poke(paths[i]);
    fs_sync();
    for (uint i = n; i-- > 0;)
        fs_unlink(world_root(), paths[i]);
    world_write_file("last", 0, 40000, 4);
    fs_settle();
}

/* Several processes at once. */

static uint nrunning;
static struct actor *waiter;

static void start(void (*run)(void *), uint n)
{
    nrunning += n;
    for (uint i = 0; i < n; i++)
        actor_start(run, (void *)(uintptr_t)i);
}

static void finished(void)
{
    if (--nrunning == 0 && waiter)
        actor_resume(waiter);
}

/* If they all sleep, the boot ends, and has failed. */
static void wait_for_all(void)
{
    waiter = (struct actor *)thread_self(); /* an actor begins with its thread */
    if (nrunning)
        actor_pause();
    waiter = NULL;
}

/* A file whose blocks lie in as many blocks of the bitmap as the disk has, so that its removal takes several
   operations.  It has two names, "v0" and "v1", but one link.  And the file "w": made later, it could get the inode
   that one of the names has freed, and lose it by the other. */
static void plant_scattered(void)
{
    struct fsimage im;
    uint inum, second, other;

    check(!fsimage_open(&im, world->disk, (size_t)world->nblocks * BSIZE));
    check(!fsimage_create(&im, "w", false, &other));
    check(!fsimage_create(&im, "v0", false, &inum));
    check(!fsimage_create(&im, "v1", false, &second));
    memset(fsimage_inode(&im, second), 0, sizeof(struct dinode));
    struct dirent *e = fsimage_block(&im, fsimage_inode(&im, ROOTINO)->addrs[0]);
    for (; e->inum != second; e++)
        ;
    e->inum = inum;
    struct dinode *di = fsimage_inode(&im, inum);
    for (uint i = 0; i < im.layout.ndirect && (i + 1) * BPB < im.layout.sb.size; i++) {
        uint blockno = (i + 1) * BPB - 50;
        di->addrs[i] = blockno;
        ((uchar *)fsimage_block(&im, BBLOCK(blockno, im.layout.sb)))[blockno % BPB / 8] |= 1u << blockno % 8;
        di->size += BSIZE;
    }
}

static void remove_scattered(void *arg)
{
    fs_unlink(world_root(), (uintptr_t)arg ? "v1" : "v0");
    finished();
}

static void commit_often(void *unused)
{
    (void)unused;
    for (uint i = 0; i < 20; i++) {
        check_eq(world_write_file("w", 0, 100, i), 100);
        check_eq(fs_sync(), 0);
    }
    finished();
}

static void remove_both(void *unused)
{
    (void)unused;
    start(remove_scattered, 2);
    start(commit_often, 2);
    wait_for_all();
    check(world_size("v0") == ~0u || world_size("v1") == ~0u);
    check_eq(fs_settle(), 0);
}

TEST("two names and one link: both are removed at once, and all others can still write")
{
    for (uint seed = 1; seed <= 60; seed++) {
        world_format(&world_large);
        plant_scattered();
        bool good = world_boot_with(2000, seed, remove_both, NULL);
        if (!good)
            printf("# seed %u\n", seed);
        check(good);
    }
}

/* Two files, "s0" and "s1", with the same blocks; one of them is an address block of the other. */
static void plant_shared(bool as_table)
{
    struct fsimage im;
    uint first, second;
    static const uchar bytes[20 * BSIZE];

    check(!fsimage_open(&im, world->disk, (size_t)world->nblocks * BSIZE));
    check(!fsimage_create(&im, "s0", false, &first));
    check(!fsimage_create(&im, "s1", false, &second));
    check(!fsimage_fill(&im, first, bytes, sizeof(bytes)));
    struct dinode *a = fsimage_inode(&im, first), *b = fsimage_inode(&im, second);
    b->size = a->size;
    memcpy(b->addrs, a->addrs, sizeof(a->addrs));
    if (as_table)
        b->addrs[im.layout.ndirect] = a->addrs[3];
}

static void use_shared(void *arg)
{
    const char *path = (uintptr_t)arg % 2 ? "s1" : "s0";

    for (uint i = 0; i < 10; i++) {
        if ((uintptr_t)arg < 2)
            world_write_file(path, 0, 20 * BSIZE, fake_random(256));
        else if (fs_unlink(world_root(), path) < 0)
            world_write_file(path, 0, 3 * BSIZE, i);
        fs_check();
    }
    finished();
}

static void use_shared_together(void *unused)
{
    (void)unused;
    start(use_shared, 4);
    wait_for_all();
    fs_check();
    check_eq(fs_settle(), 0);
}

TEST("two files with the same blocks: written and removed at once")
{
    for (uint seed = 1; seed <= 100; seed++) {
        world_format(&world_small);
        plant_shared(seed % 2);
        bool good = world_boot_with(2000, seed, use_shared_together, NULL);
        if (!good)
            printf("# seed %u\n", seed);
        check(good);
    }
}

static void read_twice(void *arg)
{
    const char *path = arg;

    check(world_file_is(path, 30000, 5));
    check(world_file_is(path, 30000, 5));
    check_eq(fs_unlink(world_root(), path), -1);
    check_eq(fs_link(world_root(), path, "second"), -1);
    check(world_file_is(path, 30000, 5));
    check_eq(fs_settle(), 0);
}

static void write_victim(void *unused)
{
    (void)unused;
    check_eq(world_write_file("victim", 0, 30000, 5), 30000);
    check_eq(fs_settle(), 0);
}

/* A disk that has the victim: its inode, to be damaged. */
static struct dinode *disk_with_victim(void)
{
    struct fsimage im;
    uint inum;

    world_format(&world_small);
    check(world_boot(write_victim, NULL));
    check(!fsimage_open(&im, world->disk, (size_t)world->nblocks * BSIZE));
    check(!fsimage_create(&im, "victim", true, &inum));
    return fsimage_inode(&im, inum);
}

TEST("a negative link count: the file can be read, and nothing removes it")
{
    static const short counts[] = { -1, -32768 };

    for (uint i = 0; i < COUNT(counts); i++) {
        disk_with_victim()->nlink = counts[i];
        check(world_boot(read_twice, "victim"));
        check(world_boot(read_twice, "victim")); /* and after another mount */
    }
}

static void rename_in_full(void *unused)
{
    (void)unused;
    check_eq(fs_mkdir(world_root(), "full/x"), -1);
    check_eq(fs_rename(world_root(), "full/d", "full/e"), 0);
    check_eq(fs_rename(world_root(), "full/e", "full/empty"), 0); /* an empty one goes, which frees a link */
    check_eq(fs_mkdir(world_root(), "full/x"), 0);
    check_eq(fs_rename(world_root(), "other", "full/other"), -1);
    check_eq(fs_rename(world_root(), "other", "full/x"), 0);
    check_eq(fs_rename(world_root(), "full/x", "other"), 0);
    check_eq(fs_mkdir(world_root(), "full/y"), 0);
    check_eq(fs_mkdir(world_root(), "full/z"), -1);
    check_eq(fs_settle(), 0);
}

static void make_full(void *unused)
{
    (void)unused;
    check_eq(fs_mkdir(world_root(), "full"), 0);
    check_eq(fs_mkdir(world_root(), "full/d"), 0);
    check_eq(fs_mkdir(world_root(), "full/empty"), 0);
    check_eq(fs_mkdir(world_root(), "other"), 0);
    check_eq(fs_settle(), 0);
}

/* Opens a new disk on which make() ran; returns the inode of a name, of DIRSIZ bytes, in the root. */
static struct dinode *made(struct fsimage *im, void (*make)(void *), const char *name)
{
    struct dirent *e;

    world_format(&world_small);
    check(world_boot(make, NULL));
    check(!fsimage_open(im, world->disk, (size_t)world->nblocks * BSIZE));
    check(!fsimage_find_entry(im, fsimage_inode(im, ROOTINO), name, &e));
    return fsimage_inode(im, e->inum);
}

TEST("where no link is left, directories come in no more, but change their names and leave")
{
    struct fsimage im;
    struct dinode *full = made(&im, make_full, (char[DIRSIZ]){ "full" });

    full->nlink = 32767;
    check(world_boot(rename_in_full, NULL));
    check_eq(full->nlink, 32767);
}

static void seek_in_large(void *unused)
{
    (void)unused;
    struct file *f = file_open(world_root(), "victim", O_RDONLY);
    check(f != NULL);
    check_eq(file_seek(f, 5, SEEK_SET), 5);
    check_eq(file_seek(f, -1, SEEK_END), -1);
    check_eq(file_seek(f, 0, SEEK_CUR), 5);
    file_close(f);
}

TEST("a size of more than 2 GB: there is no seek to where a position can't be")
{
    disk_with_victim()->size = 0xF0000000u;
    check(world_boot(seek_in_large, NULL));
}

static void write_in_large(void *unused)
{
    (void)unused;
    char bytes[1000];
    struct file *f = file_open(world_root(), "victim", O_RDWR);

    memset(bytes, 7, sizeof(bytes));
    check(f != NULL);
    check_eq(file_write(f, bytes, sizeof(bytes)), sizeof(bytes));
    check_eq(file_read(f, bytes, 1), 1); /* what follows stays */
    check_eq((uchar)bytes[0], fsops_byte(5, sizeof(bytes)));
    file_close(f);
    check_eq(fs_settle(), 0);
}

TEST("a size close to 2^32: the blocks that are there can be written")
{
    disk_with_victim()->size = ~0u;
    check(world_boot(write_in_large, NULL));
}

static void make_dots(void *unused)
{
    (void)unused;
    static const char *const dots[] = { "d/.", "d/..", "d/./", "d/e/." };

    for (uint i = 0; i < COUNT(dots); i++) {
        bool there = i == 3; /* in a good directory */
        check_eq(fs_mkdir(world_root(), dots[i]), -1);
        check_eq(fs_mknod(world_root(), dots[i], 1, 1), -1);
        check_eq(fs_link(world_root(), "d/victim", dots[i]), -1);
        check(!file_open(world_root(), dots[i], O_CREATE | O_RDWR));
        struct inode *ip = fs_lookup(world_root(), dots[i]);
        check_eq(ip != NULL, there);
        inode_put(ip);
    }
    check(world_file_is("d/victim", 30000, 5));
    check_eq(fs_mkdir(world_root(), "d/new"), 0); /* other names can be made */
    check_eq(fs_settle(), 0);
}

static void make_nest(void *unused)
{
    (void)unused;
    check_eq(fs_mkdir(world_root(), "d"), 0);
    check_eq(fs_mkdir(world_root(), "d/e"), 0);
    check_eq(world_write_file("d/victim", 0, 30000, 5), 30000);
    check_eq(fs_settle(), 0);
}

TEST("a directory without . and ..: nothing else gets these names")
{
    struct fsimage im;
    struct dirent *entries = fsimage_block(&im, made(&im, make_nest, (char[DIRSIZ]){ "d" })->addrs[0]);

    entries[0].inum = entries[1].inum = 0;
    check(world_boot(make_dots, NULL));
}

static void quiet(const char *problem) { (void)problem; }

/* Noise after a super block that is good. */
TEST("noise")
{
    struct check_result result;

    for (uint round = 0; round < 30; round++) {
        world_format(round % 2 ? &world_xv6 : &world_small);
        memcpy(&sb, world->disk + BSIZE, sizeof(sb));
        random_state = chance_start(round, 0);
        for (uint at = (sb.inodestart + (round % 3 != 0)) * BSIZE; at < world->nblocks * BSIZE; at++)
            world->disk[at] = pick(256);
        check_image(world->disk, (size_t)world->nblocks * BSIZE, quiet, &result);
        check(result.nproblems > 0);
        world_boot(poke_all, NULL);
        check(!strstr(world->wrong, "crashed"));
    }
}

/* What check_image() must name. */
static uchar last_problem[256];
static void keep(const char *problem) { snprintf((char *)last_problem, sizeof(last_problem), "%s", problem); }

static const char *first_problem(void)
{
    struct check_result result;

    last_problem[0] = 0;
    check_image(world->disk, (size_t)world->nblocks * BSIZE, keep, &result);
    memcpy(world->disk, good_disk, (size_t)world->nblocks * BSIZE);
    return (const char *)last_problem;
}

TEST("fsck names what is wrong")
{
    world_format(&world_small);
    check(world_boot(plant, NULL));
    memcpy(&sb, world->disk + BSIZE, sizeof(sb));
    good_disk = realloc(good_disk, (size_t)world->nblocks * BSIZE);
    memcpy(good_disk, world->disk, (size_t)world->nblocks * BSIZE);
    struct dinode *di = (struct dinode *)(world->disk + (size_t)sb.inodestart * BSIZE);
    uchar *bitmap = world->disk + (size_t)sb.bmapstart * BSIZE;
    check_str(first_problem(), "");
    di[6].nlink++;
    check(strstr(first_problem(), "its link count is"));
    di[6].size += 2 * BSIZE;
    check(strstr(first_problem(), "is missing"));
    di[6].size = 0;
    check(strstr(first_problem(), "no inode has it"));
    di[6].type = 9;
    check(strstr(first_problem(), "no inode has it") || strstr(first_problem(), "type"));
    bitmap[1500 / 8] |= 1;
    check(strstr(first_problem(), "no inode has it"));
    bitmap[(sb.bmapstart + 1) / 8] = 0;
    check(strstr(first_problem(), "is marked free"));
    di[2].addrs[0] = di[1].addrs[0];
    check(last_problem[0] || first_problem()[0]);
    ((struct superblock *)(world->disk + BSIZE))->bmapstart = 1;
    check(strstr(first_problem(), "bitmap can't be"));
    *(int *)(world->disk + (size_t)sb.logstart * BSIZE) = 500;
    check(strstr(first_problem(), "log:"));
}

static void write_twice(void *unused)
{
    (void)unused;
    check_eq(world_write_file("victim", 0, 3000, 5), 3000);
    check_eq(fs_settle(), 0);
    check_eq(world_write_file("victim", 0, 3000, 6), 3000);
    check_eq(fs_settle(), 0);
}

/* What was the log's lies there still.  Carried out again, it would bring old blocks back. */
TEST("a damaged count in the header of an empty log is noticed, whichever mount emptied the log")
{
    for (uint i = 0; i < 2; i++) {
        struct check_result result;
        world_format(&world_small);
        memcpy(&sb, world->disk + BSIZE, sizeof(sb));
        check(world_boot(write_twice, NULL));
        struct logheader *h = (struct logheader *)(world->disk + (size_t)sb.logstart * BSIZE);
        check_eq(h->n, 0);
        if (i == 1) { /* a mount carries it out */
            h->n = 1;
            h->block[0] = (int)sb.inodestart;
            memcpy(h + 1, world->disk + (size_t)sb.inodestart * BSIZE, BSIZE);
            check(world_boot(poke_all, NULL));
            check_eq(h->n, 0);
        }
        h->n = 2;
        check_image(world->disk, (size_t)world->nblocks * BSIZE, quiet, &result);
        check(result.nproblems > 0);
        check(!world_boot(poke_all, NULL));
        check(strstr(world->wrong, "its log is damaged"));
    }
}

TEST("fsck and the kernel refuse the same super blocks")
{
    for (uint nlog = 0; nlog < 20; nlog++) {
        struct check_result result;
        world_format(&world_small);
        ((struct superblock *)(world->disk + BSIZE))->nlog = nlog;
        check_image(world->disk, (size_t)world->nblocks * BSIZE, quiet, &result);
        check_eq(world_boot(poke_all, NULL), result.nproblems == 0);
        check_eq(result.nproblems == 0, nlog >= LOG_MIN);
    }
}

TAP_MAIN(world_init, NULL)
