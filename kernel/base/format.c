/*
 * format.c - text from a format string, for printk() and tables.
 *
 * Conversions: %d %u %x %p %s %c %% with a width, the flags 0 and -, a precision for %s (its longest
 * length), and the modifiers l and z.  What does not fit is counted but not stored, so the caller can see
 * that the buffer was too short.  An unknown conversion is copied unchanged.
 *
 * The text of %s and %c may come from a program or a disk.  What is not printable in it becomes a question
 * mark, so that it can neither end a line nor move the cursor.
 *
 * Programs have an engine of their own (user/libc/format.c): no file serves both halves of the system.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/kstring.h"
#include "base/printk.h"
#include "include/types.h"

struct output {
    char *buf;
    size_t size;   /* bytes of buf, its final 0 included */
    size_t length; /* characters so far, stored or not */
};

struct spec {
    bool left, zero;
    uint width;
    uint precision; /* ~0: none */
};

static char printable(char c) { return c >= ' ' && c <= '~' ? c : '?'; }

static void put(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->buf[out->length] = c;
    out->length++;
}

static void put_padded(struct output *out, const struct spec *spec, const char *text, size_t n, bool negative)
{
    size_t total = n + negative;
    size_t fill = spec->width > total ? spec->width - total : 0;

    if (!spec->left && !spec->zero)
        for (; fill; fill--)
            put(out, ' ');
    if (negative)
        put(out, '-');
    if (!spec->left)
        for (; fill; fill--)
            put(out, '0');
    while (n--)
        put(out, printable(*text++));
    for (; fill; fill--)
        put(out, ' ');
}

static void put_number(struct output *out, const struct spec *spec, unsigned long value, uint base,
                       bool negative)
{
    char digits[24];
    char *p = digits + sizeof(digits);

    do {
        *--p = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    put_padded(out, spec, p, (size_t)(digits + sizeof(digits) - p), negative);
}

static void put_string(struct output *out, struct spec *spec, const char *s)
{
    size_t n = 0;

    if (!s)
        s = "(null)";
    while (n < spec->precision && s[n])
        n++;
    spec->zero = false;
    put_padded(out, spec, s, n, false);
}

/* Reads flags, width and precision; returns what follows them. */
static const char *parse_spec(const char *fmt, struct spec *spec)
{
    *spec = (struct spec){ .precision = ~0u };
    for (;; fmt++) {
        if (*fmt == '-')
            spec->left = true;
        else if (*fmt == '0')
            spec->zero = true;
        else
            break;
    }
    for (; *fmt >= '0' && *fmt <= '9'; fmt++)
        spec->width = spec->width * 10 + (uint)(*fmt - '0');
    if (*fmt == '.')
        for (spec->precision = 0, fmt++; *fmt >= '0' && *fmt <= '9'; fmt++)
            spec->precision = spec->precision * 10 + (uint)(*fmt - '0');
    return fmt;
}

/* Puts one argument, or a percent sign; false: there is no such conversion. */
static bool put_conversion(struct output *out, struct spec *spec, char conversion, bool wide, va_list *args)
{
    switch (conversion) {
    case 'd': {
        long value = wide ? va_arg(*args, long) : va_arg(*args, int);

        put_number(out, spec, value < 0 ? 0 - (unsigned long)value : (unsigned long)value, 10, value < 0);
        return true;
    }
    case 'u':
    case 'x':
        put_number(out, spec, wide ? va_arg(*args, unsigned long) : va_arg(*args, uint),
                   conversion == 'u' ? 10 : 16, false);
        return true;
    case 'p':
        put(out, '0');
        put(out, 'x');
        put_number(out, spec, (unsigned long)(uintptr_t)va_arg(*args, void *), 16, false);
        return true;
    case 's':
        put_string(out, spec, va_arg(*args, const char *));
        return true;
    case 'c': {
        char c = (char)va_arg(*args, int);

        spec->zero = false;
        put_padded(out, spec, &c, 1, false);
        return true;
    }
    case '%':
        put(out, '%');
        return true;
    }
    return false;
}

int format_va(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct output out = { buf, size, 0 };
    va_list args;

    va_copy(args, ap); /* whose address may be taken, on all machines */
    for (; *fmt; fmt++) {
        const char *percent = fmt;
        struct spec spec;
        bool wide = false;

        if (*fmt != '%') {
            put(&out, *fmt);
            continue;
        }
        fmt = parse_spec(fmt + 1, &spec);
        for (; *fmt == 'l' || *fmt == 'z'; fmt++)
            wide = true;
        if (put_conversion(&out, &spec, *fmt, wide, &args))
            continue;
        for (; percent != fmt; percent++)
            put(&out, *percent);
        if (*fmt)
            put(&out, *fmt);
        else
            fmt--; /* the loop's step meets the 0 again */
    }
    va_end(args);
    if (size)
        buf[out.length < size ? out.length : size - 1] = 0;
    return (int)out.length;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = format_va(buf, size, fmt, ap);
    va_end(ap);
    return n;
}

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    size_t n = t->n + (size_t)format_va(t->buf + t->n, t->size - t->n, fmt, ap);
    va_end(ap);
    t->n = n < t->size ? n : t->size - 1;
}
