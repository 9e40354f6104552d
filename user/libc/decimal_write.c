/*
 * decimal_write.c - doubles to the shortest decimal, and to any number of digits.
 *
 * The value is a fraction of two big integers between 0.1 and 1, times a power of ten; digits are taken off its front.
 * The shortest decimal has the distances to the midpoints to the value's neighbours as well, over the same denominator,
 * and ends when what is left, or what is missing, lies within those (Steele and White's method).
 */
#include "decimal.h"

#include "bignum_impl.h"
#include "double.h"

#define LOG10_2 1292913986ll /* times 2^32, rounded down */

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
        .exponent = (field ? field : 1) - 1 + MATH_MIN_EXPONENT,
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
    } else if (value < MATH_EXACT && math_from_integer(math_to_integer(value)) == value) {
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
