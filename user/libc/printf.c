/*
 * printf.c - formatted output.
 *
 * A call is one write() of any length, so the output of several processes does not mix inside a line.  Short
 * output is built on the stack, longer output in a block from malloc().
 */
#include "format_impl.h"

#define SHORT_SIZE 256

static void put_text(struct format_sink *sink, const char *text)
{
    for (; *text; text++) {
        if (sink->length < sink->size)
            sink->buf[sink->length] = *text;
        sink->length++;
    }
}

static void fill(struct format_sink *sink, const char *prefix, const char *suffix, const char *fmt,
                 va_list args)
{
    put_text(sink, prefix);
    format_text(sink, fmt, args);
    put_text(sink, suffix);
}

void format_write(int fd, const char *prefix, const char *suffix, const char *fmt, va_list args)
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
    int error = write_all(fd, sink.buf, sink.length < sink.size ? sink.length : sink.size);

    (void)error; /* printf() has no result to report it by */
    free(larger);
}

void printf(int fd, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    format_write(fd, "", "", fmt, args);
    va_end(args);
}
