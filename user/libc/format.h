/*
 * format.h - the formatter behind printf() and its kin.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include "ulib.h"

/* Where the characters go: a buffer that may be too small, or NULL.  All of them are counted. */
struct format_sink {
    char *buf;
    uint size; /* characters beyond are counted only */
    uint length;
};

void format_text(struct format_sink *sink, const char *fmt, va_list args);

/* Formats and writes at once; prefix, if any, goes before it, and suffix behind it. */
void format_write(int fd, const char *prefix, const char *suffix, const char *fmt, va_list args);

#endif
