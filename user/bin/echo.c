/*
 * echo.c - prints its arguments.
 *
 *   echo [-n] [WORD]...          -n: without a newline
 *
 * It writes once, however many arguments there are, so the lines of several processes do not mix.
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    bool newline = true;
    uint size = 1;
    int first = 1;

    if (argc > 1 && strcmp(argv[1], "-n") == 0) {
        newline = false;
        first = 2;
    }
    for (int i = first; i < argc; i++)
        size += strlen(argv[i]) + 1;

    char *line = malloc(size), *p = line;

    if (!line)
        fail(1, "out of memory");
    for (int i = first; i < argc; i++) {
        uint n = strlen(argv[i]);

        memcpy(p, argv[i], n);
        p += n;
        if (i + 1 < argc)
            *p++ = ' ';
    }
    if (newline)
        *p++ = '\n';
    if (write_all(1, line, p - line) < 0)
        fail(1, "write error");
    return 0; /* NOLINT(clang-analyzer-unix.Malloc): exit frees it */
}
