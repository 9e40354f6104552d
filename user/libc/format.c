/*
 * format.c - turns a format and its arguments into characters.
 *
 * The sink counts the characters that it has no room for, so a caller can ask for the length first.  printf(3) lists
 * the conversions.
 *
 * The kernel has a formatter of its own, kernel/base/format.c: it needs no 64-bit numbers and no widths from
 * arguments, and neither half of the system compiles sources of the other.
 */
#include "ctype.h"
#include "format_impl.h"

#define MAX_COUNT 100000000 /* widths and precisions: sums of a few of them fit an int */

void format_run(struct format_sink *sink, char c, int n)
{
    while (n-- > 0)
        format_put(sink, c);
}

void format_open(struct format_sink *sink, const struct format_spec *spec, const char *prefix, int n)
{
    int npad = spec->width - n - (int)strlen(prefix);

    if (!spec->left && !spec->zero)
        format_run(sink, ' ', npad);
    while (*prefix)
        format_put(sink, *prefix++);
    if (!spec->left && spec->zero)
        format_run(sink, '0', npad);
}

void format_close(struct format_sink *sink, const struct format_spec *spec, const char *prefix, int n)
{
    if (spec->left)
        format_run(sink, ' ', spec->width - n - (int)strlen(prefix));
}

/* A field of n characters. */
static void put_field(struct format_sink *sink, const struct format_spec *spec, const char *text, int n)
{
    struct format_spec padded = *spec;

    padded.zero = false;
    format_open(sink, &padded, "", n);
    for (int i = 0; i < n; i++)
        format_put(sink, text[i]);
    format_close(sink, &padded, "", n);
}

/* Digits are capitals for %x as well, as in xv6. */
static void put_number(struct format_sink *sink, const struct format_spec *spec, const char *prefix,
                       uint64_t value, uint base)
{
    static const char digits[] = "0123456789ABCDEF";
    struct format_spec padded = *spec;
    char text[24];
    int at = sizeof(text), nzeros;
    bool none = value == 0 && spec->precision == 0;

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
    at += none;
    nzeros = spec->precision - (int)(sizeof(text) - at);
    if (base == 8 && spec->alternate && nzeros <= 0 && (none || text[at] != '0'))
        nzeros = 1;
    if (nzeros < 0)
        nzeros = 0;
    padded.zero &= spec->precision < 0;

    int length = nzeros + (int)(sizeof(text) - at);

    format_open(sink, &padded, prefix, length);
    format_run(sink, '0', nzeros);
    while (at < (int)sizeof(text))
        format_put(sink, text[at++]);
    format_close(sink, &padded, prefix, length);
}

static void put_signed(struct format_sink *sink, const struct format_spec *spec, int64_t value)
{
    char prefix[2] = { value < 0 ? '-' : spec->plus, 0 };

    put_number(sink, spec, prefix, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void put_hexadecimal(struct format_sink *sink, char conversion, const struct format_spec *spec,
                            uint64_t value)
{
    const char *prefix = conversion == 'X' ? "0X" : "0x";

    put_number(sink, spec, spec->alternate && value ? prefix : "", value, 16);
}

static void put_string(struct format_sink *sink, const struct format_spec *spec, const char *s)
{
    int n = 0;

    if (!s)
        s = "(null)";
    while ((spec->precision < 0 || n < spec->precision) && s[n])
        n++;
    put_field(sink, spec, s, n);
}

/* Reads a width or a precision, within the limit. */
static const char *parse_count(const char *fmt, int *count, va_list *args)
{
    *count = 0;
    if (*fmt == '*') {
        *count = va_arg(*args, int);
        fmt++;
    }
    for (; isdigit(*fmt); fmt++) {
        if (*count < MAX_COUNT)
            *count = *count * 10 + (*fmt - '0');
    }
    if (*count > MAX_COUNT)
        *count = MAX_COUNT;
    if (*count < -MAX_COUNT)
        *count = -MAX_COUNT;
    return fmt;
}

static const char *parse_flags(const char *fmt, struct format_spec *spec)
{
    for (;; fmt++) {
        if (*fmt == '-')
            spec->left = true;
        else if (*fmt == '0')
            spec->zero = true;
        else if (*fmt == '#')
            spec->alternate = true;
        else if (*fmt == '+')
            spec->plus = '+';
        else if (*fmt == ' ' && !spec->plus)
            spec->plus = ' ';
        else if (*fmt != ' ')
            return fmt;
    }
}

/* Parses what is between % and the conversion's letter; returns where that letter is. */
static const char *parse_spec(const char *fmt, struct format_spec *spec, va_list *args)
{
    int nlong = 0, nshort = 0;

    *spec = (struct format_spec){ .precision = -1 };
    fmt = parse_flags(fmt, spec);
    fmt = parse_count(fmt, &spec->width, args);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*fmt == '.')
        fmt = parse_count(fmt + 1, &spec->precision, args);
    /* l, z and t alone are a word, like none. */
    for (; *fmt && strchr("hljzt", *fmt); fmt++) {
        nlong += *fmt == 'l' ? 1 : *fmt == 'j' ? 2 : 0;
        nshort += *fmt == 'h';
    }
    spec->wide = nlong > 1;
    spec->ndropped = nshort == 0 ? 0 : nshort == 1 ? 16 : 24;
    return fmt;
}

static int64_t take_signed(const struct format_spec *spec, va_list *args)
{
    return spec->wide ? va_arg(*args, int64_t)
                      : (int)(va_arg(*args, uint) << spec->ndropped) >> spec->ndropped;
}

static uint64_t take_unsigned(const struct format_spec *spec, va_list *args)
{
    return spec->wide ? va_arg(*args, uint64_t) : va_arg(*args, uint) << spec->ndropped >> spec->ndropped;
}

/* false: there is no such conversion, and no argument was taken. */
static bool put_conversion(struct format_sink *sink, char conversion, const struct format_spec *spec,
                           va_list *args)
{
    switch (conversion) {
    case 'd':
    case 'i':
        put_signed(sink, spec, take_signed(spec, args));
        return true;
    case 'u':
        put_number(sink, spec, "", take_unsigned(spec, args), 10);
        return true;
    case 'o':
        put_number(sink, spec, "", take_unsigned(spec, args), 8);
        return true;
    case 'x':
    case 'X':
        put_hexadecimal(sink, conversion, spec, take_unsigned(spec, args));
        return true;
    case 'p':
        put_hexadecimal(sink, conversion, spec, (uintptr_t)va_arg(*args, void *));
        return true;
    case 'c': {
        char c = (char)va_arg(*args, int);

        put_field(sink, spec, &c, 1);
        return true;
    }
    case 's':
        put_string(sink, spec, va_arg(*args, const char *));
        return true;
    case '%':
        format_put(sink, '%');
        return true;
    case 'e':
    case 'f':
    case 'g':
    case 'E':
    case 'F':
    case 'G':
        format_double(sink, conversion, spec, va_arg(*args, double));
        return true;
    default:
        return false;
    }
}

void format_text(struct format_sink *sink, const char *fmt, va_list args)
{
    struct format_spec spec;
    va_list rest;

    va_copy(rest, args);
    while (*fmt) {
        const char *start = fmt;

        if (*fmt++ == '%') {
            fmt = parse_spec(fmt, &spec, &rest);
            if (*fmt && put_conversion(sink, *fmt, &spec, &rest)) {
                fmt++;
                continue;
            }
            fmt += *fmt != 0; /* not a conversion: it prints itself, so that the mistake shows */
        }
        while (start < fmt)
            format_put(sink, *start++);
    }
    va_end(rest);
}
