/*
 * cp.c - copies files.
 *
 *   cp OLD NEW
 *   cp OLD... DIRECTORY          copies have the names of the old ones
 */
#include "fcntl.h"
#include "stat.h"
#include "ulib.h"

static char buffer[16 * 1024];

/* Opening the new file empties it, so it must not be the old one. */
static bool is_same(const struct stat *old, const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.dev == old->dev && st.ino == old->ino;
}

static int copy_bytes(int from, const char *from_name, int to, const char *to_name)
{
    int n;

    while ((n = read(from, buffer, sizeof(buffer))) > 0) {
        if (write_all(to, buffer, n) < 0) {
            warn("%s: cannot write: the disk is full, or the file too large", to_name);
            return 1;
        }
    }
    if (n < 0)
        warn("%s: read error", from_name);
    return n < 0;
}

static int copy_to(int from, const char *old, const char *new)
{
    struct stat st;

    if (fstat(from, &st) < 0 || st.type == T_DIR) {
        warn("%s: is a directory", old);
        return 1;
    }
    if (is_same(&st, new)) {
        warn("%s and %s are the same file", old, new);
        return 1;
    }

    int to = open_output(new, O_TRUNC);

    if (to < 0) {
        warn("%s: cannot create", new);
        return 1;
    }

    int status = copy_bytes(from, old, to, new);

    close(to);
    return status;
}

static int copy(const char *old, const char *new)
{
    int from = open(old, O_RDONLY);

    if (from < 0) {
        warn("%s: cannot open", old);
        return 1;
    }

    int status = copy_to(from, old, new);

    close(from);
    return status;
}

int main(int argc, char *argv[])
{
    if (getopt(argc, argv, "") >= 0 || argc - optind < 2)
        fail(2, "usage: cp OLD NEW | cp OLD... DIRECTORY");
    return path_each(argv + optind, argc - optind, copy);
}
