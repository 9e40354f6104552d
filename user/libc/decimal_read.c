/*
 * decimal_read.c - decimal text to the nearest double.
 *
 * Where the digits and the power of ten are doubles themselves, one multiplication or division rounds correctly.
 * Otherwise the number is a fraction of two big integers; 64 bits of the quotient are computed, and the remainder
 * decides ties.  A number halfway between two doubles has at most 767 digits, so the digits after the 800th can only
 * mean "more than a tie", and one digit stands for all of them.
 */
#include "decimal.h"

#include "bignum_impl.h"
#include "ctype.h"
#include "double.h"

#define MAX_DIGITS    800    /* of an input, that are kept */
#define EXACT_DIGITS  15     /* an integer of this many is a double */
#define EXACT_POWERS  22     /* 10^22 is the largest power of ten that is a double */
#define MIN_MAGNITUDE (-323) /* anything below 10^-324 rounds to 0 */
#define MAX_MAGNITUDE 309    /* anything from 10^309 up is infinite */
#define MANTISSA_BITS 53
#define MAX_EXPONENT  971 /* of the last bit of the largest */

static double power_of_ten(int n)
{
    static const double powers[EXACT_POWERS + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };

    return powers[n];
}

/* A number as text: its digits without the point, from the first that is not 0, times 10^exponent. */
struct literal {
    const char *digits; /* a point may lie among them */
    int ndigits;
    int exponent;
    uint64_t start; /* the value of the first EXACT_DIGITS, or of all if there are fewer */
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
            if (++literal->ndigits <= EXACT_DIGITS)
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

    if (exponent + drop < MATH_MIN_EXPONENT)
        drop = MATH_MIN_EXPONENT - exponent;
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
    return (union math_bits){ .bits = ((uint64_t)(exponent - MATH_MIN_EXPONENT) << 52) + fraction }.value;
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
    else if (literal.ndigits <= EXACT_DIGITS && literal.exponent >= 0 && literal.exponent <= EXACT_POWERS)
        *value = math_from_integer(literal.start) * power_of_ten(literal.exponent);
    else if (literal.ndigits <= EXACT_DIGITS && literal.exponent < 0 && literal.exponent >= -EXACT_POWERS)
        *value = math_from_integer(literal.start) / power_of_ten(-literal.exponent);
    else
        *value = convert(&literal);
    return length;
}
