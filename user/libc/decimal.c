/*
 * decimal.c - decimal text to the nearest double, and doubles to the shortest decimal.
 *
 * Reading: where the digits and the power of ten are doubles themselves, one multiplication or division rounds
 * correctly.  Otherwise the number is a fraction of two big integers; 64 bits of the quotient are computed, and the
 * remainder decides ties.  A number halfway between two doubles has at most 767 digits, so the digits after the 800th
 * can only mean "more than a tie", and one digit stands for all of them.
 *
 * Writing: the value is a fraction of two big integers between 0.1 and 1, times a power of ten; digits are taken off its
 * front.  The shortest decimal has the distances to the midpoints to the value's neighbours as well, over the same
 * denominator, and ends when what is left, or what is missing, lies within those (Steele and White's method).
 */
#include "decimal.h"

#include "bignum_impl.h"
#include "ctype.h"
#include "double.h"

#define MAX_DIGITS    800    /* of an input, that are kept */
#define MIN_MAGNITUDE (-323) /* anything below 10^-324 rounds to 0 */
#define MAX_MAGNITUDE 309    /* anything from 10^309 up is infinite */
#define EXACT_POWERS  22     /* 10^22 is the largest power of ten that is a double */
#define MANTISSA_BITS 53
#define MIN_EXPONENT  (-1074)      /* of the smallest double */
#define MAX_EXPONENT  971          /* of the last bit of the largest */
#define LOG10_2       1292913986ll /* times 2^32, rounded down */

static double power_of_ten(int n)
{
    static const double powers[EXACT_POWERS + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };

    return powers[n];
}

/* Reading. */

/* A number as text: its digits without the point, from the first that is not 0, times 10^exponent. */
struct literal {
    const char *digits; /* a point may lie among them */
    int ndigits;
    int exponent;
    uint64_t start; /* the value of the first 15 digits, or of all if there are fewer */
};

/* Returns the length of the exponent part at text, 0 if there is none. */
static int scan_exponent(const char *text, int n, int *exponent)
{
    int at = 1, negative = 0, value = 0;

    if (n < 2 || (text[0] != 'e' && text[0] != 'E'))
        return 0;
    if (text[at] == '+' || text[at] == '-')
        negative = text[at++] == '-';
    if (at == n || !isdigit((unsigned char)text[at]))
        return 0;
    for (; at < n && isdigit((unsigned char)text[at]); at++)
        if (value < 100000000)
            value = value * 10 + (text[at] - '0');
    *exponent = negative ? -value : value;
    return at;
}

/* Returns the length of the number at text, 0 if there is none. */
static int scan(const char *text, int n, struct literal *literal)
{
    int at = 0, point = -1, any = 0, exponent = 0;

    *literal = (struct literal){ 0 };
    for (; at < n; at++) {
        if (isdigit((unsigned char)text[at])) {
            any = 1;
            if (literal->ndigits == 0 && text[at] == '0') {
                literal->exponent -= point >= 0;
                continue;
            }
            if (literal->ndigits == 0)
                literal->digits = text + at;
            if (++literal->ndigits <= 15)
                literal->start = literal->start * 10 + (text[at] - '0');
            literal->exponent -= point >= 0;
        } else if (text[at] == '.' && point < 0) {
            point = at;
        } else {
            break;
        }
    }
    if (!any)
        return 0;
    at += scan_exponent(text + at, n - at, &exponent);
    literal->exponent += exponent;
    return at;
}

/* The double nearest to (bits + a fraction of a bit, if `more`) * 2^exponent; bits has its highest bit set. */
static double round_bits(uint64_t bits, int exponent, int more)
{
    int drop = 64 - MANTISSA_BITS;
    uint64_t fraction, rest, half;

    if (exponent + drop < MIN_EXPONENT)
        drop = MIN_EXPONENT - exponent;
    if (drop > 64)
        return 0;
    fraction = drop == 64 ? 0 : bits >> drop;
    rest = drop == 64 ? bits : bits & ((1ull << drop) - 1);
    half = 1ull << (drop - 1);
    if (rest > half || (rest == half && (more || (fraction & 1))))
        fraction++;
    exponent += drop;
    if (fraction >> MANTISSA_BITS) {
        fraction >>= 1;
        exponent++;
    }
    if (exponent > MAX_EXPONENT)
        return MATH_INFINITY;
    /* The highest bit of a normal number's fraction adds 1 to the exponent field. */
    return (union math_bits){ .bits = ((uint64_t)(exponent - MIN_EXPONENT) << 52) + fraction }.value;
}

static double quotient(struct bignum *over, struct bignum *under, int exponent)
{
    int shift = 63 - (bignum_bits(over) - bignum_bits(under));
    uint64_t bits = 0;

    /* Align them so that 1 <= over / under < 2, then take 64 bits, one a step. */
    if (shift < 63)
        bignum_shift_left(under, 63 - shift);
    else
        bignum_shift_left(over, shift - 63);
    if (bignum_compare(over, under) < 0) {
        bignum_shift_left(over, 1);
        shift++;
    }
    for (int i = 0; i < 64; i++) {
        bits <<= 1;
        if (bignum_compare(over, under) >= 0) {
            bignum_subtract(over, under);
            bits |= 1;
        }
        bignum_shift_left(over, 1);
    }
    return round_bits(bits, exponent - shift, over->n > 0);
}

static double convert(const struct literal *literal)
{
    struct bignum over, under;
    int exponent = literal->exponent, more = 0;
    const char *p = literal->digits;

    bignum_set(&over, 0);
    bignum_set(&under, 1);
    for (int i = 0; i < literal->ndigits; p++) {
        if (*p == '.')
            continue;
        if (i++ < MAX_DIGITS)
            bignum_mul_add(&over, 10, (unsigned int)(*p - '0'));
        else
            more |= *p != '0';
    }
    if (literal->ndigits > MAX_DIGITS)
        exponent += literal->ndigits - MAX_DIGITS;
    if (more) {
        bignum_mul_add(&over, 10, 1);
        exponent--;
    }
    if (exponent >= 0)
        bignum_mul_pow5(&over, exponent);
    else
        bignum_mul_pow5(&under, -exponent);
    return quotient(&over, &under, exponent);
}

/* The length of the number at text if it is an integer of up to 9 digits, as most are; else 0. */
static int scan_small(const char *text, int n, int *value)
{
    int at = 0, total = 0;

    for (; at < n && isdigit((unsigned char)text[at]); at++) {
        if (at == 9)
            return 0;
        total = total * 10 + (text[at] - '0');
    }
    if (at < n && (text[at] == '.' || text[at] == 'e' || text[at] == 'E'))
        return 0;
    *value = total;
    return at;
}

int decimal_parse(const char *text, int n, double *value)
{
    struct literal literal;
    int small, magnitude;
    int length = scan_small(text, n, &small);

    if (length > 0) {
        *value = small;
        return length;
    }
    length = scan(text, n, &literal);
    magnitude = literal.ndigits + literal.exponent; /* below 10^magnitude, not below a tenth of it */
    if (length == 0)
        return 0;
    if (literal.ndigits == 0 || magnitude < MIN_MAGNITUDE)
        *value = 0;
    else if (magnitude > MAX_MAGNITUDE)
        *value = MATH_INFINITY;
    else if (literal.ndigits <= 15 && literal.exponent >= 0 && literal.exponent <= EXACT_POWERS)
        *value = math_from_integer(literal.start) * power_of_ten(literal.exponent);
    else if (literal.ndigits <= 15 && literal.exponent < 0 && literal.exponent >= -EXACT_POWERS)
        *value = math_from_integer(literal.start) / power_of_ten(-literal.exponent);
    else
        *value = convert(&literal);
    return length;
}

/* Writing. */

/* Positive and finite. */
struct parts {
    uint64_t fraction;
    int exponent; /* the value is fraction * 2^exponent */
    int narrow;   /* the neighbour below is half as far away as the one above */
};

static struct parts take_apart(double value)
{
    union math_bits u = { value };
    int field = (int)(u.bits >> 52) & 0x7ff;
    uint64_t fraction = u.bits & ((1ull << 52) - 1);

    return (struct parts){
        .fraction = field ? fraction | 1ull << 52 : fraction,
        .exponent = (field ? field : 1) - 1 + MIN_EXPONENT,
        .narrow = fraction == 0 && field > 1,
    };
}

/* The point for which 0.1 <= value / 10^point < 1, or one less. */
static int guess_point(const struct parts *p)
{
    int bits = 64 - __builtin_clzll(p->fraction) + p->exponent; /* 2^(bits - 1) <= value < 2^bits */

    return (int)(((bits - 1) * LOG10_2) >> 32) + 1;
}

static void multiply_by_power_of_10(struct bignum *b, int power)
{
    bignum_mul_pow5(b, power);
    bignum_shift_left(b, power);
}

/* The value is rest / whole of the last digit's unit, and rest < whole; below and above are the distances to the
   midpoints. */
struct digits {
    struct bignum rest, whole, below, above;
    int even;  /* a midpoint itself reads back as this value */
    int point; /* the value is 0.DIGITS times 10^point */
    int n;
    char digit[20];
};

/* Is rest + above beyond the whole unit, or equal to it where that counts? */
static int reaches_whole(const struct digits *d)
{
    return bignum_compare_sum(&d->rest, &d->above, &d->whole) >= !d->even;
}

static void multiply_by_10(struct digits *d)
{
    bignum_mul_add(&d->rest, 10, 0);
    bignum_mul_add(&d->below, 10, 0);
    bignum_mul_add(&d->above, 10, 0);
}

static void set_up(struct digits *d, double value)
{
    struct parts p = take_apart(value);
    int up = p.exponent > 0 ? p.exponent : 0, down = p.exponent < 0 ? -p.exponent : 0;

    d->even = !(p.fraction & 1);
    bignum_set(&d->rest, p.fraction);
    bignum_set(&d->whole, 1);
    bignum_set(&d->below, 1);
    /* In units of a quarter of the last bit's value, so that midpoints are integers. */
    bignum_shift_left(&d->rest, 2 + up);
    bignum_shift_left(&d->whole, 2 + down);
    bignum_shift_left(&d->below, (p.narrow ? 0 : 1) + up);
    d->above = d->below;
    if (p.narrow)
        bignum_shift_left(&d->above, 1);

    d->point = guess_point(&p);
    if (d->point > 0) {
        multiply_by_power_of_10(&d->whole, d->point);
    } else {
        multiply_by_power_of_10(&d->rest, -d->point);
        multiply_by_power_of_10(&d->below, -d->point);
        multiply_by_power_of_10(&d->above, -d->point);
    }
    if (reaches_whole(d))
        d->point++;
    else
        multiply_by_10(d);
}

static void make_digits(struct digits *d)
{
    for (d->n = 0;; multiply_by_10(d)) {
        int digit = 0, low, high;

        while (bignum_compare(&d->rest, &d->whole) >= 0) {
            bignum_subtract(&d->rest, &d->whole);
            digit++;
        }
        low = bignum_compare(&d->rest, &d->below) < d->even;
        high = reaches_whole(d);
        if (low && high) {
            /* Both ends read back: take the nearer one, and halfway between them the even one. */
            int order = bignum_compare_sum(&d->rest, &d->rest, &d->whole);

            high = order > 0 || (order == 0 && (digit & 1));
        }
        d->digit[d->n++] = (char)('0' + digit + high);
        if (low || high)
            return;
    }
}

/* Carries a last digit of 10. */
static void round_up_nines(struct digits *d)
{
    while (d->n > 1 && d->digit[d->n - 1] > '9') {
        d->n--;
        d->digit[d->n - 1]++;
    }
    if (d->digit[0] > '9') {
        d->digit[0] = '1';
        d->point++;
    }
}

/* Writes 0 <= value < 10^16, an integer, with at least `width` digits; returns where it ends. */
static char *put_integer(char *out, double value, int width)
{
    unsigned int high = (unsigned int)(value / 1e8), low;
    char text[20];
    int n = 0;

    if (high * 1e8 > value) /* the quotient was rounded up to an integer */
        high--;
    low = (unsigned int)(value - high * 1e8);
    for (; low || (high && n < 8); low /= 10)
        text[n++] = (char)('0' + low % 10);
    for (; high; high /= 10)
        text[n++] = (char)('0' + high % 10);
    while (n < width)
        text[n++] = '0';
    while (n > 0)
        *out++ = text[--n];
    return out;
}

static char *put_digits(char *out, const struct digits *d)
{
    int exponent = d->point - 1;

    if (d->point <= 16 && d->point > 0) {
        for (int i = 0; i < d->n || i < d->point; i++) {
            if (i == d->point)
                *out++ = '.';
            *out++ = i < d->n ? d->digit[i] : '0';
        }
        return out;
    }
    if (d->point <= 0 && d->point > -4) {
        *out++ = '0';
        *out++ = '.';
        for (int i = d->point; i < 0; i++)
            *out++ = '0';
        for (int i = 0; i < d->n; i++)
            *out++ = d->digit[i];
        return out;
    }
    for (int i = 0; i < d->n; i++) {
        if (i == 1)
            *out++ = '.';
        *out++ = d->digit[i];
    }
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    return put_integer(out, exponent < 0 ? -exponent : exponent, 2);
}

int decimal_format(double value, char *buf)
{
    union math_bits u = { value };
    char *out = buf;

    if (u.bits >> 63) {
        *out++ = '-';
        value = -value;
    }
    if (!math_is_finite(value)) {
        const char *name = value == value ? "inf" : "nan";

        while (*name)
            *out++ = *name++;
    } else if (value < 9007199254740992.0 && math_from_integer(math_to_integer(value)) == value) {
        out = put_integer(out, value, 1);
    } else {
        struct digits d;

        set_up(&d, value);
        make_digits(&d);
        round_up_nines(&d);
        out = put_digits(out, &d);
    }
    *out = 0;
    return (int)(out - buf);
}

/* Adds 1 to the last of n digits.  Returns how many digits there are now: one if they were all nines, or none. */
static int round_up(char *digit, int n, int *point)
{
    for (int i = n; i-- > 0; digit[i] = '0') {
        if (digit[i] < '9') {
            digit[i]++;
            return n;
        }
    }
    digit[0] = '1';
    ++*point;
    return 1;
}

int decimal_digits(double value, int n, int after_point, char *digit, int *point)
{
    struct parts p = take_apart(value);
    struct bignum rest, whole;
    int order, at = 0;

    bignum_set(&rest, p.fraction);
    bignum_set(&whole, 1);
    bignum_shift_left(p.exponent > 0 ? &rest : &whole, p.exponent > 0 ? p.exponent : -p.exponent);
    *point = guess_point(&p);
    multiply_by_power_of_10(*point > 0 ? &whole : &rest, *point > 0 ? *point : -*point);
    if (bignum_compare(&rest, &whole) >= 0) {
        bignum_mul_add(&whole, 10, 0);
        ++*point;
    }
    if (after_point)
        n += *point;
    if (n < 0)
        return 0;
    for (; at < n && at < DECIMAL_DIGITS; at++) {
        digit[at] = '0';
        for (bignum_mul_add(&rest, 10, 0); bignum_compare(&rest, &whole) >= 0; digit[at]++)
            bignum_subtract(&rest, &whole);
    }
    order = bignum_compare_sum(&rest, &rest, &whole);
    if (order > 0 || (order == 0 && at > 0 && (digit[at - 1] & 1)))
        return round_up(digit, at, point);
    return at;
}
