/*
 * file.c - gets() and stat(), which are library functions in xv6.
 */
#include "fcntl.h"
#include "stat.h"
#include "ulib.h"

/* Reads byte by byte: what follows the line is left for whoever reads next. */
char *gets(char *buf, int max)
{
    int n = 0;

    while (n + 1 < max) {
        char c;

        if (read(0, &c, 1) != 1)
            break;
        buf[n++] = c;
        if (c == '\n' || c == '\r')
            break;
    }
    if (max > 0)
        buf[n] = 0;
    return buf;
}

int stat(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return -1;

    int result = fstat(fd, st);

    close(fd);
    return result;
}
