/*
 * fs_race.c - several threads at once, in interleavings that a seed decides: files, directories, and pipes.
 *
 * The actors change places at each lock and each disk transfer.  What must hold: nothing panics, no thread is
 * left asleep, what each writes is what it reads, and the disk is consistent in the end.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/cache_impl.h"
#include "fs_world.h"
#include "host.h"
#include "include/fcntl.h"
#include "mm/page.h"

static uint nrunning;

/* Atomic for the thread sanitizer: what a thread did is over when it is waited for. */
static void finished(void) { atomic_add(&nrunning, -1u); }

static void wait_for_all(void)
{
    while (atomic_add(&nrunning, 0))
        actor_yield();
}

static void start(void (*run)(void *), uint n)
{
    atomic_add(&nrunning, n);
    for (uint i = 0; i < n; i++)
        actor_start(run, (void *)(uintptr_t)i);
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
    finished();
}

/* All use the same names; any result is right. */
static void fight(void *arg)
{
    uint self = (uintptr_t)arg;
    struct inode *root = world_root();
    char a[20], b[20];

    for (uint round = 0; round < 60; round++) {
        sprintf(a, "n%u", fake_random(4));
        sprintf(b, fake_random(2) ? "n%u" : "n0/m%u", fake_random(4));
        struct inode *ip;
        switch (fake_random(9)) {
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
        }
    }
    finished();
}

static void run_files(void *unused)
{
    (void)unused;
    check(world_root() != NULL);
    uint used = page_used();
    start(write_and_read, 5);
    wait_for_all();
    start(fight, 5);
    start(write_and_read, 2);
    wait_for_all();
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
    finished();
}

static void ask_in_vain(void *unused)
{
    (void)unused;
    for (uint i = 0; i < 40; i++)
        check(!file_open(world_root(), "long/new", O_CREATE | O_RDWR));
    finished();
}

static void run_freeing(void *unused)
{
    struct inode *root = world_root();

    (void)unused;
    inner = fs_lookup(root, "outer/inner");
    check_eq(fs_unlink(root, "outer/inner"), 0);
    check_eq(fs_unlink(root, "outer"), 0);
    start(leave_inner, 1);
    start(ask_in_vain, 2);
    wait_for_all();
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
    finished();
}

static void run_moving(void *unused)
{
    struct inode *from = fs_lookup(world_root(), "from"), *moving = fs_lookup(world_root(), "from/moving");

    (void)unused;
    start(move_in_vain, 1);
    while (atomic_add(&nrunning, 0)) {
        struct inode *up = fs_lookup(moving, "..");
        check(up == from);
        inode_put(up);
        actor_yield();
    }
    inode_put(moving);
    inode_put(from);
}

/* Many writers share one open file: each piece lands as a whole. */
static struct file *shared;

static void append_lines(void *arg)
{
    char line[100];

    memset(line, 'a' + (int)(uintptr_t)arg, sizeof(line));
    for (uint i = 0; i < 40; i++)
        check_eq(file_write(shared, line, sizeof(line)), sizeof(line));
    finished();
}

static void run_shared(void *unused)
{
    (void)unused;
    char line[100];
    uint count[4] = { 0 };
    shared = file_open(world_root(), "shared", O_CREATE | O_RDWR);
    start(append_lines, 4);
    wait_for_all();
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

#ifdef __SANITIZE_THREAD__
#define SEEDS_SHARE 10 /* it finds most races in any order, and takes its time */
#else
#define SEEDS_SHARE 1
#endif

static void run_seed(uint npages, void (*run)(void *), uint seed)
{
    bool good = world_boot_with(npages, seed, run, NULL);

    good = world_is_consistent(NULL) && good;
    if (!good)
        printf("# seed %u\n", seed);
    check(good);
}

static void race(const struct fsimage_shape *l, uint npages, void (*run)(void *), uint nseeds)
{
    for (uint seed = 1; seed <= nseeds / SEEDS_SHARE; seed++) {
        world_format(l);
        run_seed(npages, run, seed);
    }
}

TEST("files and directories")
{
    race(&world_xv6, 2000, run_files, 40);
    race(&world_small, 2000, run_files, 40);
    race(&world_small, 330, run_files, 20);
}

TEST("a number is not given out before the inode that had it is gone")
{
    world_format(&few_inodes);
    check(world_boot(fill_up, NULL));
    spoil();
    for (uint seed = 1; seed <= 60 / SEEDS_SHARE; seed++)
        run_seed(2000, run_freeing, seed); /* which leaves all as it was */
}

TEST("a directory that can't move leads to where it is at each moment")
{
    world_format(&few_blocks);
    check(world_boot(fill_disk, NULL));
    for (uint seed = 1; seed <= 10; seed++)
        run_seed(2000, run_moving, seed);
}

TEST("one open file, many writers") { race(&world_small, 2000, run_shared, 10); }

/* Pipes. */

static struct file *reader, *writer;
static uint nbytes_read, nread_end;

static void send_bytes(void *arg)
{
    uint left = 30000, at = 0, seed = (uintptr_t)arg;
    uchar bytes[9000];

    while (left > 0) {
        uint n = 1 + fake_random(fake_random(2) ? 20 : sizeof(bytes));
        n = n < left ? n : left;
        for (uint i = 0; i < n; i++)
            bytes[i] = fsops_byte(seed, at + i);
        check_eq(file_write(writer, bytes, n), n);
        at += n;
        left -= n;
    }
    finished();
}

static void receive_bytes(void *unused)
{
    (void)unused;
    uchar bytes[9000];
    for (;;) {
        int n = file_read(reader, bytes, 1 + fake_random(sizeof(bytes)));
        check(n >= 0);
        if (n <= 0)
            break;
        for (int i = 0; i < n; i++) /* of one writer: in order */
            check_eq(bytes[i], fsops_byte(0, nbytes_read + i));
        nbytes_read += n;
    }
    nread_end++;
    finished();
}

static void run_pipe(void *unused)
{
    (void)unused;
    uint used = page_used();
    check_eq(pipe_create(&reader, &writer), 0);
    nbytes_read = 0;
    start(send_bytes, 1);
    start(receive_bytes, 1);
    while (nrunning > 1)
        actor_yield();
    file_close(writer);
    wait_for_all();
    check_eq(nbytes_read, 30000);
    file_close(reader);
    check_eq(page_used(), used);
}

static void send_lines(void *arg)
{
    char line[4096];
    uint n = 1000 + 1000 * (uintptr_t)arg;

    memset(line, 'a' + (int)(uintptr_t)arg, n);
    for (uint i = 0; i < 20; i++)
        check_eq(file_write(writer, line, n), n);
    finished();
}

/* Up to a page goes in one piece, whatever others write. */
static void run_lines(void *unused)
{
    (void)unused;
    uint run = 0, total = 0;
    uchar last = 0, bytes[700];
    check_eq(pipe_create(&reader, &writer), 0);
    start(send_lines, 3);
    while (total < 20 * 6000) {
        int n = file_read(reader, bytes, 1 + fake_random(sizeof(bytes)));
        check(n > 0);
        if (n <= 0)
            break;
        total += n;
        for (int i = 0; i < n; i++) {
            if (bytes[i] != last) {
                check(last == 0 || run % (1000 * (last - 'a' + 1)) == 0);
                run = 0;
                last = bytes[i];
            }
            run++;
        }
    }
    wait_for_all();
    file_close(writer);
    check_eq(file_read(reader, bytes, 10), 0);
    file_close(reader);
}

/* Writers of short lines, who always find room, and one of a page. */
static uint nshort, nlong;

static void send_short_lines(void *unused)
{
    char line[100] = "";

    (void)unused;
    while (atomic_add(&nlong, 0) == 0 && atomic_add(&nshort, 1) < 4000)
        check_eq(file_write(writer, line, sizeof(line)), sizeof(line));
    finished();
}

static void send_long_line(void *unused)
{
    static char line[4096];

    (void)unused;
    while (atomic_add(&nshort, 0) < 200) /* the pipe is full */
        actor_yield();
    check_eq(file_write(writer, line, sizeof(line)), sizeof(line));
    atomic_add(&nlong, 1);
    finished();
}

static void drain(void *unused)
{
    char bytes[100];

    (void)unused;
    while (file_read(reader, bytes, sizeof(bytes)) > 0)
        for (uint i = 0; i < 10; i++) /* the pipe stays full */
            actor_yield();
    finished();
}

static void run_turns(void *unused)
{
    (void)unused;
    check_eq(pipe_create(&reader, &writer), 0);
    nshort = nlong = 0;
    start(drain, 1);
    start(send_short_lines, 3);
    start(send_long_line, 1);
    while (atomic_add(&nrunning, 0) > 1)
        actor_yield();
    file_close(writer);
    wait_for_all();
    check(nshort < 1000);
    file_close(reader);
}

/* Sleepers end when the other side closes, or when they are killed. */
static int sleeper_result;
static void sleep_reading(void *unused)
{
    char c;

    (void)unused;
    sleeper_result = file_read(reader, &c, 1);
    finished();
}

static void sleep_writing(void *unused)
{
    static char bytes[100000];

    (void)unused;
    sleeper_result = file_write(writer, bytes, sizeof(bytes));
    finished();
}

static void let_sleep(void)
{
    for (uint i = 0; i < 50; i++)
        actor_yield();
}

static void run_ends(void *unused)
{
    (void)unused;
    char c = 'x';
    uint used = page_used();
    check_eq(pipe_create(&reader, &writer), 0);
    check_eq(file_read(writer, &c, 1), -1);
    check_eq(file_write(reader, &c, 1), -1);
    check_eq(file_stat(reader, &(struct stat){ 0 }), -1);
    start(sleep_reading, 1);
    let_sleep();
    file_close(writer);
    wait_for_all();
    check_eq(sleeper_result, 0);
    file_close(reader);

    check_eq(pipe_create(&reader, &writer), 0);
    start(sleep_writing, 1);
    let_sleep();
    file_close(reader);
    wait_for_all();
    check_eq(sleeper_result, -1);
    check_eq(file_write(writer, &c, 1), -1);
    file_close(writer);

    for (uint i = 0; i < 2; i++) {
        check_eq(pipe_create(&reader, &writer), 0);
        nrunning = 1;
        struct actor *a = actor_start(i ? sleep_writing : sleep_reading, NULL);
        let_sleep();
        thread_kill(actor_thread(a));
        wait_for_all();
        check_eq(sleeper_result, -1);
        file_close(reader);
        file_close(writer);
    }
    check_eq(page_used(), used);
}

/* A killed process moves one more piece at most, though it would not have to wait. */
#define PIECE 4096
static char block[4 * PIECE]; /* all that a pipe holds */

static void write_killed(void *unused)
{
    (void)unused;
    thread_kill(thread_self());
    check_eq(file_write(writer, block, sizeof(block)), -1);
    finished();
}

static void read_killed(void *unused)
{
    (void)unused;
    thread_kill(thread_self());
    check(file_read(reader, block, sizeof(block)) <= PIECE);
    finished();
}

static void run_killed(void *unused)
{
    (void)unused;
    check_eq(pipe_create(&reader, &writer), 0);
    start(write_killed, 1);
    wait_for_all();
    check(file_read(reader, block, sizeof(block)) <= PIECE);
    check_eq(file_write(writer, block, sizeof(block)), sizeof(block));
    start(read_killed, 1);
    wait_for_all();
    file_close(writer);
    check(file_read(reader, block, sizeof(block)) >= (int)sizeof(block) - PIECE);
    file_close(reader);
}

TEST("pipes")
{
    race(&world_small, 2000, run_pipe, 30);
    race(&world_small, 2000, run_lines, 20);
    race(&world_small, 2000, run_ends, 10);
}

TEST("a process that is killed soon reads and writes no more of a pipe")
{
    race(&world_small, 2000, run_killed, 5);
}

TEST("short writes to a full pipe do not keep a long one waiting")
{
    race(&world_small, 2000, run_turns, 10);
}

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
    finished();
}

static void free_two_frames(void *unused)
{
    uint n = 0;

    (void)unused;
    while (n < FRAMES_MAX && frame_is_left()) {
        pinned[n] = cache_get(GROUP_START(n + 1), 1, 0);
        n++;
    }
    atomic_add(&nrunning, 3);
    actor_start(wait_for_frame, (void *)(uintptr_t)WANTED);
    actor_start(wait_for_frame, (void *)(uintptr_t)WANTED);
    actor_start(wait_for_frame, (void *)(uintptr_t)(WANTED + 1));
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
    wait_for_all();
}

TEST("a frame of the cache goes to a reader that waits, though the one that was woken needs none")
{
    world_format(&world_large);
    check(world_boot_with(800, 0, free_two_frames, NULL));
}

TAP_MAIN(world_init, NULL)
