/*
 * mathfn.c - square root, rounding, remainder, exponential, logarithm and power.
 *
 * exp, log and pow use double-double arithmetic (mathdd_impl.h).  The argument is reduced to a small range, where a
 * power series is summed: its first terms in double-double, its small tail in doubles.  Only the last operation rounds
 * noticeably, so results that are doubles themselves (2^10, 3^20) are exact.
 */
#include "mathfn.h"

#include "mathdd_impl.h"

#define EXPONENT_BIAS 1023
#define TWO_52        4503599627370496.0
#define NOT_A_NUMBER  ((union math_bits){ .bits = 0x7ff8ull << 48 }.value)

/* The upper part has 42 bits, so its product with an exponent is exact. */
#define LN2_UPPER 0x1.62e42fefa3800p-1
#define LN2_LOWER 0x1.ef35793c76730p-45
#define INV_LN2   0x1.71547652b82fep+0
#define SQRT2     0x1.6a09e667f3bcdp+0

/* Beyond these every result is infinite, or rounds to 0. */
#define EXP_MAX 709.79
#define EXP_MIN (-745.2)

double math_abs(double x)
{
    union math_bits u = { x };

    u.bits &= ~(1ull << 63);
    return u.value;
}

/* One instruction, since the compiler is told that nobody looks at errno. */
double math_sqrt(double x) { return __builtin_sqrt(x); }

static double with_sign_of(double x, double sign)
{
    union math_bits u = { x }, s = { sign };

    u.bits = (u.bits & ~(1ull << 63)) | (s.bits & 1ull << 63);
    return u.value;
}

double math_trunc(double x)
{
    double size = math_abs(x);
    double rounded;

    if (!(size < TWO_52))
        return x;
    rounded = (size + TWO_52) - TWO_52; /* to nearest, since nothing above 2^52 has a fraction */
    if (rounded > size)
        rounded -= 1;
    return with_sign_of(rounded, x);
}

double math_floor(double x)
{
    double t = math_trunc(x);

    return t > x ? t - 1 : t;
}

double math_ceil(double x)
{
    double t = math_trunc(x);

    return t < x ? with_sign_of(t + 1, x) : t;
}

int math_is_integer(double x) { return math_is_finite(x) && math_trunc(x) == x; }

/* |x| as a fraction of exactly 53 bits and a power of two.  x is finite and not 0. */
static uint64_t split(double x, int *exponent)
{
    union math_bits u = { x };
    uint64_t fraction = u.bits & ((1ull << 52) - 1);
    int biased = (int)(u.bits >> 52) & 0x7ff;

    if (biased)
        fraction |= 1ull << 52;
    else
        for (biased = 1; !(fraction >> 52); biased--)
            fraction <<= 1;
    *exponent = biased - EXPONENT_BIAS - 52;
    return fraction;
}

/* The reverse of split(), for a fraction of at most 53 bits that is not 0.  The value must be a double. */
static double join(uint64_t fraction, int exponent)
{
    int biased = exponent + EXPONENT_BIAS + 52;

    for (; !(fraction >> 52); biased--)
        fraction <<= 1;
    for (; biased < 1; biased++)
        fraction >>= 1;
    /* The fraction's highest bit adds 1 to the exponent field; a subnormal number has no such bit. */
    return (union math_bits){ .bits = ((uint64_t)(biased - 1) << 52) + fraction }.value;
}

double math_fmod(double x, double y)
{
    int ex, ey;
    uint64_t rest, divisor;

    if (y == 0)
        return NOT_A_NUMBER;
    if (math_abs(x) < math_abs(y))
        return x;
    rest = split(x, &ex);
    divisor = split(y, &ey);
    /* Long division, one bit at a time.  The remainder stays below the divisor, so both stay below 2^54. */
    for (;; ex--) {
        if (rest >= divisor)
            rest -= divisor;
        if (ex == ey || rest == 0)
            break;
        rest <<= 1;
    }
    return with_sign_of(rest ? join(rest, ey) : 0, x);
}

static double power_of_two(int n)
{
    return (union math_bits){ .bits = (uint64_t)(n + EXPONENT_BIAS) << 52 }.value;
}

double math_scale(double x, int n)
{
    if (n > 900)
        return x * power_of_two(n - 200) * power_of_two(200);
    if (n < -900)
        return x * power_of_two(n + 200) * power_of_two(-200);
    return x * power_of_two(n);
}

/* e^x, where x.hi lies between EXP_MIN and EXP_MAX. */
static double exp_dd(struct dd x)
{
    static const struct dd sixth = { 0x1.5555555555555p-3, 0x1.5555555555555p-57 };
    static const struct dd twenty_fourth = { 0x1.5555555555555p-5, 0x1.5555555555555p-59 };
    int n = (int)(x.hi * INV_LN2 + (x.hi < 0 ? -0.5 : 0.5));
    struct dd r = dd_sum(x.hi, -n * LN2_UPPER);
    struct dd sum;
    double tail = 0;

    r = dd_add(r, dd_product(-n, LN2_LOWER));
    r = dd_add_double(r, x.lo);
    for (int k = 17; k >= 5; k--) /* |r| <= 0.35, so the rest is below 2^-80 */
        tail = (1 + tail) * r.hi / k;
    sum = dd_mul_double(twenty_fourth, tail);
    sum = dd_step(dd_add(sum, twenty_fourth), r, sixth);
    sum = dd_step(sum, r, (struct dd){ 0.5, 0 });
    sum = dd_step(sum, r, (struct dd){ 1, 0 });
    sum = dd_step(sum, r, (struct dd){ 1, 0 });
    return math_scale(sum.hi, n);
}

double math_exp(double x)
{
    if (x > EXP_MAX)
        return MATH_INFINITY;
    if (x < EXP_MIN)
        return 0;
    return exp_dd((struct dd){ x, 0 });
}

/* ln x for x > 0, with a relative error of about 2^-75, by ln m = 2 artanh((m - 1) / (m + 1)). */
static struct dd log_dd(double x)
{
    static const struct dd third = { 0x1.5555555555555p-2, 0x1.5555555555555p-56 };
    static const struct dd fifth = { 0x1.999999999999ap-3, -0x1.999999999999ap-57 };
    static const struct dd seventh = { 0x1.2492492492492p-3, 0x1.2492492492492p-57 };
    int n;
    double m = join(split(x, &n), -52);
    struct dd s, z, sum, whole;
    double tail = 0;

    n += 52;
    if (m > SQRT2) {
        m *= 0.5;
        n++;
    }
    s = dd_div((struct dd){ m - 1, 0 }, dd_sum(m, 1));
    z = dd_mul(s, s);
    for (int k = 31; k >= 9; k -= 2) /* z < 0.0295, so the rest is below 2^-80 */
        tail = tail * z.hi + 1.0 / k;
    sum = dd_add_double(seventh, tail * z.hi);
    sum = dd_step(sum, z, fifth);
    sum = dd_step(sum, z, third);
    sum = dd_add(s, dd_mul(s, dd_mul(sum, z)));
    sum.hi *= 2;
    sum.lo *= 2;
    whole = dd_add((struct dd){ n * LN2_UPPER, 0 }, dd_product(n, LN2_LOWER));
    return dd_add(whole, sum);
}

double math_log(double x)
{
    if (x < 0)
        return NOT_A_NUMBER;
    if (x == 0)
        return -MATH_INFINITY;
    return log_dd(x).hi;
}

double math_pow(double x, double y)
{
    double sign = 1, size = math_abs(x), estimate;
    struct dd log;

    if (y == 0 || x == 1)
        return 1;
    if (x < 0) {
        if (!math_is_integer(y))
            return NOT_A_NUMBER;
        if (math_fmod(y, 2) != 0)
            sign = -1;
    }
    if (x == 0) {
        if (y < 0)
            return MATH_INFINITY;
        return math_is_integer(y) && math_fmod(y, 2) != 0 ? x : 0;
    }
    log = log_dd(size);
    estimate = log.hi * y;
    if (estimate > 2 * EXP_MAX)
        return sign * MATH_INFINITY;
    if (estimate < 2 * EXP_MIN)
        return sign * 0.0;
    log = dd_mul_double(log, y);
    if (log.hi > EXP_MAX)
        return sign * MATH_INFINITY;
    if (log.hi < EXP_MIN)
        return sign * 0.0;
    return sign * exp_dd(log);
}
