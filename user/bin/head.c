/*
 * head.c - prints the first lines of files.
 *
 *   head [-n LINES] [FILE]...    10 lines; several files have headings
 */
#include "fcntl.h"
#include "ulib.h"

static char buffer[4 * 1024];

/* The bytes of the first *nlines lines of a part of the text; *nlines becomes how many are still wanted. */
static int first_lines(const char *text, int n, int *nlines)
{
    int i = 0;

    while (*nlines > 0 && i < n)
        *nlines -= text[i++] == '\n';
    return i;
}

static int print(int fd, const char *name, int nlines)
{
    int n = 0;

    while (nlines > 0 && (n = read(fd, buffer, sizeof(buffer))) > 0) {
        if (write_all(1, buffer, first_lines(buffer, n, &nlines)) < 0)
            fail(1, "write error");
    }
    if (n < 0)
        warn("%s: read error", name);
    return n < 0;
}

/* before: what stands before its heading; NULL: it has none. */
static int print_file(const char *path, int nlines, const char *before)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0) {
        warn("%s: cannot open", path);
        return 1;
    }
    if (before)
        must_print("%s==> %s <==\n", before, path);

    int status = print(fd, path, nlines);

    close(fd);
    return status;
}

int main(int argc, char *argv[])
{
    int nlines = 10, option, status = 0;

    while ((option = getopt(argc, argv, "n:")) >= 0) {
        if (option != 'n')
            fail(2, "usage: head [-n LINES] [FILE]...");
        if (!parse_number(optarg, &nlines) || nlines < 0)
            fail(2, "%s: not a number of lines", optarg);
    }
    if (optind == argc)
        return print(0, "input", nlines);
    for (int i = optind; i < argc; i++)
        status |= print_file(argv[i], nlines, argc - optind == 1 ? NULL : i == optind ? "" : "\n");
    return status;
}
