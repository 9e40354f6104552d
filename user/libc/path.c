/*
 * path.c - the parts of a path, and what programs do with each path that they are given.
 */
#include "fcntl.h"
#include "stat.h"
#include "ulib.h"

const char *path_last(const char *path)
{
    const char *last = path;

    for (; *path; path++) {
        if (path[0] == '/' && path[1] && path[1] != '/')
            last = path + 1;
    }
    return last;
}

char *path_join(const char *directory, const char *name)
{
    uint length = strlen(directory), size = length + strlen(name) + 2;
    bool slash = length == 0 || directory[length - 1] == '/'; /* xv6 takes "" for the current directory */
    char *path = malloc(size);

    if (!path)
        fail(1, "out of memory");
    snprintf(path, size, "%s%s%s", directory, slash ? "" : "/", name);
    return path;
}

int open_output(const char *path, int mode)
{
    int fd = open(path, O_WRONLY | mode); /* O_CREATE opens no device */

    return fd >= 0 ? fd : open(path, O_WRONLY | O_CREATE | mode);
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.type == T_DIR;
}

int path_each(char *paths[], int n, int (*act)(const char *old, const char *new))
{
    const char *last = paths[n - 1];
    bool slash = last[0] && last[strlen(last) - 1] == '/'; /* only a directory can have such a name */
    int status = 0;

    if (!is_directory(last)) {
        if (n > 2 || (slash && !is_directory(paths[0])))
            fail(1, "%s: not a directory", last);
        return act(paths[0], last);
    }
    for (int i = 0; i < n - 1; i++) {
        char *new = path_join(last, path_last(paths[i]));

        status |= act(paths[i], new);
        free(new);
    }
    return status;
}

int file_each(char *paths[], int n, int (*act)(int fd, const char *name))
{
    int status = n == 0 ? act(0, "input") : 0;

    for (int i = 0; i < n; i++) {
        int fd = open(paths[i], O_RDONLY);

        if (fd < 0) {
            warn("%s: cannot open", paths[i]);
            status |= 1;
            continue;
        }
        status |= act(fd, paths[i]);
        close(fd);
    }
    return status;
}
