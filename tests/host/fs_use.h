/*
 * fs_use.h - what tests of the file system's calls share: calls with paths from the root, and runs on each layout.
 */
#ifndef FS_USE_H
#define FS_USE_H

#include "fs_world.h"

static const struct fsimage_shape *layout; /* of the disk that is in use */

static inline struct file *open_file(const char *path, int mode)
{
    return file_open(world_root(), path, mode);
}

/* Does a call of open() work?  Closes again. */
static inline bool opens(const char *path, int mode)
{
    struct file *f = open_file(path, mode);

    if (f)
        file_close(f);
    return f;
}

static inline int make_dir(const char *path) { return fs_mkdir(world_root(), path); }
static inline int unlink_path(const char *path) { return fs_unlink(world_root(), path); }
static inline int link_paths(const char *old, const char *new) { return fs_link(world_root(), old, new); }

/* Formats, runs, and checks the disk before and after a second mount. */
static inline void run_on(const struct fsimage_shape *l, void (*run)(void *), void *arg)
{
    struct check_result result;

    layout = l;
    world_format(l);
    check(world_is_consistent(&result));
    check(world_boot(run, arg));
    check(world_is_consistent(&result));
}

static inline void on_both(void (*run)(void *))
{
    run_on(&world_xv6, run, NULL);
    run_on(&world_small, run, NULL);
}

#endif
