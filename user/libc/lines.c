/*
 * lines.c - what head and tail have in common: options, files and their headings.
 */
#include "ctype.h"
#include "ulib.h"

static int nlines = 10;
static int (*print_lines)(int fd, const char *name, int nlines);
static const char *gap; /* before the next heading; NULL: a file alone has none */

static int print_file(int fd, const char *name)
{
    if (gap) {
        must_print("%s==> %s <==\n", gap, name);
        gap = "\n";
    }
    return print_lines(fd, name, nlines);
}

static void set_count(const char *text)
{
    /* Elsewhere +2 is from the second line on. */
    if (!isdigit(*text) || !parse_number(text, &nlines) || nlines < 0)
        fail(2, "%s: not a number of lines", text);
}

int lines_main(int argc, char *argv[], int (*print)(int fd, const char *name, int nlines))
{
    int option;

    if (argc > 1 && argv[1][0] == '-' && isdigit(argv[1][1])) { /* as it was before there was -n */
        set_count(argv[1] + 1);
        optind = 2;
    }
    while ((option = getopt(argc, argv, "n:")) >= 0) {
        if (option != 'n')
            fail(2, "usage: %s [-n LINES | -LINES] [FILE]...", program_name);
        set_count(optarg);
    }
    print_lines = print;
    if (argc - optind > 1)
        gap = "";
    return file_each(argv + optind, argc - optind, print_file);
}
