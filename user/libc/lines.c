/*
 * lines.c - what head and tail have in common: options, files and their headings.
 */
#include "ctype.h"
#include "fcntl.h"
#include "ulib.h"

typedef int print_lines(int fd, const char *name, int nlines);

/* before: what stands before its heading; NULL: it has none. */
static int print_file(const char *path, int nlines, const char *before, print_lines *print)
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

static int count(const char *text)
{
    int nlines;

    if (!parse_number(text, &nlines) || nlines < 0)
        fail(2, "%s: not a number of lines", text);
    return nlines;
}

int lines_main(int argc, char *argv[], print_lines *print)
{
    int nlines = 10, option, status = 0;

    if (argc > 1 && argv[1][0] == '-' && isdigit(argv[1][1])) { /* as it was before there was -n */
        nlines = count(argv[1] + 1);
        optind = 2;
    }
    while ((option = getopt(argc, argv, "n:")) >= 0) {
        if (option != 'n')
            fail(2, "usage: %s [-n LINES | -LINES] [FILE]...", program_name);
        nlines = count(optarg);
    }
    if (optind == argc)
        return print(0, "input", nlines);
    for (int i = optind; i < argc; i++)
        status |= print_file(argv[i], nlines, argc - optind == 1 ? NULL : i == optind ? "" : "\n", print);
    return status;
}
