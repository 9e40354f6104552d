/*
 * grep.c - prints the lines that match a pattern.
 *
 *   grep [-v] PATTERN [FILE]...
 *
 * regexp.h has the patterns.  Status 0: some line matched; 1: none did; 2: an error.
 */
#include "regexp.h"
#include "ulib.h"

static struct regexp pattern;
static bool inverted; /* -v */
static bool shows_names;
static bool found; /* a line that matches */

/* Prints a line, whatever bytes it has, with one write. */
static void print(const char *name, const char *line, uint n)
{
    uint before = shows_names ? strlen(name) + 1 : 0;
    char *whole = malloc(before + n + 1);

    if (!whole)
        fail(2, "out of memory");
    if (before) {
        memcpy(whole, name, before);
        whole[before - 1] = ':';
    }
    memcpy(whole + before, line, n);
    whole[before + n] = '\n';
    if (write_all(1, whole, (int)(before + n + 1)) < 0)
        fail(2, "write error");
    free(whole);
}

/* Prints the lines of a file that match.  Returns 1 if not all could be read. */
static int search(int fd, const char *name)
{
    struct line_reader reader = LINE_READER(fd);
    char *line;
    uint n;

    while ((line = line_next(&reader, &n))) {
        if (regexp_matches(&pattern, line, n) == inverted)
            continue;
        found = true;
        print(name, line, n);
    }
    if (reader.failed)
        warn("%s: read error", name);
    free(reader.buf);
    return reader.failed;
}

static void usage(void) { fail(2, "usage: grep [-v] PATTERN [FILE]..."); }

int main(int argc, char *argv[])
{
    int option;

    while ((option = getopt(argc, argv, "v")) >= 0) {
        if (option != 'v')
            usage();
        inverted = true;
    }
    if (optind == argc)
        usage();

    const char *error = regexp_compile(&pattern, argv[optind++]);

    if (error)
        fail(2, "%s", error);
    shows_names = argc - optind > 1;
    if (file_each(argv + optind, argc - optind, search) != 0)
        return 2;
    return !found;
}
