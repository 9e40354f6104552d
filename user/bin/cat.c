/*
 * cat.c - copies files to descriptor 1.
 *
 *   cat [FILE]...                without a FILE, and for -, it copies descriptor 0
 */
#include "fcntl.h"
#include "ulib.h"

static char buffer[16 * 1024];

static int copy(int fd, const char *name)
{
    int n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        if (write_all(1, buffer, n) < 0)
            fail(1, "write error");
    }
    if (n < 0)
        warn("%s: read error", name);
    return n < 0;
}

int main(int argc, char *argv[])
{
    int status = 0;

    if (getopt(argc, argv, "") >= 0)
        fail(2, "usage: cat [FILE]...");
    if (optind == argc)
        return copy(0, "input");
    for (int i = optind; i < argc; i++) {
        bool dash = strcmp(argv[i], "-") == 0;
        int fd = dash ? 0 : open(argv[i], O_RDONLY);

        if (fd < 0) {
            warn("%s: cannot open", argv[i]);
            status = 1;
            continue;
        }
        status |= copy(fd, argv[i]);
        if (!dash)
            close(fd);
    }
    return status;
}
