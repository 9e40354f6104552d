/*
 * head.c - prints the first lines of files.
 *
 *   head [-n LINES | -LINES] [FILE]...    10 lines; several files have headings
 */
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

int main(int argc, char *argv[]) { return lines_main(argc, argv, print); }
