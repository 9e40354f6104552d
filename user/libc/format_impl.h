/*
 * format_impl.h - the formatter that printf() and its kin share.
 *
 * A sink belongs to its caller, and so does its buffer.  Nothing here fails.  Sleeps: no, but for format_write(),
 * which writes to a descriptor.
 */
#ifndef FORMAT_IMPL_H
#define FORMAT_IMPL_H

#include "ulib.h"

/* Where characters go: a buffer that may be too small. */
struct format_sink {
    char *buf;   /* NULL if size is 0 */
    uint size;   /* bytes of buf; characters beyond them are only counted */
    uint length; /* characters so far, stored or not */
};

/* What is between % and the conversion's letter. */
struct format_spec {
    bool left;      /* - */
    bool zero;      /* 0 */
    bool alternate; /* # */
    char plus;      /* '+', ' ' or 0: the sign of a number that is not negative */
    int width;
    int precision; /* -1: none */
    bool wide;     /* ll or j: 64 bits */
    int ndropped;  /* h or hh: upper bits of the word that do not count */
};

static inline void format_put(struct format_sink *sink, char c)
{
    if (sink->length < sink->size)
        sink->buf[sink->length] = c;
    sink->length++;
}

void format_run(struct format_sink *sink, char c, int n); /* n times; nothing if n is negative */
/* Puts a field's padding and prefix, before the n characters that the caller puts; and the padding after them. */
void format_open(struct format_sink *sink, const struct format_spec *spec, const char *prefix, int n);
void format_close(struct format_sink *sink, const struct format_spec *spec, const char *prefix, int n);

/* One of %e %f %g %E %F %G. */
void format_double(struct format_sink *sink, char conversion, const struct format_spec *spec, double value);
void format_text(struct format_sink *sink, const char *fmt, va_list args);

/* write_all(), which a program for xv6 may have another one of. */
int format_write_all(int fd, const char *from, int n);

/* Formats, and writes the result to fd between prefix and suffix, with one write() if fd takes all of it.  Returns the
   length that it wrote, -1 on failure.  Without memory for more than 256 bytes it writes the first 256.  The suffix is
   "", or "\n": then it is a message in one line, in which nothing controls a terminal. */
int format_write(int fd, const char *prefix, const char *suffix, const char *fmt, va_list args);

#endif
