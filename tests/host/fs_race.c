/*
 * fs_race.c - files, directories and the block cache, used by several threads at once.
 *
 * What must hold: nothing panics, no thread is left asleep, what each writes is what it reads, and the disk is
 * consistent in the end.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/cache_impl.h"
#include "fs_race.h"
#include "include/fcntl.h"
#include "mm/page.h"

static uint nrunning;

void race_finished(void) { atomic_add(&nrunning, -1u); }

uint race_nrunning(void) { return atomic_add(&nrunning, 0); }

void race_wait_for_all(void)
{
    while (race_nrunning())
        actor_yield();
}

struct actor *race_start(void (*run)(void *), uintptr_t arg)
{
    atomic_add(&nrunning, 1);
    return actor_start(run, (void *)arg);
}

void race_start_all(void (*run)(void *), uint n)
{
    for (uint i = 0; i < n; i++)
        race_start(run, i);
}

void race_seed(uint npages, void (*run)(void *), uint seed)
{
    bool good = world_boot_with(npages, seed, run, NULL);

    good = world_is_consistent(NULL) && good;
    if (!good)
        printf("# seed %u\n", seed);
    check(good);
}

void race_seeds(const struct fsimage_shape *shape, uint npages, void (*run)(void *), uint nseeds)
{
    for (uint seed = 1; seed <= nseeds / RACE_SEEDS_SHARE; seed++) {
        world_format(shape);
        race_seed(npages, run, seed);
    }
}

/* Files. */

static void write_and_read(void *arg)
{
    uint self = (uintptr_t)arg;
    char name[20];

    for (uint round = 0; round < 6; round++) {
        uint size = fake_random(30000);
        sprintf(name, "f%u", self);
        check_eq(world_write_file(name, 0, size, self), size);
        check(world_file_is(name, size, self));
        if (fake_random(3) == 0)
            check_eq(fs_sync(), 0);
        check_eq(fs_unlink(world_root(), name), 0);
        check_eq(world_size(name), ~0u);
    }
    race_finished();
}

/* Empties a file, or makes it, and writes to its end.  It stays open, and may have lost its name by then. */
static struct file *rewrite(const char *path)
{
    static const char bytes[9000];
    struct file *f = file_open(world_root(), path, O_CREATE | O_RDWR | O_TRUNC | O_APPEND);

    if (f)
        check_eq(file_write(f, bytes, sizeof(bytes)), sizeof(bytes));
    return f;
}

/* All use the same names; any result is right. */
static void fight(void *arg)
{
    uint self = (uintptr_t)arg;
    struct inode *root = world_root();
    struct file *held = NULL;
    char a[20], b[20];

    for (uint round = 0; round < 60; round++) {
        sprintf(a, "n%u", fake_random(4));
        sprintf(b, fake_random(2) ? "n%u" : "n0/m%u", fake_random(4));
        struct inode *ip;
        switch (fake_random(10)) {
        case 0:
            fs_mkdir(root, a);
            break;
        case 1:
            fs_unlink(root, a);
            break;
        case 2:
            fs_unlink(root, b);
            break;
        case 3:
            world_write_file(b, 0, 700, self);
            break;
        case 4:
            fs_link(root, a, b);
            break;
        case 5:
            fs_mkdir(root, b);
            break;
        case 6:
            ip = fs_lookup(root, b);
            if (ip) {
                fs_unlink(ip, "../n1");
                inode_put(ip);
            }
            break;
        case 7:
            fs_rename(root, a, b);
            break;
        case 8:
            fs_rename(root, b, a);
            break;
        case 9:
            if (held)
                file_close(held);
            held = rewrite(b);
            break;
        }
    }
    if (held)
        file_close(held);
    race_finished();
}

static void run_files(void *unused)
{
    (void)unused;
    check(world_root() != NULL);
    uint used = page_used();
    race_start_all(write_and_read, 5);
    race_wait_for_all();
    race_start_all(fight, 5);
    race_start_all(write_and_read, 2);
    race_wait_for_all();
    check_eq(fs_settle(), 0);
    check_eq(page_used(), used);
}

/* A directory is freed, and with it the one that it was in, while others ask for a new inode.  It can only have the
   number of one of these; and they fail, since the directory for the new name can't be read to its end. */

static const struct fsimage_shape few_inodes = { false, 2000, 16, 127 };

static void fill_up(void *unused)
{
    struct inode *root = world_root();
    char name[20];

    (void)unused;
    check_eq(fs_mkdir(root, "long"), 0);
    check_eq(world_write_file("long/f", 0, 1, 1), 1);
    for (uint i = 0; i < BSIZE / sizeof(struct dirent); i++) {
        sprintf(name, "long/%u", i);
        check_eq(fs_link(root, "long/f", name), 0);
    }
    check_eq(fs_mkdir(root, "outer"), 0);
    check_eq(fs_mkdir(root, "outer/inner"), 0);
    for (uint i = 0; sprintf(name, "f%u", i), world_write_file(name, 0, 0, 1) == 0; i++)
        ;
    struct stat st;
    struct inode *ip = fs_lookup(root, "long");
    inode_stat(ip, &st);
    inode_put(ip);
    world->scratch[0] = st.ino;
    check_eq(fs_settle(), 0);
}

/* The second block of "long" can't be read from now on. */
static void spoil(void)
{
    struct superblock sb;
    uint inum = world->scratch[0];

    memcpy(&sb, world->disk + BSIZE, sizeof(sb));
    const struct dinode *inodes = (const struct dinode *)(world->disk + IBLOCK(inum, sb) * BSIZE);
    world->fault = (struct fault){ .kinds = FAULT_READ, .on_range = true, .n = 1 };
    world->fault.first = inodes[inum % IPB].addrs[1];
}

static struct inode *inner;

static void leave_inner(void *unused)
{
    (void)unused;
    for (uint n = fake_random(100); n > 0; n--)
        actor_yield();
    inode_put(inner);
    race_finished();
}

static void ask_in_vain(void *unused)
{
    (void)unused;
    for (uint i = 0; i < 40; i++)
        check(!file_open(world_root(), "long/new", O_CREATE | O_RDWR));
    race_finished();
}

static void run_freeing(void *unused)
{
    struct inode *root = world_root();

    (void)unused;
    inner = fs_lookup(root, "outer/inner");
    check_eq(fs_unlink(root, "outer/inner"), 0);
    check_eq(fs_unlink(root, "outer"), 0);
    race_start(leave_inner, 0);
    race_start_all(ask_in_vain, 2);
    race_wait_for_all();
    check_eq(fs_mkdir(root, "outer"), 0); /* both numbers are free again */
    check_eq(fs_mkdir(root, "outer/inner"), 0);
}

/* A directory can't move, because the disk is full and the new name needs a block: nobody may see that it was tried. */

static const struct fsimage_shape few_blocks = { false, 600, 48, 127 };

static void fill_disk(void *unused)
{
    struct inode *root = world_root();
    char name[20];

    (void)unused;
    check_eq(fs_mkdir(root, "from"), 0);
    check_eq(fs_mkdir(root, "from/moving"), 0);
    check_eq(fs_mkdir(root, "to"), 0);
    check_eq(fs_mkdir(root, "gone"), 0);
    check_eq(world_write_file("to/f", 0, 0, 1), 0);
    for (uint i = 3; i < BSIZE / sizeof(struct dirent); i++) { /* it has ".", ".." and "f" */
        sprintf(name, "to/%u", i);
        check_eq(fs_link(root, "to/f", name), 0);
    }
    for (uint i = 0; sprintf(name, "f%u", i), world_write_file(name, 0, 60000, 1) == 60000; i++)
        ;
    for (uint i = 0; sprintf(name, "g%u", i), world_write_file(name, 0, BSIZE, 1) == BSIZE; i++)
        ;
    check_eq(fs_settle(), 0);
}

static void move_in_vain(void *unused)
{
    (void)unused;
    for (uint i = 0; i < 40; i++)
        check_eq(fs_rename(world_root(), "from/moving", "to/moving"), -1);
    race_finished();
}

static void run_moving(void *unused)
{
    struct inode *from = fs_lookup(world_root(), "from"), *moving = fs_lookup(world_root(), "from/moving");

    (void)unused;
    race_start(move_in_vain, 0);
    while (race_nrunning()) {
        struct inode *up = fs_lookup(moving, "..");
        check(up == from);
        inode_put(up);
        actor_yield();
    }
    inode_put(moving);
    inode_put(from);
}

/* A file is linked in vain, for each reason that there is, and then in earnest: nobody may see that it was tried, or
   one of its names without the other. */

static void link_file(void *unused)
{
    struct inode *gone = fs_lookup(world_root(), "gone");

    (void)unused;
    check_eq(fs_unlink(world_root(), "gone"), 0);
    for (uint i = 0; i < 20; i++) {
        check_eq(fs_link(world_root(), "f0", "f1"), -1);
        check_eq(fs_link(world_root(), "f0", "to/two"), -1);
        check_eq(fs_link(gone, "/f0", "two"), -1);
    }
    check_eq(fs_link(world_root(), "f0", "two"), 0);
    inode_put(gone);
    race_finished();
}

static uint nlinks(const char *name)
{
    struct inode *ip = fs_lookup(world_root(), name);
    struct stat st = { .nlink = 0 };

    if (ip)
        inode_stat(ip, &st);
    inode_put(ip);
    return st.nlink;
}

static void run_linking(void *unused)
{
    (void)unused;
    race_start_all(link_file, 1);
    while (race_nrunning()) {
        uint n = nlinks("two");
        check(n == 0 || n == 2);
        check(nlinks("f0") == 1 || nlinks("two") == 2);
        actor_yield();
    }
    check_eq(fs_unlink(world_root(), "two"), 0);
    check_eq(fs_mkdir(world_root(), "gone"), 0);
}

/* Somebody reads a file from start to end in one call, again and again, and others write to it. */

#define LONG       600000u
#define LONG_READS 10u

static uint nwritten;

static void read_at_once(void *unused)
{
    static char bytes[LONG];

    (void)unused;
    for (uint i = 0; i < LONG_READS; i++) {
        struct file *f = file_open(world_root(), "long", O_RDONLY);
        check_eq(file_read(f, bytes, LONG), LONG);
        file_close(f);
    }
    race_finished();
}

static void write_bytes(void *unused)
{
    (void)unused;
    while (race_nrunning() > 1) {
        check_eq(world_write_file("long", 0, 1, 1), 1);
        nwritten++;
    }
    race_finished();
}

static void run_reading(void *unused)
{
    (void)unused;
    check_eq(world_write_file("long", 0, LONG, 1), LONG);
    race_start(read_at_once, 0);
    race_start(write_bytes, 0);
    race_wait_for_all();
    check(nwritten > 4 * LONG_READS);
}

/* Many writers share one open file: each piece lands as a whole. */
static struct file *shared;

static void append_lines(void *arg)
{
    char line[100];

    memset(line, 'a' + (int)(uintptr_t)arg, sizeof(line));
    for (uint i = 0; i < 40; i++)
        check_eq(file_write(shared, line, sizeof(line)), sizeof(line));
    race_finished();
}

static void run_shared(void *unused)
{
    (void)unused;
    char line[100];
    uint count[4] = { 0 };
    shared = file_open(world_root(), "shared", O_CREATE | O_RDWR);
    race_start_all(append_lines, 4);
    race_wait_for_all();
    file_close(shared);
    shared = file_open(world_root(), "shared", O_RDONLY);
    for (int n; (n = file_read(shared, line, sizeof(line))) > 0;) {
        check_eq(n, sizeof(line));
        for (uint i = 0; i < sizeof(line); i++)
            check_eq(line[i], line[0]);
        count[(line[0] - 'a') & 3]++;
    }
    for (uint i = 0; i < 4; i++)
        check_eq(count[i], 40);
    file_close(shared);
}

TEST("files and directories")
{
    race_seeds(&world_xv6, 2000, run_files, 40);
    race_seeds(&world_small, 2000, run_files, 40);
    race_seeds(&world_small, 330, run_files, 20);
}

TEST("a number is not given out before the inode that had it is gone")
{
    world_format(&few_inodes);
    check(world_boot(fill_up, NULL));
    spoil();
    for (uint seed = 1; seed <= 60 / RACE_SEEDS_SHARE; seed++)
        race_seed(2000, run_freeing, seed); /* which leaves all as it was */
}

TEST("a directory that can't move leads to where it is at each moment")
{
    world_format(&few_blocks);
    check(world_boot(fill_disk, NULL));
    for (uint seed = 1; seed <= 10; seed++)
        race_seed(2000, run_moving, seed);
}

TEST("a link counts exactly while its name is there, and not when it fails")
{
    world_format(&few_blocks);
    check(world_boot(fill_disk, NULL));
    for (uint seed = 1; seed <= 10; seed++)
        race_seed(2000, run_linking, seed);
}

TEST("a long read lets others write in between") { race_seeds(&world_small, 700, run_reading, 10); }

TEST("one open file, many writers") { race_seeds(&world_small, 2000, run_shared, 10); }

/* Frames of the cache. */

#define FRAMES_MAX          2000u
#define WANTED              3000u /* a group of the large disk that is not cached */
#define GROUP_START(number) ((number)*8)

static struct group *pinned[FRAMES_MAX];
static uint ngot; /* by readers that had to wait for a frame */

static bool frame_is_left(void)
{
    spin_acquire(&cache.lock);
    bool left = cache_grow_locked() || !list_empty(&cache.clean);
    spin_release(&cache.lock);
    return left;
}

static void wait_for_frame(void *number)
{
    struct group *g = cache_get(GROUP_START((uint)(uintptr_t)number), 1, 0);

    atomic_add(&ngot, 1);
    while (atomic_add(&ngot, 0) < 3)
        actor_yield();
    cache_put(g);
    race_finished();
}

static void free_two_frames(void *unused)
{
    uint n = 0;

    (void)unused;
    while (n < FRAMES_MAX && frame_is_left()) {
        pinned[n] = cache_get(GROUP_START(n + 1), 1, 0);
        n++;
    }
    race_start(wait_for_frame, WANTED);
    race_start(wait_for_frame, WANTED);
    race_start(wait_for_frame, WANTED + 1);
    for (uint i = 0; i < 100; i++)
        actor_yield();
    check_eq(atomic_add(&ngot, 0), 0);
    cache_put(pinned[--n]);
    cache_put(pinned[--n]);
    for (uint i = 0; i < 1000; i++)
        actor_yield();
    check_eq(atomic_add(&ngot, 0), 3);
    while (n > 0)
        cache_put(pinned[--n]);
    race_wait_for_all();
}

TEST("a frame of the cache goes to a reader that waits, though the one that was woken needs none")
{
    world_format(&world_large);
    check(world_boot_with(800, 0, free_two_frames, NULL));
}

TAP_MAIN(world_init, NULL)
