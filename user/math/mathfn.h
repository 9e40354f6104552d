/*
 * mathfn.h - functions of finite doubles, with no library below them and no table of values.
 *
 * sqrt, floor, ceil, trunc and fmod are exact or correctly rounded.  log, exp and pow carry about 65 bits to their last
 * rounding, so they err by little more than half a unit in the last place (below the smallest normal number, by one).
 * Nothing is kept between calls, nothing fails, and the x87 unit computes nothing.  Sleeps: no.
 */
#ifndef MATHFN_H
#define MATHFN_H

#include <stdint.h>

/* The bits of a double. */
union math_bits {
    double value;
    uint64_t bits;
};

#define MATH_INFINITY ((union math_bits){ .bits = 0x7ffull << 52 }.value)

double math_abs(double x);
double math_sqrt(double x); /* NaN below 0 */
double math_floor(double x);
double math_ceil(double x);
double math_trunc(double x);          /* toward 0 */
double math_fmod(double x, double y); /* C's: the sign of x, |result| < |y|.  y is not 0 */

double math_exp(double x); /* infinity when it overflows, 0 when it underflows */
double math_log(double x); /* natural; -infinity at 0, NaN below */
/* 1 for y == 0; infinity for 0 to a negative power; NaN for x < 0 with a y that is not an integer. */
double math_pow(double x, double y);

static inline int math_is_finite(double x)
{
    union math_bits u = { x };

    return ((unsigned int)(u.bits >> 52) & 0x7ff) != 0x7ff;
}

int math_is_integer(double x); /* finite and without a fraction */

/* Between doubles and integers of up to 2^53.  By halves, because a conversion of 64 bits may use the x87 unit. */
static inline double math_from_integer(uint64_t n)
{
    return (double)(unsigned int)(n >> 32) * 4294967296.0 + (double)(unsigned int)n;
}

static inline uint64_t math_to_integer(double x) /* truncates; x is not negative */
{
    unsigned int high = (unsigned int)(x / 4294967296.0);

    return (uint64_t)high << 32 | (unsigned int)(x - high * 4294967296.0);
}

/* x * 2^n, rounded once; x is 0 or between 2^-100 and 2^100. */
double math_scale(double x, int n);

#endif
