/*
 * format_double.c - doubles for printf(), rounded correctly whatever the precision.
 */
#include "ctype.h"
#include "decimal.h"
#include "double.h"
#include "format_impl.h"

#define DEFAULT_PRECISION 6

/* The value is 0.DIGITS times 10^point; digits that are not stored are zeros. */
struct number {
    int n, point;
    char digit[DECIMAL_DIGITS];
};

static char digit_at(const struct number *d, int i) { return i >= 0 && i < d->n ? d->digit[i] : '0'; }

static void convert(struct number *d, double value, int n, bool after_point)
{
    d->n = 0;
    d->point = 1;
    if (value > 0)
        d->n = decimal_digits(value, n, after_point, d->digit, &d->point);
}

static void put_places(struct format_sink *sink, const struct number *d, int from, int n)
{
    for (int i = from; i < from + n; i++)
        format_put(sink, digit_at(d, i));
}

/* 123.45: `precision` places after the point. */
static void put_fixed(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                      const struct number *d, int precision)
{
    bool point = precision > 0 || spec->alternate;
    int nwhole = d->point > 0 ? d->point : 1;
    int n = nwhole + point + precision;

    format_open(sink, spec, sign, n);
    put_places(sink, d, d->point - nwhole, nwhole);
    if (point)
        format_put(sink, '.');
    put_places(sink, d, d->point, precision);
    format_close(sink, spec, sign, n);
}

/* 1.2345e+02. */
static void put_scientific(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                           const struct number *d, int precision, char letter)
{
    bool point = precision > 0 || spec->alternate;
    int exponent = d->point - 1, size = exponent < 0 ? -exponent : exponent;
    int n = 1 + point + precision + (size < 100 ? 4 : 5);

    format_open(sink, spec, sign, n);
    put_places(sink, d, 0, 1);
    if (point)
        format_put(sink, '.');
    put_places(sink, d, 1, precision);
    format_put(sink, letter);
    format_put(sink, exponent < 0 ? '-' : '+');
    if (size >= 100)
        format_put(sink, (char)('0' + size / 100));
    format_put(sink, (char)('0' + size / 10 % 10));
    format_put(sink, (char)('0' + size % 10));
    format_close(sink, spec, sign, n);
}

/* %g: n digits in all, whichever form is shorter, without zeros at the end unless # asks for them. */
static void put_general(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                        double value, int n, char letter)
{
    struct number d;
    int exponent;
    bool fixed;

    convert(&d, value, n, false);
    exponent = d.point - 1;
    fixed = exponent >= -4 && exponent < n;
    if (!spec->alternate) {
        while (d.n > 0 && d.digit[d.n - 1] == '0')
            d.n--;
        n = d.n > 1 ? d.n : 1;
    }
    if (!fixed)
        put_scientific(sink, spec, sign, &d, n - 1, letter);
    else
        put_fixed(sink, spec, sign, &d, n > d.point ? n - d.point : 0);
}

static void put_name(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                     const char *name)
{
    struct format_spec padded = *spec;
    int n = (int)strlen(name);

    padded.zero = false;
    format_open(sink, &padded, sign, n);
    while (*name)
        format_put(sink, *name++);
    format_close(sink, &padded, sign, n);
}

void format_double(struct format_sink *sink, char conversion, const struct format_spec *spec, double value)
{
    union math_bits u = { value };
    char sign[2] = { u.bits >> 63 ? '-' : spec->plus, 0 };
    int precision = spec->precision < 0 ? DEFAULT_PRECISION : spec->precision;
    char letter = isupper(conversion) ? 'E' : 'e';
    struct number d;

    u.bits &= ~(1ull << 63);
    if (!math_is_finite(value)) {
        bool nan = value != value, upper = isupper(conversion);

        put_name(sink, spec, sign, nan ? upper ? "NAN" : "nan" : upper ? "INF" : "inf");
        return;
    }
    switch (tolower(conversion)) {
    case 'f':
        convert(&d, u.value, precision, true);
        put_fixed(sink, spec, sign, &d, precision);
        break;
    case 'e':
        convert(&d, u.value, precision < DECIMAL_DIGITS ? precision + 1 : DECIMAL_DIGITS, false);
        put_scientific(sink, spec, sign, &d, precision, letter);
        break;
    default:
        put_general(sink, spec, sign, u.value, precision > 0 ? precision : 1, letter);
    }
}
