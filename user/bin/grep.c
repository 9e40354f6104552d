/*
 * grep.c - prints the lines that match a pattern.
 *
 *   grep [-v] PATTERN [FILE]...
 *
 * regexp.h has the patterns.  Status 0: some line matched; 1: none did; 2: an error.
 */
#include "fcntl.h"
#include "regexp.h"
#include "ulib.h"

static struct regexp pattern;
static bool inverted; /* -v */

/* Prints the lines of a file that match.  Returns whether there was one. */
static bool search(int fd, const char *name, bool show_name, int *status)
{
    struct line_reader reader = LINE_READER(fd);
    bool found = false;
    char *line;
    uint n;

    while ((line = line_next(&reader, &n))) {
        if (regexp_matches(&pattern, line, n) == inverted)
            continue;
        found = true;

        int length = printf(1, show_name ? "%s:%s\n" : "%.0s%s\n", name, line);

        if (length < 0)
            fail(2, "write error");
    }
    if (reader.failed) {
        warn("%s: read error", name);
        *status = 2;
    }
    free(reader.buf);
    return found;
}

static void usage(void) { fail(2, "usage: grep [-v] PATTERN [FILE]..."); }

int main(int argc, char *argv[])
{
    bool found = false;
    int status = 0, first, option;

    while ((option = getopt(argc, argv, "v")) >= 0) {
        if (option != 'v')
            usage();
        inverted = true;
    }
    first = optind;
    if (first >= argc)
        usage();

    const char *error = regexp_compile(&pattern, argv[first++]);

    if (error)
        fail(2, "%s", error);
    if (first == argc)
        found = search(0, "input", false, &status);
    for (int i = first; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);

        if (fd < 0) {
            warn("%s: cannot open", argv[i]);
            status = 2;
            continue;
        }
        found |= search(fd, argv[i], argc - first > 1, &status);
        close(fd);
    }
    return status ? status : !found;
}
