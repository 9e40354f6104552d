/*
 * mv.c - gives files another name or another directory.
 *
 *   mv OLD NEW
 *   mv OLD... DIRECTORY
 *
 * A file gets its new name before it loses the old one, so it is never lost.  Directories can't be linked, and so not be
 * moved.
 */
#include "stat.h"
#include "ulib.h"

/* What is at the new path gives way.  false: it stays, which was reported. */
static bool make_way(const struct stat *old, const char *old_path, const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return true;
    if (st.type == T_DIR) {
        warn("%s: is a directory", path);
        return false;
    }
    if (st.dev == old->dev && st.ino == old->ino) {
        warn("%s and %s are the same file", old_path, path);
        return false;
    }
    if (unlink(path) < 0) {
        warn("%s: cannot replace", path);
        return false;
    }
    return true;
}

static int move(const char *old, const char *new)
{
    struct stat st;

    if (stat(old, &st) < 0) {
        warn("%s: does not exist", old);
        return 1;
    }
    if (st.type == T_DIR) {
        warn("%s: directories cannot be moved", old);
        return 1;
    }
    if (!make_way(&st, old, new))
        return 1;
    if (link(old, new) < 0) {
        warn("%s: cannot move to %s", old, new);
        return 1;
    }
    if (unlink(old) < 0) {
        warn("%s: cannot remove", old);
        return 1;
    }
    return 0;
}

int main(int argc, char *argv[])
{
    if (getopt(argc, argv, "") >= 0 || argc - optind < 2)
        fail(2, "usage: mv OLD NEW | mv OLD... DIRECTORY");
    return path_each(argv + optind, argc - optind, move);
}
