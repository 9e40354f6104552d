/*
 * path.c - the parts of a path.
 */
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
    uint size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);

    if (!path)
        fail(1, "out of memory");
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}
