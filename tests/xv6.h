/*
 * xv6.h - what the tests of xv6's interface share.  These tests run twice: in a program of this system's own
 * (guest/t_xv6.c) and in programs that are linked as xv6's are (foreign/processes.c, foreign/files.c).  Each includes
 * guest.h or foreign.h, defines PROGRAM, its own name on the disk, and includes this file and then the tests.
 *
 * Only the 21 calls of xv6 are used, and those without xv6's library, so a child reports through a pipe.
 */
#ifndef XV6_H
#define XV6_H

#include "fcntl.h"
#include "stat.h"

#define KERNEL  ((void *)0x80000000) /* an address that no program may use */
#define PAGE    4096
#define DIED    (-1)
#define DONE    0x5a
#define ABSENT  "xv6.absent" /* the name of no file */
#define NENTRY  14           /* bytes of a name */
#define MINUTES 6000         /* ticks: longer than any test */

static char buf[2 * PAGE];

/* Runs fn in a child.  What it returns, 0 to 255; DIED if the child ended before. */
static inline int in_child(int (*fn)(void))
{
    int fds[2], pid, n;
    unsigned char result = 0;

    check_eq(pipe(fds), 0);
    pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        result = (unsigned char)fn();
        write(fds[1], &result, 1);
        exit();
    }
    close(fds[1]);
    n = read(fds[0], &result, 1);
    close(fds[0]);
    check_eq(wait(), pid);
    return n == 1 ? result : DIED;
}

/* Makes a file that holds text. */
static inline void make(const char *name, const char *text, int n)
{
    int fd = open(name, O_CREATE | O_WRONLY);

    check(fd >= 0);
    check_eq(write(fd, text, n), n);
    check_eq(close(fd), 0);
}

static inline int exists(const char *name)
{
    int fd = open(name, O_RDONLY);

    return fd >= 0 && close(fd) == 0;
}

static inline struct stat status_of(const char *name)
{
    struct stat st = { 0 };
    int fd = open(name, O_RDONLY);

    check(fd >= 0);
    check_eq(fstat(fd, &st), 0);
    check_eq(close(fd), 0);
    return st;
}

/* The lowest descriptor that is free. */
static inline int lowest_free(void)
{
    int fd = dup(0);

    check(fd >= 0);
    check_eq(close(fd), 0);
    return fd;
}

#endif
