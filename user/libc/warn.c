/*
 * warn.c - error messages that begin with the program's name, and output that must not be lost in silence.
 */
#include "format_impl.h"

static void complain(const char *fmt, va_list args)
{
    char prefix[64];

    snprintf(prefix, sizeof(prefix), "%.60s: ", program_name ? program_name : "?");
    format_write(2, prefix, "\n", fmt, args);
}

void warn(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    complain(fmt, args);
    va_end(args);
}

void fail(int status, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    complain(fmt, args);
    va_end(args);
    exits(status);
}

void must_print(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);

    int length = format_write(1, "", "", fmt, args);

    va_end(args);
    if (length < 0)
        fail(1, "write error");
}
