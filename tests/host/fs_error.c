/*
 * fs_error.c - a disk whose reads, writes or flushes fail: once, from some moment on, or in some blocks.
 *
 * Random work goes on over it.  A call that failed has changed nothing, or the file system says so by failing from then
 * on; what could be read before can be read still; a sync() that failed is never followed by one that does not; and the
 * next boot finds what some operation had left, after the last one that a sync() had promised.
 */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "fs/names.h"
#include "fs_cut.h"
#include "include/fcntl.h"
#include "mm/page.h"

#define NOPS_BEFORE 150u
#define NOPS        60u
#define LEFT_PAGES  8u /* besides the cache's pool, so that it can't hold the disk */

static void before(void)
{
    world_init();
    strcpy(cut_history(0)->place, "/");
}

static uchar *filled; /* a disk with files */
static uint ntried;

/* The large files are read last for a fingerprint, and push all else out of the cache. */
static void fill(void *seed)
{
    char name[] = "large0";

    cut_work(0, "", *(uint *)seed, NOPS_BEFORE);
    for (uint i = 0; i < 6; i++) {
        name[5] = '0' + i;
        check_eq(world_write_file(name, 0, 60000, i), 60000);
    }
    check_eq(fs_settle(), 0);
}

static void make_filled(const struct fsimage_shape *shape, uint seed)
{
    size_t nbytes = (size_t)shape->nblocks * BSIZE;

    world_format(shape);
    check(world_boot(fill, &seed));
    free(filled);
    filled = malloc(nbytes);
    memcpy(filled, world->disk, nbytes);
}

/* Takes all frames but a few, even those that the cache already has. */
static void take_memory(void)
{
    void *last[LEFT_PAGES] = { NULL }, *page;

    page_reclaim(~0u, false);
    for (uint i = 0; (page = page_alloc_spare()) != NULL; i++)
        last[i % LEFT_PAGES] = page;
    for (uint i = 0; i < LEFT_PAGES; i++)
        page_free(last[i]);
}

/* How it is with the file system after each operation: as it was, if the call failed.  If it is not, then it is broken,
   and no sync() succeeds any more. */
static void work(void *arg)
{
    uint seed = *(uint *)arg, chances = chance_start(seed, 1), ndubious = 0;
    struct history *h = cut_history(0);
    struct progress *p = &world->progress[0];
    struct fsops ops = fsops_start(seed, "");
    bool broken = false;

    take_memory();
    h->fingerprint[0] = world_fingerprint();
    for (uint i = 1; i <= NOPS; i++) {
        bool failed = fsops_next(&ops) < 0;
        h->nops = p->nops = i;
        h->fingerprint[i] = world_fingerprint();
        if (failed)
            ndubious += h->fingerprint[i] != h->fingerprint[i - 1];
        if (broken)
            check_eq(h->fingerprint[i], h->fingerprint[i - 1]);
        if (chance(&chances, 6) == 0 || i == NOPS) {
            int result = i == NOPS ? fs_settle() : fs_sync();
            check_eq(result, broken || ndubious ? -1 : result);
            broken = result < 0;
            if (!broken)
                p->ndurable = i;
        }
        if (chance(&chances, 3) == 0) {
            actors_tick(chance(&chances, 40));
            actor_yield();
        }
    }
    if (world->fault.nfailed && !(world->fault.kinds & FAULT_READ))
        check(broken);
    if (broken)
        check(strstr(fake_printed, "from now on files can be read but not changed"));
}

/* Boots the filled disk, which then has this fault; looks at what is left, both if the machine goes on and if it loses
   what was not flushed.  False: something is wrong. */
static bool try_fault(const struct fault *fault, uint seed)
{
    uint nfailures = tap_nfailures();
    struct event end = { .blockno = EVENT_FLUSH };

    ntried++;
    memcpy(world->disk, filled, (size_t)world->nblocks * BSIZE);
    cut_keep_disk();
    world->nevents = 0;
    world->recording = true;
    world->progress[0] = (struct progress){ 0, 0 };
    world->fault = *fault;
    (void)!world_boot(work, &seed);
    world->fault.kinds = 0;
    world->recording = false;
    bool mounted = !world->wrong[0];
    check(mounted || strstr(world->wrong, "can't be"));
    memcpy(end.progress, world->progress, sizeof(end.progress));
    for (uint lost = 0; lost < 2; lost++) {
        if (lost && world->nevents)
            cut_power(world->nevents - 1, 128);
        check(world_is_consistent(NULL));
        if (mounted)
            check(cut_look(&end, 1));
    }
    if (tap_nfailures() == nfailures)
        return true;
    tap_note("seed %u, kinds %u, skip %u, once %d, range %d: %u of %u", seed, fault->kinds, fault->skip,
             fault->once, fault->on_range, fault->n, fault->first);
    return false;
}

static const struct fsimage_shape *const shapes[] = { &world_xv6, &world_small };

/* All cases, or one in so many: those of `./ksm crash`, or those of each test run. */
static uint every(uint few) { return getenv("FS_ERROR_ALL") ? 1 : few; }

/* Fails the nth transfer of these kinds, for many n: alone, and with all after it. */
static void fail_each(uint kinds, uint step)
{
    for (uint i = 0; i < 2; i++) {
        uint nbad = 0;
        make_filled(shapes[i], 5 + i);
        for (uint n = 0; n < 10000 && nbad < 5; n += step) {
            for (uint once = 0; once < 2; once++) {
                struct fault fault = { .kinds = kinds, .skip = n, .once = once };
                nbad += !try_fault(&fault, n + 1);
            }
            if (!world->fault.nfailed)
                break;
        }
        check_eq(nbad, 0);
    }
}

TEST("a read that fails") { fail_each(FAULT_READ, every(97)); }

TEST("a write that fails") { fail_each(FAULT_WRITE, every(29)); }

TEST("a flush that fails") { fail_each(FAULT_FLUSH, every(7)); }

TEST("blocks that can't be read, or not be written, or neither")
{
    static const uint kinds[] = { FAULT_READ, FAULT_WRITE, FAULT_READ | FAULT_WRITE };

    for (uint i = 0; i < 2; i++) {
        uint nbad = 0;
        make_filled(shapes[i], 7 + i);
        for (uint at = 2; at < world->nblocks && nbad < 5; at += every(at < 200 ? 13 : 61)) {
            struct fault fault = { .kinds = kinds[at % 3], .on_range = true, .first = at, .n = 1 + at % 4 };
            nbad += !try_fault(&fault, at);
        }
        check_eq(nbad, 0);
    }
    tap_note("%u faults tried", ntried);
}

/* One bad block. */

static void write_forty(void *unused)
{
    (void)unused;
    check_eq(fs_mkdir(world_root(), "d"), 0);
    for (uint i = 0; i < 40; i++) {
        char name[10];
        sprintf(name, "d/f%u", i);
        check_eq(world_write_file(name, 0, i == 3 ? 5000 : 10, i), i == 3 ? 5000 : 10);
    }
    check_eq(fs_settle(), 0);
}

static void fail_reads_of(uint blockno)
{
    world->fault = (struct fault){ .kinds = FAULT_READ, .on_range = true, .first = blockno, .n = 1 };
}

/* The first block of the disk that has these bytes somewhere. */
static uint find_block(const void *bytes, uint n)
{
    const uchar *data = world->disk + 2 * BSIZE;
    const uchar *at = memmem(data, (size_t)(world->nblocks - 2) * BSIZE, bytes, n);

    check(at);
    return at ? 2 + (uint)(at - data) / BSIZE : 0;
}

/* The count, if the bytes are right. */
static int read_at(const char *path, uint at, uint n)
{
    struct inode *ip = fs_lookup(world_root(), path);
    uchar bytes[5000];

    if (!ip)
        return -2;
    int count = inode_read(ip, bytes, at, n);
    for (int i = 0; i < count; i++)
        if (bytes[i] != fsops_byte(3, at + (uint)i))
            count = -3;
    inode_put(ip);
    return count;
}

static void read_around(void *unused)
{
    (void)unused;
    check_eq(read_at("d/f3", 0, 5000), 4 * BSIZE);
    check_eq(read_at("d/f3", 4 * BSIZE + 100, 1000), -1);
    check_eq(read_at("d/f3", 5 * BSIZE, 5000), 5000 - 5 * BSIZE);
    for (uint i = 0; i < 9; i++)
        check_eq(read_at("d/f3", i * BSIZE, BSIZE), i == 4 ? -1 : (int)BSIZE);
    check_eq(fs_sync(), 0);
}

TEST("a block that can't be read spoils no other")
{
    uchar bytes[BSIZE];

    for (uint i = 0; i < sizeof(bytes); i++)
        bytes[i] = fsops_byte(3, 4 * BSIZE + i);
    world_format(&world_small);
    check(world_boot(write_forty, NULL));
    fail_reads_of(find_block(bytes, sizeof(bytes)));
    check(world_boot(read_around, NULL));
}

static void use_directory(void *unused)
{
    (void)unused;
    check_eq(world_size("d/f1"), 10);
    check_eq(world_size("d/f35"), ~0u);
    check_eq(fs_unlink(world_root(), "d"), -1);
    check_eq(world_write_file("d/f35", 0, 5, 5), -1);
    check_eq(fs_link(world_root(), "d/f1", "d/f35"), -1);
    check_eq(fs_unlink(world_root(), "d/f1"), 0); /* its entry would be free now */
    check_eq(world_write_file("d/f35", 0, 5, 5), -1);
    check_eq(fs_sync(), 0);
    world->fault.kinds = 0;
    check_eq(world_size("d/f35"), 10);
}

TEST("a directory that can't be read to its end gets no name that it may have")
{
    world_format(&world_small);
    check(world_boot(write_forty, NULL));
    fail_reads_of(find_block("f35", 4));
    check(world_boot(use_directory, NULL));
    check(world_is_consistent(NULL));
}

static void use_some_inodes(void *unused)
{
    (void)unused;
    check_eq(world_size("d/f1"), 10);
    check_eq(world_size("d/f7"), ~0u);
    check_eq(world_size("d/f20"), 10);
    check_eq(fs_unlink(world_root(), "d/f1"), 0);
    for (uint i = 0; i < 30; i++) { /* there is no room for all of them below those that can't be read */
        char name[10];
        sprintf(name, "new%u", i);
        check_eq(world_write_file(name, 0, 10, 1), 10);
    }
    check_eq(fs_settle(), 0);
}

TEST("inodes that can't be read: the other files are there, and new ones can be made")
{
    world_format(&world_small);
    check(world_boot(write_forty, NULL));
    fail_reads_of(((struct superblock *)(world->disk + BSIZE))->inodestart + 1); /* 8 to 15 */
    check(world_boot(use_some_inodes, NULL));
    check(world_is_consistent(NULL));
}

/* A large file, and all other inodes in use. */
static void use_all_inodes(void *unused)
{
    struct names_new file = { .type = T_FILE };
    bool existed = false;
    char name[DIRSIZ + 1];

    (void)unused;
    check_eq(world_write_file("large", 0, 60000, 3), 60000);
    for (uint i = 0; !existed; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        struct inode *ip = names_create(world_root(), name, &file, &existed);
        inode_put(ip);
        if (!ip)
            break;
    }
    check_eq(fs_settle(), 0);
}

/* The block with the addresses of what is beyond the direct ones. */
static uint address_block_of_large(void)
{
    const struct superblock *sb = (const struct superblock *)(world->disk + BSIZE);
    const struct dinode *di = (const struct dinode *)(world->disk + (size_t)sb->inodestart * BSIZE);

    while (di->size != 60000)
        di++;
    return di->addrs[sb->features ? EXT_NDIRECT : NDIRECT];
}

static void empty_large(void *unused)
{
    (void)unused;
    check(!file_open(world_root(), "large", O_WRONLY | O_TRUNC));
    check(strstr(fake_printed, "from now on files can be read but not changed"));
    check_eq(fs_sync(), -1);
}

static void read_large(void *unused)
{
    (void)unused;
    check(world_file_is("large", 60000, 3));
}

TEST("a file that can't be emptied without a free inode is whole at the next boot")
{
    world_format(&world_small);
    check(world_boot(use_all_inodes, NULL));
    fail_reads_of(address_block_of_large());
    check(world_boot(empty_large, NULL));
    world->fault.kinds = 0;
    check(world_boot(read_large, NULL));
    check(world_is_consistent(NULL));
}

/* An empty file loses its name while it is open, and what is known of it leaves the cache.  When it is closed, nothing
   but its inode is to be changed. */
static void lose_an_inode(void *unused)
{
    const struct superblock *sb = (const struct superblock *)(world->disk + BSIZE);
    struct file *f = file_open(world_root(), "empty", O_RDWR | O_CREATE);
    struct stat st;

    (void)unused;
    check(f && file_stat(f, &st) == 0);
    check_eq(world_write_file("large", 0, 60000, 1), 60000);
    check_eq(world_write_file("larger", 0, 300000, 2), 300000);
    check_eq(fs_unlink(world_root(), "empty"), 0);
    check_eq(fs_settle(), 0);
    take_memory();
    check(world_file_is("larger", 300000, 2));
    fail_reads_of(IBLOCK(st.ino, *sb));
    file_close(f);
    check(strstr(fake_printed, "from now on files can be read but not changed"));
    check_eq(fs_sync(), -1);
    check_eq(fs_settle(), -1);
}

TEST("sync() fails once an operation could not be completed, even if nothing waits for a commit")
{
    world_format(&world_small);
    check(world_boot(lose_an_inode, NULL));
}

TAP_MAIN(before, NULL)
