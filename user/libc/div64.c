/*
 * div64.c - the functions that a compiler calls for 64-bit integers on a 32-bit machine: division, and
 * conversion from double.
 *
 * No compiler library is linked, so they are defined here under the names that gcc and clang use.  Division
 * is long division, one bit of the quotient at a time, from the first bit that can be 1.  When both operands
 * fit a word, the machine divides.
 */
#include <stdint.h>

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rest);
int64_t __divmoddi4(int64_t n, int64_t d, int64_t *rest);
uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);
int64_t __divdi3(int64_t n, int64_t d);
int64_t __moddi3(int64_t n, int64_t d);
uint64_t __fixunsdfdi(double x);

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rest)
{
    uint64_t quotient = 0;

    if ((n | d) >> 32 == 0) {
        uint32_t small = (uint32_t)d; /* dividing by 0 traps, as it should */

        *rest = (uint32_t)n % small;
        return (uint32_t)n / small;
    }
    if (d <= n) {
        int shift = __builtin_clzll(d | 1) - __builtin_clzll(n);

        if (d == 0)
            __builtin_trap();
        for (d <<= shift; shift >= 0; shift--, d >>= 1) {
            quotient <<= 1;
            if (n >= d) {
                n -= d;
                quotient |= 1;
            }
        }
    }
    *rest = n;
    return quotient;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
    uint64_t rest;

    return __udivmoddi4(n, d, &rest);
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
    uint64_t rest;

    __udivmoddi4(n, d, &rest);
    return rest;
}

static uint64_t magnitude(int64_t x) { return x < 0 ? -(uint64_t)x : (uint64_t)x; }

int64_t __divmoddi4(int64_t n, int64_t d, int64_t *rest)
{
    uint64_t urest;
    uint64_t quotient = __udivmoddi4(magnitude(n), magnitude(d), &urest);

    *rest = (int64_t)(n < 0 ? -urest : urest);
    return (int64_t)((n < 0) != (d < 0) ? -quotient : quotient);
}

int64_t __divdi3(int64_t n, int64_t d)
{
    int64_t rest;

    return __divmoddi4(n, d, &rest);
}

int64_t __moddi3(int64_t n, int64_t d)
{
    int64_t rest;

    __divmoddi4(n, d, &rest);
    return rest;
}

/* Truncates.  It works on the bits, because a cast would be compiled to a call of this very function. */
uint64_t __fixunsdfdi(double x)
{
    union {
        double value;
        uint64_t bits;
    } u = { x };
    int exponent = (int)(u.bits >> 52 & 0x7FF) - 1023;
    uint64_t mantissa = (u.bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;

    if (u.bits >> 63 || exponent < 0)
        return 0;
    if (exponent > 63)
        return UINT64_MAX;
    return exponent >= 52 ? mantissa << (exponent - 52) : mantissa >> (52 - exponent);
}
