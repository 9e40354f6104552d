/*
 * wc.c - counts lines, words and bytes.
 *
 *   wc [FILE]...                 prints LINES WORDS BYTES NAME, and a total after several files
 */
#include "ctype.h"
#include "ulib.h"

struct counts {
    uint nlines, nwords, nbytes;
};

static char buffer[8 * 1024];

static struct counts total;
static int nfiles; /* that were given */

static void print(const struct counts *c, const char *name)
{
    must_print("%u %u %u %s\n", c->nlines, c->nwords, c->nbytes, name);
}

static int count(int fd, const char *name)
{
    struct counts c = { 0 };
    bool inside = false; /* of a word */
    int n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        c.nbytes += n;
        for (int i = 0; i < n; i++) {
            bool space = isspace(buffer[i]);

            c.nlines += buffer[i] == '\n';
            c.nwords += !space && !inside;
            inside = !space;
        }
    }
    if (n < 0)
        warn("%s: read error", name);
    print(&c, nfiles ? name : "");
    total.nlines += c.nlines;
    total.nwords += c.nwords;
    total.nbytes += c.nbytes;
    return n < 0;
}

int main(int argc, char *argv[])
{
    int status;

    if (getopt(argc, argv, "") >= 0)
        fail(2, "usage: wc [FILE]...");
    nfiles = argc - optind;
    status = file_each(argv + optind, nfiles, count);
    if (nfiles > 1)
        print(&total, "total");
    return status;
}
