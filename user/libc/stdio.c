/*
 * stdio.c - characters and lines, read and written one call each; abort() and failed assertions.
 */
#include "stdio.h"

#include "assert.h"
#include "ulib.h"

FILE stdio_streams[3] = { { 0 }, { 1 }, { 2 } };

int(getc)(int from)
{
    uchar c;

    return read(from, &c, 1) == 1 ? c : EOF;
}

char *(fgets)(char *buf, int size, int from)
{
    int n = 0;

    while (n + 1 < size) {
        int c = (getc)(from);

        if (c == EOF)
            break;
        buf[n++] = (char)c;
        if (c == '\n')
            break;
    }
    if (size < 1 || (n == 0 && size > 1))
        return NULL;
    buf[n] = 0;
    return buf;
}

int(putc)(int c, int to)
{
    uchar byte = (uchar)c;

    return write(to, &byte, 1) == 1 ? byte : EOF;
}

int(fputs)(const char *s, int to) { return write_all(to, s, (int)strlen(s)) ? EOF : 0; }

int puts(const char *s) { return printf("%s\n", s) < 0 ? EOF : 0; }

void abort(void)
{
    for (;;)
        kill(getpid());
}

void assert_failed(const char *condition, const char *file, int line)
{
    warn("%s:%d: this does not hold: %s", file, line, condition);
    abort();
}
