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

void format_text(struct format_sink *sink, const char *fmt, va_list args);

/* Formats, and writes the result to fd between prefix and suffix, with one write() if fd takes all of it.  Without
   memory for more than 256 bytes it writes the first 256. */
void format_write(int fd, const char *prefix, const char *suffix, const char *fmt, va_list args);

#endif
