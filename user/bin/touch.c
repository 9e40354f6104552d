/*
 * touch.c - makes empty files.
 *
 *   touch FILE...                a file that exists stays as it is: the disk keeps no times
 */
#include "fcntl.h"
#include "stat.h"
#include "ulib.h"

static int touch(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0)
        return 0;

    int fd = open(path, O_WRONLY | O_CREATE);

    if (fd < 0) {
        warn("%s: cannot create", path);
        return 1;
    }
    close(fd);
    return 0;
}

int main(int argc, char *argv[])
{
    int status = 0;

    if (getopt(argc, argv, "") >= 0 || optind == argc)
        fail(2, "usage: touch FILE...");
    for (int i = optind; i < argc; i++)
        status |= touch(argv[i]);
    return status;
}
