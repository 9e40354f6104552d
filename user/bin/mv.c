/*
 * mv.c - gives files and directories another name or another place.
 *
 *   mv OLD NEW
 *   mv OLD... DIRECTORY
 *
 * What has the new name is replaced in one step: a file by a file.
 */
#include "stat.h"
#include "ulib.h"

/* Is the path one below a directory's? */
static bool is_below(const char *path, const char *directory)
{
    uint n = strlen(directory);

    return n > 0 && strncmp(path, directory, n) == 0 && (path[n] == '/' || directory[n - 1] == '/');
}

/* Why could old not become new? */
static void complain(const struct stat *old, const char *old_path, const char *path)
{
    struct stat st;

    bool there = stat(path, &st) == 0;

    if (!there && old->type == T_DIR && is_below(path, old_path))
        warn("%s: cannot move into itself", old_path);
    else if (!there)
        warn("%s: cannot move to %s", old_path, path);
    else if (st.type == T_DIR && old->type != T_DIR)
        warn("%s: is a directory", path);
    else if (st.type != T_DIR && old->type == T_DIR)
        warn("%s: is no directory, but %s is one", path, old_path);
    else
        warn("%s: cannot replace %s", old_path, path);
}

static int move(const char *old, const char *new)
{
    struct stat st, there;

    if (stat(old, &st) < 0) {
        warn("%s: does not exist", old);
        return 1;
    }
    if (stat(new, &there) == 0 && there.dev == st.dev && there.ino == st.ino) {
        warn("%s and %s are the same file", old, new);
        return 1;
    }
    if (rename(old, new) < 0) {
        complain(&st, old, new);
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
