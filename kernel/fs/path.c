/*
 * path.c - from a path to an inode.
 *
 * A walk locks one directory at a time, so walks never wait for each other in a circle, whatever the image
 * claims.  It takes a reference before it unlocks the directory: what it has found stays, even if its name
 * goes in the next moment.
 *
 * The ".." of a directory without a name leads to where it was, by the reference in its inode, not by the number in
 * its entry, which may name something else by now.
 */
#include "base/kstring.h"
#include "fs/names_impl.h"
#include "sched/thread.h"

/* Never NULL: inode_mount() keeps it in memory. */
struct inode *fs_root(void) { return inode_get(ROOTINO); }

static bool is_dot_dot(const struct filename *name) { return strcmp(name->text, "..") == 0; }

bool path_is_plain(const struct filename *name) { return strcmp(name->text, ".") != 0 && !is_dot_dot(name); }

/* Cuts the next name off the path; NULL: there is none. */
static const char *next_name(const char *path, struct filename *name)
{
    while (*path == '/')
        path++;
    if (!*path)
        return NULL;
    uint n = 0;
    memset(name, 0, sizeof(*name));
    for (; *path && *path != '/'; path++)
        if (n < DIRSIZ)
            name->text[n++] = *path;
    while (*path == '/')
        path++;
    return path;
}

struct inode *path_child(struct inode *dp, const struct filename *name)
{
    uint slot, inum = 0;

    if (inode_acquire(dp) < 0)
        return NULL;
    struct inode *ip = NULL;
    if (dp->disk.type == T_DIR && dp->disk.nlink == 0 && is_dot_dot(name))
        ip = dp->parent ? inode_dup(dp->parent) : NULL;
    else if (dp->disk.type == T_DIR && (inum = dir_find(dp, name, &slot)))
        ip = inode_get(inum);
    inode_release(dp);
    sched_checkpoint(); /* a path can lead through one large directory hundreds of times */
    return ip;
}

static struct inode *start_of(struct inode *cwd, const char *path)
{
    return *path == '/' ? fs_root() : inode_dup(cwd);
}

struct inode *fs_lookup(struct inode *cwd, const char *path)
{
    struct filename name;
    struct inode *ip = start_of(cwd, path);

    while (ip && (path = next_name(path, &name))) {
        struct inode *child = path_child(ip, &name);
        inode_put(ip);
        ip = child;
    }
    return ip;
}

struct inode *path_parent(struct inode *cwd, const char *path, struct filename *name)
{
    struct inode *dp = start_of(cwd, path);

    path = next_name(path, name);
    while (dp && path && *path) {
        struct inode *child = path_child(dp, name);
        inode_put(dp);
        dp = child;
        path = next_name(path, name);
    }
    if (path)
        return dp;
    inode_put(dp);
    return NULL;
}
