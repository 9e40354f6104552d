/*
 * format.c - turns a format and its arguments into characters.
 *
 * The sink counts the characters that it has no room for, so a caller can ask for the length first.  user.h lists
 * the conversions; there are none for floating point.
 *
 * The kernel has a formatter of its own, kernel/base/format.c: it needs no 64-bit numbers and no widths from
 * arguments, and neither half of the system compiles sources of the other.
 */
#include "format_impl.h"

struct spec {
    bool left; /* - */
    bool zero; /* 0 */
    int width;
    int precision; /* of a string; -1: all of it */
    int nlong;     /* how many l there are */
};

static void put(struct format_sink *sink, char c)
{
    if (sink->length < sink->size)
        sink->buf[sink->length] = c;
    sink->length++;
}

static void put_run(struct format_sink *sink, char c, int n)
{
    while (n-- > 0)
        put(sink, c);
}

/* Puts a minus sign, if there is one, and n characters of text into a field of the width that spec asks for. */
static void put_field(struct format_sink *sink, const struct spec *spec, bool minus, const char *text, int n)
{
    int npad = spec->width - n - minus;

    if (!spec->left && !spec->zero)
        put_run(sink, ' ', npad);
    if (minus)
        put(sink, '-');
    if (!spec->left && spec->zero)
        put_run(sink, '0', npad);
    for (int i = 0; i < n; i++)
        put(sink, text[i]);
    if (spec->left)
        put_run(sink, ' ', npad);
}

static void put_number(struct format_sink *sink, const struct spec *spec, bool minus, uint64_t value,
                       uint base)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[24];
    int at = sizeof(text);

    /* 64-bit divisions are slow: stop them as soon as the rest fits a word. */
    while (value > 0xFFFFFFFFu) {
        text[--at] = digits[value % base];
        value /= base;
    }

    uint rest = (uint)value;

    do {
        text[--at] = digits[rest % base];
        rest /= base;
    } while (rest);
    put_field(sink, spec, minus, text + at, sizeof(text) - at);
}

/* Parses what stands between % and the conversion's letter; returns where that letter is. */
static const char *parse_spec(const char *fmt, struct spec *spec, va_list *args)
{
    *spec = (struct spec){ .precision = -1 };
    for (;; fmt++) {
        if (*fmt == '-')
            spec->left = true;
        else if (*fmt == '0')
            spec->zero = true;
        else
            break;
    }
    if (*fmt == '*') {
        spec->width = va_arg(*args, int);
        fmt++;
        if (spec->width < 0) {
            spec->left = true;
            spec->width = -spec->width;
        }
    }
    while (*fmt >= '0' && *fmt <= '9')
        spec->width = spec->width * 10 + (*fmt++ - '0');
    if (*fmt == '.') {
        spec->precision = 0;
        fmt++;
        if (*fmt == '*') {
            spec->precision = va_arg(*args, int);
            fmt++;
        }
        while (*fmt >= '0' && *fmt <= '9')
            spec->precision = spec->precision * 10 + (*fmt++ - '0');
    }
    while (*fmt == 'l' || *fmt == 'z' || *fmt == 'h') {
        spec->nlong += *fmt == 'l';
        fmt++;
    }
    return fmt;
}

static void put_string(struct format_sink *sink, const struct spec *spec, const char *s)
{
    int n = 0;

    if (!s)
        s = "(null)";
    while ((spec->precision < 0 || n < spec->precision) && s[n])
        n++;
    put_field(sink, &(struct spec){ .left = spec->left, .width = spec->width }, false, s, n);
}

static void put_conversion(struct format_sink *sink, char conversion, const struct spec *spec, va_list *args)
{
    bool wide = spec->nlong > 1;

    switch (conversion) {
    case 'd':
    case 'i': {
        int64_t value = wide ? va_arg(*args, int64_t) : va_arg(*args, int);

        put_number(sink, spec, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
        break;
    }
    case 'u':
    case 'x':
    case 'X': {
        uint64_t value = wide ? va_arg(*args, uint64_t) : va_arg(*args, uint);

        put_number(sink, spec, false, value, conversion == 'u' ? 10 : 16);
        break;
    }
    case 'p':
        put_number(sink, spec, false, va_arg(*args, uint), 16);
        break;
    case 'c': {
        char c = va_arg(*args, int);

        put_field(sink, spec, false, &c, 1);
        break;
    }
    case 's':
        put_string(sink, spec, va_arg(*args, const char *));
        break;
    case '%':
        put(sink, '%');
        break;
    default: /* printed as it is, so that the mistake shows */
        put(sink, '%');
        put(sink, conversion);
    }
}

void format_text(struct format_sink *sink, const char *fmt, va_list args)
{
    struct spec spec;
    va_list rest;

    va_copy(rest, args);
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            put(sink, *fmt);
            continue;
        }
        fmt = parse_spec(fmt + 1, &spec, &rest);
        if (!*fmt) { /* a lone % at the end */
            put(sink, '%');
            break;
        }
        put_conversion(sink, *fmt, &spec, &rest);
    }
    va_end(rest);
}
