/*
 * printf.c - formatted output.
 *
 * A call is one write() of any length, so the output of several processes does not mix inside a line.  Short
 * output is built on the stack, longer output in a block from malloc().
 */
#include "format_impl.h"
#include "stdio.h"

#define SHORT_SIZE 256

static void put_text(struct format_sink *sink, const char *text)
{
    while (*text)
        format_put(sink, *text++);
}

static void fill(struct format_sink *sink, const char *prefix, const char *suffix, const char *fmt,
                 va_list args)
{
    put_text(sink, prefix);
    format_text(sink, fmt, args);
    put_text(sink, suffix);
}

int format_write_all(int fd, const char *from, int n)
{
    while (n > 0) {
        int done = write(fd, from, n);

        if (done <= 0)
            return -1;
        from += done;
        n -= done;
    }
    return 0;
}

int format_write(int fd, const char *prefix, const char *suffix, const char *fmt, va_list args)
{
    char room[SHORT_SIZE];
    struct format_sink sink = { room, sizeof(room), 0 };
    char *larger = NULL;

    fill(&sink, prefix, suffix, fmt, args);
    if (sink.length > sizeof(room))
        larger = malloc(sink.length);
    if (larger) { /* without it: better cut off than lost */
        sink = (struct format_sink){ larger, sink.length, 0 };
        fill(&sink, prefix, suffix, fmt, args);
    }

    int length = sink.length < sink.size ? sink.length : sink.size;

    if (*suffix) /* but not the end of the line */
        make_printable(sink.buf, (uint)length - (sink.length <= sink.size));

    int error = format_write_all(fd, sink.buf, length);

    free(larger);
    return error ? -1 : length;
}

int(printf)(int fd, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);

    int length = format_write(fd, "", "", fmt, args);

    va_end(args);
    return length;
}

int printf_stdout(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);

    int length = format_write(1, "", "", fmt, args);

    va_end(args);
    return length;
}

int(fprintf)(FILE *to, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);

    int length = format_write(to->fd, "", "", fmt, args);

    va_end(args);
    return length;
}

int(vfprintf)(int to, const char *fmt, va_list args) { return format_write(to, "", "", fmt, args); }
