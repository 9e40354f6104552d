/*
 * fs_driver.c - see fs_driver.h.
 *
 * On a damaged image, any result of a call is right.  What must hold: nothing panics, every process ends, and in
 * the end nothing is left in memory.
 */
#include "fs_driver.h"

#include <stdio.h>
#include <string.h>

#include "fs/cache_impl.h"
#include "fs_mutant.h"
#include "fs_world.h"
#include "host.h"
#include "host/fsmend.h"
#include "include/fcntl.h"
#include "mm/page.h"

#define NPROCESSES 4u
#define NCALLS     14u
#define NHELD      2u

/* Frames: plenty; so few that the block cache can hardly grow, or not at all. */
static const uint memories[] = { 452, 212, 182 };

static const char *const paths[] = {
    "a",   "l",   "d",   "d/b", "d/e", "d/e/c",      "d/e/f", "d/e/f/g",
    "d/h", "dev", "i",   "i/j", ".",   "i/k",        "d/..",  "new",
    "n",   "d/n", "i/n", "n/m", "..",  "lost+found", "n/.",   "d/e/f/../../n",
};

/* A process: where it is, and the files that it has open. */
struct process {
    struct inode *cwd;
    struct file *held[NHELD];
};

static uint nrunning;
static struct actor *waiter;

static const char *some_path(void) { return paths[fake_random(COUNT(paths))]; }

static void read_all(struct file *f)
{
    static char bytes[4000];

    for (uint i = 0; i < 8 && file_read(f, bytes, 1 + fake_random(sizeof(bytes))) > 0; i++)
        ;
}

static void write_some(struct file *f)
{
    static const uint sizes[] = { 100, 2000, 2000, 20000, 70000, 400000 };
    static char bytes[400000];

    file_write(f, bytes, fake_random(sizes[fake_random(COUNT(sizes))]));
}

static void open_and_use(struct process *p, const char *path)
{
    static const int modes[] = { O_RDONLY,
                                 O_WRONLY,
                                 O_RDWR,
                                 O_CREATE | O_RDWR,
                                 O_RDWR | O_APPEND,
                                 O_WRONLY | O_TRUNC,
                                 O_CREATE | O_RDWR | O_APPEND | O_TRUNC };
    struct file **slot = &p->held[fake_random(NHELD)];
    struct stat st;

    if (*slot)
        file_close(*slot);
    *slot = file_open(p->cwd, path, modes[fake_random(COUNT(modes))]);
    if (!*slot)
        return;
    file_stat(*slot, &st);
    if (fake_random(2))
        read_all(*slot);
    if (fake_random(2))
        file_seek(*slot, (int)fake_random(100000) - 50000, (int)fake_random(4));
    if (fake_random(2))
        write_some(*slot);
}

static void change_directory(struct process *p, const char *path)
{
    struct inode *ip = fs_lookup(p->cwd, path);

    if (!ip)
        return;
    inode_put(p->cwd);
    p->cwd = inode_is_dir(ip) ? ip : inode_dup(world_root());
    if (p->cwd != ip)
        inode_put(ip);
}

static void list_directory(struct process *p, const char *path)
{
    struct inode *ip = fs_lookup(p->cwd, path);
    struct dirent e;

    for (uint at = 0; ip && at < 40 * sizeof(e) && inode_read(ip, &e, at, sizeof(e)) == (int)sizeof(e);
         at += sizeof(e)) {
        char name[DIRSIZ + 1] = "";
        memcpy(name, e.name, DIRSIZ);
        struct inode *child = fs_lookup(ip, name);
        struct stat st;
        if (child) {
            inode_stat(child, &st);
            inode_put(child);
        }
    }
    if (ip)
        inode_put(ip);
}

static void call(struct process *p)
{
    const char *path = some_path();

    switch (fake_random(13)) {
    case 0:
    case 1:
    case 2:
        open_and_use(p, path);
        break;
    case 3:
    case 4:
        fs_unlink(p->cwd, path);
        break;
    case 5:
        fs_link(p->cwd, path, some_path());
        break;
    case 6:
        fs_mkdir(p->cwd, path);
        break;
    case 7:
        fs_mknod(p->cwd, path, 1, 1);
        break;
    case 8:
        change_directory(p, path);
        break;
    case 9:
        list_directory(p, path);
        break;
    case 10:
        fs_sync();
        break;
    case 11:
        if (p->held[0])
            write_some(p->held[0]);
        break;
    case 12:
        fs_rename(p->cwd, path, some_path());
        break;
    }
}

static void process(void *unused)
{
    struct process p = { .cwd = inode_dup(world_root()) };

    (void)unused;
    for (uint i = 0; i < NCALLS; i++)
        call(&p);
    for (uint i = 0; i < NHELD; i++)
        if (p.held[i])
            file_close(p.held[i]);
    inode_put(p.cwd);
    if (--nrunning == 0 && waiter)
        actor_resume(waiter);
}

/* Has nobody kept a block, room in the log or memory that was given to it? */
static void check_nothing_is_held(uint used_before)
{
    uint nclean = 0;

    list_for_each(l, &cache.clean)
        nclean++;
    check_eq(nclean + cache.nchanged, cache.nframes);
    check_eq(cache.nreserved, 0);
    if (fs_settle() == 0)
        check_eq(page_used(), used_before);
}

static void use(void *unused)
{
    (void)unused;
    check(world_root() != NULL);
    uint used = page_used();
    nrunning = NPROCESSES;
    for (uint i = 0; i < NPROCESSES; i++)
        actor_start(process, NULL);
    waiter = (struct actor *)thread_self(); /* an actor begins with its thread */
    actor_pause();
    waiter = NULL;
    check_nothing_is_held(used);
}

static void say(const char *line) { printf("# %s\n", line); }
static void quiet(const char *line) { (void)line; }

/* fail_at: this transfer fails, and all after it; 0: none does. */
static bool boot_survives(const struct mutant *m, uint seed, uint fail_at, fs_boot *boot)
{
    uint nfailures = tap_nfailures();

    world->nblocks = m->nblocks;
    world->fault = (struct fault){ .kinds = fail_at ? FAULT_ANY : 0, .skip = fail_at ? fail_at - 1 : 0 };
    boot(memories[seed / 1024 % COUNT(memories)], seed, use, NULL);
    return !strstr(world->wrong, "crashed") && tap_nfailures() == nfailures;
}

static bool is_good(const struct mutant *m, void (*report)(const char *))
{
    struct check_result result;

    check_image(world->disk, (size_t)m->nblocks * BSIZE, report, &result);
    return result.nproblems == 0;
}

/* False: it could not be mended, or not well. */
static bool mend(const struct mutant *m, bool *possible)
{
    bool good = false;

    *possible = false;
    for (uint round = 0; round < 3 && !good; round++) {
        if (!mend_image(world->disk, (size_t)m->nblocks * BSIZE, quiet))
            return true;
        good = is_good(m, quiet);
    }
    *possible = true;
    return good || is_good(m, say);
}

bool fs_driver_run(const uchar *bytes, size_t n, fs_boot *boot)
{
    static uchar disk[MUTANT_BLOCKS_MAX * BSIZE];
    struct bytes in = { bytes, n };
    struct mutant m;
    uint seed = bytes_take(&in, 2);
    bool possible = true;

    mutant_make(&m, disk, &in);
    memcpy(world->disk, disk, (size_t)m.nblocks * BSIZE);
    if (!boot_survives(&m, seed, seed % 8 ? 0 : 1 + seed / 8 % 128, boot))
        return false;
    is_good(&m, quiet); /* whatever it says */

    memcpy(world->disk, disk, (size_t)m.nblocks * BSIZE);
    if (!is_good(&m, quiet) && !mend(&m, &possible))
        return false;
    if (!possible)
        return true;
    if (!mutant_is_kept(&m, world->disk) || !boot_survives(&m, seed, 0, boot))
        return false;
    if (world->wrong[0])
        printf("# mended, but: %s\n", world->wrong);
    return !world->wrong[0] && is_good(&m, say);
}
