/* fs_world.c - see fs_world.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/printk.h"
#include "chance.h"
#include "fs/blockio.h"
#include "fs/device.h"
#include "fs_world.h"
#include "include/fcntl.h"
#include "include/fnv.h"
#include "mm/page.h"
#include "mm/slab.h"

#define TIME_LIMIT 120 /* seconds of the processor's time for one boot: a hang is a failure */

struct world *world;
const struct fsimage_shape world_xv6 = { false, 1000, 200, 30 };
const struct fsimage_shape world_small = { true, 2000, 200, 127 };
const struct fsimage_shape world_large = { true, 40000, 400, 127 };

static struct inode *the_root; /* of the boot that is running; NULL: nobody has asked for it */
static uint ram_npages;        /* that host_ram has */

struct memory_range arch_memory[1];
uint arch_nmemory = 1;

/* The machine and kernel/sched, as far as fakes/park.c does not have them. */

void fake_memory_reset(void) {}

void bytes_copy(void *dst, const void *src, size_t n) { memcpy(dst, src, n); }
void page_copy(void *dst, const void *src) { memcpy(dst, src, PAGE_SIZE); }

static int device_read(void *dst, int n)
{
    memset(dst, 'd', n);
    return n;
}

static int device_write(const void *src, int n)
{
    (void)src;
    return n;
}

DEVICE(device) = { .major = 1, .read = device_read, .write = device_write };

/* The disk. */

static bool transfer_fails(uint kind, uint blockno, uint nblocks)
{
    struct fault *f = &world->fault;

    fake_gap();
    if (!(f->kinds & kind))
        return false;
    if (f->on_range && kind != FAULT_FLUSH && (blockno >= f->first + f->n || f->first >= blockno + nblocks))
        return false;
    if (f->skip > 0) {
        f->skip--;
        return false;
    }
    if (f->once && f->nfailed)
        return false;
    f->nfailed++;
    return true;
}

static void record(uint blockno, const void *bytes)
{
    if (!world->recording)
        return;
    if (world->nevents == WORLD_EVENTS_MAX)
        panic("too many events to record");
    struct event *e = &world->events[world->nevents++];
    *e = (struct event){ .blockno = blockno, .tick = ticks_now };
    memcpy(e->progress, world->progress, sizeof(e->progress));
    if (bytes)
        memcpy(e->bytes, bytes, BSIZE);
}

static void check_range(uint blockno, uint nblocks)
{
    if (blockno >= world->nblocks || nblocks > world->nblocks - blockno || !nblocks)
        panic("transfer of %u blocks at %u", nblocks, blockno);
}

uint disk_size(void) { return world->nblocks; }

int disk_read(uint blockno, uint nblocks, void *data)
{
    check_range(blockno, nblocks);
    if (transfer_fails(FAULT_READ, blockno, nblocks))
        return -1;
    memcpy(data, world->disk + (size_t)blockno * BSIZE, (size_t)nblocks * BSIZE);
    fake_gap();
    return 0;
}

int disk_write(uint blockno, uint nblocks, const void *data)
{
    static uint random_state = 1;

    check_range(blockno, nblocks);
    bool fails = transfer_fails(FAULT_WRITE, blockno, nblocks);
    for (uint i = 0; i < nblocks; i++) {
        const uchar *bytes = (const uchar *)data + (size_t)i * BSIZE;
        if (fails && chance(&random_state, 2))
            continue;
        record(blockno + i, bytes);
        memcpy(world->disk + (size_t)(blockno + i) * BSIZE, bytes, BSIZE);
    }
    fake_gap();
    return fails ? -1 : 0;
}

int disk_flush(void)
{
    if (transfer_fails(FAULT_FLUSH, 0, 0))
        return -1;
    record(EVENT_FLUSH, NULL);
    return 0;
}

/* Images. */

void world_init(void)
{
    if (world)
        return;
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (world == MAP_FAILED)
        abort();
}

void world_format(const struct fsimage_shape *l)
{
    struct fsimage im;

    memset(world->disk, 0, sizeof(world->disk));
    world->nblocks = l->nblocks;
    world->nevents = 0;
    world->recording = false;
    memset(world->progress, 0, sizeof(world->progress));
    memset(&world->fault, 0, sizeof(world->fault));
    if (fsimage_format(&im, world->disk, l))
        abort();
}

static void print_problem(const char *problem) { printf("# %s\n", problem); }

bool world_is_consistent(struct check_result *result)
{
    struct check_result mine;

    if (!result)
        result = &mine;
    check_image(world->disk, (size_t)world->nblocks * BSIZE, print_problem, result);
    return result->nproblems == 0;
}

/* Boots. */

struct boot {
    void (*run)(void *);
    void *arg;
};

static void boot_thread(void *arg)
{
    struct boot *b = arg;
    const char *wrong = fs_mount();

    if (wrong) {
        snprintf(world->wrong, sizeof(world->wrong), "%s", wrong);
        return;
    }
    page_init_done();
    actor_start(fs_flusher, NULL);
    b->run(b->arg);
    fs_check();
    page_check();
}

void world_boot_here(uint npages, uint jitter, void (*run)(void *), void *arg)
{
    struct boot b = { run, arg };
    struct itimerval limit = { .it_value.tv_sec = TIME_LIMIT };

    setitimer(ITIMER_PROF, &limit, NULL);
    world->wrong[0] = 0;
    the_root = NULL;
    fake_reset();
    if (ram_npages < npages) {
        free(host_ram);
        if (posix_memalign((void **)&host_ram, PAGE_SIZE, (size_t)npages * PAGE_SIZE))
            abort();
        ram_npages = npages;
    }
    arch_memory[0] = (struct memory_range){ PAGE_SIZE, npages * PAGE_SIZE };
    page_init();
    slab_init();
    actors_jitter(jitter);
    actor_start(boot_thread, &b);
    actors_run();
    check(actors_alive() <= 1 + (world->wrong[0] != 0)); /* the flusher stays */
}

bool world_boot_with(uint npages, uint jitter, void (*run)(void *), void *arg)
{
    unsigned nfailures = tap_nfailures();

    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        world_boot_here(npages, jitter, run, arg);
        fflush(stdout);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        snprintf(world->wrong, sizeof(world->wrong), "it crashed or hung: status %x", status);
        printf("# %s\n", world->wrong);
        return false;
    }
    return !world->wrong[0] && tap_nfailures() == nfailures;
}

bool world_boot(void (*run)(void *), void *arg) { return world_boot_with(2000, 0, run, arg); }

/* Use. */

struct inode *world_root(void)
{
    if (!the_root)
        the_root = fs_root();
    return the_root;
}

int world_write_file(const char *path, uint offset, uint n, uint seed)
{
    struct file *f = file_open(world_root(), path, O_CREATE | O_RDWR);

    if (!f)
        return -1;
    uchar *bytes = malloc(offset + n + 1);
    int result = 0;
    if (offset && file_read(f, bytes, offset) != (int)offset)
        result = -1;
    for (uint i = 0; i < n; i++)
        bytes[i] = fsops_byte(seed, offset + i);
    if (result == 0)
        result = file_write(f, bytes, n);
    free(bytes);
    file_close(f);
    return result;
}

bool world_file_is(const char *path, uint size, uint seed)
{
    struct file *f = file_open(world_root(), path, O_RDONLY);

    if (!f)
        return false;
    uchar *bytes = malloc(size + 100);
    bool good = file_read(f, bytes, size + 100) == (int)size;
    for (uint i = 0; i < size && good; i++)
        good = bytes[i] == fsops_byte(seed, i);
    free(bytes);
    file_close(f);
    return good;
}

uint world_size(const char *path)
{
    struct file *f = file_open(world_root(), path, O_RDONLY);
    struct stat st;

    if (!f)
        return ~0u;
    file_stat(f, &st);
    file_close(f);
    return st.size;
}

static uint mix(uint hash, const void *bytes, uint n)
{
    const uchar *p = bytes;

    while (n-- > 0)
        hash = fnv_add(hash, (char)*p++);
    return hash;
}

/* The sum over the entries of a directory, so that their order does not count. */
static uint fingerprint_of(struct inode *ip, uint depth)
{
    struct stat st;
    uchar buffer[BSIZE];

    inode_stat(ip, &st);
    uint hash = mix(FNV_BEGIN, &st.type, sizeof(st.type));
    hash = mix(hash, &st.nlink, sizeof(st.nlink));
    if (st.type != T_DIR) {
        hash = mix(hash, &st.size, sizeof(st.size));
        for (uint at = 0; at < st.size; at += sizeof(buffer)) {
            int n = inode_read(ip, buffer, at, sizeof(buffer));
            hash = mix(hash, buffer, n < 0 ? 0 : n);
        }
        return hash;
    }
    struct dirent e;
    for (uint at = 0; depth < 20 && inode_read(ip, &e, at, sizeof(e)) == sizeof(e); at += sizeof(e)) {
        char name[DIRSIZ + 1] = "";
        memcpy(name, e.name, DIRSIZ);
        if (!e.inum || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        struct inode *child = fs_lookup(ip, name);
        if (!child)
            continue;
        uint sub = fingerprint_of(child, depth + 1);
        hash += mix(sub, name, strlen(name)) * 3;
        inode_put(child);
    }
    return hash;
}

uint world_fingerprint_of(const char *path)
{
    struct fault fault = world->fault;
    struct inode *ip;

    world->fault.kinds = 0;
    ip = fs_lookup(world_root(), path);
    uint hash = ip ? fingerprint_of(ip, 0) : 0;
    if (ip)
        inode_put(ip);
    world->fault = fault;
    return hash;
}

uint world_fingerprint(void) { return world_fingerprint_of("/"); }
