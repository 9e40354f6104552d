/*
 * snprintf.c - formatted text in memory.
 */
#include "format_impl.h"
#include "limits.h"

int vsnprintf(char *dst, size_t size, const char *fmt, va_list args)
{
    struct format_sink sink = { dst, size ? size - 1 : 0, 0 };

    format_text(&sink, fmt, args);
    if (size)
        dst[sink.length < size ? sink.length : size - 1] = 0;
    return sink.length;
}

int snprintf(char *dst, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);

    int length = vsnprintf(dst, size, fmt, args);

    va_end(args);
    return length;
}

int vsprintf(char *dst, const char *fmt, va_list args) { return vsnprintf(dst, INT_MAX, fmt, args); }

int sprintf(char *dst, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);

    int length = vsnprintf(dst, INT_MAX, fmt, args);

    va_end(args);
    return length;
}
