/*
 * fs_world.h - the floor below kernel/fs on the host: a disk in memory, an arena of page frames, actors for
 * threads.
 *
 * The rooms keep their state in static variables, as a kernel does that boots once.  So each boot is a
 * process of its own: world_boot() runs a function in a child that has just mounted the disk.  The disk, and
 * what is written below as shared, survive it.
 */
#ifndef FS_WORLD_H
#define FS_WORLD_H

#include "fakes/fake.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fsops.h"
#include "host.h"
#include "host/fscheck.h"
#include "host/fsimage.h"
#include "include/fs.h"

#define WORLD_BLOCKS_MAX 40960u
#define WORLD_EVENTS_MAX 60000u
#define WORLD_PLACES     4u /* directories with a series of operations each */

/* How far the series of one place has got. */
struct progress {
    uint nops;     /* operations that have ended */
    uint ndurable; /* of these, the ones that a sync() has promised */
};

/* One block written, or a flush. */
struct event {
    uint blockno; /* EVENT_FLUSH: a flush */
    uint tick;
    struct progress progress[WORLD_PLACES]; /* before */
    uchar bytes[BSIZE];
};
#define EVENT_FLUSH (~0u)

/* Which transfers fail.  What a failed write wrote is chance: each of its blocks, or not. */
struct fault {
    uint kinds;    /* FAULT_ bits; 0: none fails */
    uint skip;     /* the first ones that would fail, and do not */
    bool once;     /* else all after it as well */
    bool on_range; /* reads and writes fail only if they touch [first, first + n) */
    uint first, n; /* blocks */
    uint nfailed;  /* so far */
};
enum { FAULT_READ = 1, FAULT_WRITE = 2, FAULT_FLUSH = 4, FAULT_ANY = 7 };

/* Shared by all boots and the test itself. */
struct world {
    uint nblocks; /* of the disk */
    uint nevents;
    bool recording;
    struct progress progress[WORLD_PLACES]; /* kept by the test */
    struct fault fault;
    char wrong[256]; /* what fs_mount() said, or how the boot failed; "" */
    uchar disk[WORLD_BLOCKS_MAX * BSIZE];
    struct event events[WORLD_EVENTS_MAX];
    uint scratch[65536]; /* for tests */
};
extern struct world *world;

extern const struct fsimage_shape world_xv6, world_small, world_large; /* 1,000 blocks; 2,000; 40,000 */

/* Makes *world, which stays: the next call does nothing. */
void world_init(void);
/* An empty file system. */
void world_format(const struct fsimage_shape *shape);
/* Boots with npages of memory and runs run(arg) as a thread, and the flusher as another one; jitter: see
   actors_jitter().  False: it could not mount (world->wrong says why), a check in it failed, or it crashed. */
bool world_boot_with(uint npages, uint jitter, void (*run)(void *), void *arg);
bool world_boot(void (*run)(void *), void *arg); /* with 2,000 pages and no jitter */
/* The same in this process, where the kernel's variables are those of a machine that is switched on.  A crash ends the
   process. */
void world_boot_here(uint npages, uint jitter, void (*run)(void *), void *arg);
/* Is the disk consistent, as it is now?  Prints what is not. */
bool world_is_consistent(struct check_result *result);
/* What users can see of the mounted file system, or of one directory, as one number; no transfer fails meanwhile. */
uint world_fingerprint(void);
uint world_fingerprint_of(const char *path);

/* Short ways to use the file system, relative to the root. */

struct inode *world_root(void);
/* Creates it if need be; the bytes depend on the seed and their position. */
int world_write_file(const char *path, uint offset, uint n, uint seed);
bool world_file_is(const char *path, uint size, uint seed);
uint world_size(const char *path); /* ~0: it does not exist */

#endif
