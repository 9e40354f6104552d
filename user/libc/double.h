/*
 * double.h - what a double is made of, for the library and the arithmetic.  Sleeps: no.
 */
#ifndef DOUBLE_H
#define DOUBLE_H

#include <stdint.h>

/* The bits of a double. */
union math_bits {
    double value;
    uint64_t bits;
};

#define MATH_EXACT        9007199254740992.0 /* 2^53: the integers up to it are doubles */
#define MATH_MIN_EXPONENT (-1074)            /* the smallest double is 2 to this power */
#define MATH_INFINITY     ((union math_bits){ .bits = 0x7ffull << 52 }.value)

static inline int math_is_finite(double x)
{
    union math_bits u = { x };

    return ((unsigned int)(u.bits >> 52) & 0x7ff) != 0x7ff;
}

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

#endif
