/*
 * scratch.c - see scratch.h.
 */
#include "scratch.h"

#include "fcntl.h"

void scratch_enter(const char *path)
{
    mkdir(path); /* a test that failed may have left it */
    check_eq(chdir(path), 0);
}

void scratch_leave(const char *path)
{
    check_eq(chdir("/"), 0);
    check_eq(unlink(path), 0);
}

int create(const char *name)
{
    int fd = open(name, O_CREATE | O_RDWR);

    check(fd >= 0);
    return fd;
}

struct stat stat_of(const char *name)
{
    struct stat st;

    check_eq(stat(name, &st), 0);
    return st;
}
