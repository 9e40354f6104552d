/*
 * wc.c - counts lines, words and bytes.
 *
 *   wc [FILE]...                 prints LINES WORDS BYTES NAME, and a total after several files
 */
#include "ctype.h"
#include "fcntl.h"
#include "ulib.h"

struct counts {
    uint nlines, nwords, nbytes;
};

static char buffer[8 * 1024];

static int count(int fd, const char *name, struct counts *c)
{
    bool inside = false; /* of a word */
    int n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        c->nbytes += n;
        for (int i = 0; i < n; i++) {
            bool space = isspace(buffer[i]);

            c->nlines += buffer[i] == '\n';
            c->nwords += !space && !inside;
            inside = !space;
        }
    }
    if (n < 0)
        warn("%s: read error", name);
    return n < 0;
}

static void print(const struct counts *c, const char *name)
{
    must_print("%u %u %u %s\n", c->nlines, c->nwords, c->nbytes, name);
}

int main(int argc, char *argv[])
{
    struct counts total = { 0 };
    int status = 0;

    if (getopt(argc, argv, "") >= 0)
        fail(2, "usage: wc [FILE]...");
    if (optind == argc) {
        status = count(0, "input", &total);
        print(&total, "");
        return status;
    }
    for (int i = optind; i < argc; i++) {
        struct counts c = { 0 };
        int fd = open(argv[i], O_RDONLY);

        if (fd < 0) {
            warn("%s: cannot open", argv[i]);
            status = 1;
            continue;
        }
        status |= count(fd, argv[i], &c);
        close(fd);
        print(&c, argv[i]);
        total.nlines += c.nlines;
        total.nwords += c.nwords;
        total.nbytes += c.nbytes;
    }
    if (argc - optind > 1)
        print(&total, "total");
    return status;
}
