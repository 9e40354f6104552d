/*
 * math_functions.c - the functions compared with the C library's: exact ones must be equal; for the others the
 * library's long doubles, which have 11 more bits, show how far off a result is.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "host.h"
#include "user/math/mathfn.h"
#include "user/math/mathint.h"
#include "user/math/mathtrig.h"

#define ROUNDS  100000
#define ALLOWED 2.0L /* units in the last place */

static unsigned random_state = 88172645;

static uint64_t random_bits(void)
{
    uint64_t high = chance_next(&random_state);

    return high << 32 | chance_next(&random_state);
}

static double uniform(double low, double high)
{
    return low + (high - low) * (double)(random_bits() >> 11) * 0x1p-53;
}

/* A finite double of any size, positive. */
static double any_size(void)
{
    union math_bits u = { .bits = random_bits() % (0x7ffull << 52) };

    return u.value;
}

/* The same bits: NaN is itself, and the zeroes differ.  NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
static bool same(double a, double b) { return memcmp(&a, &b, sizeof(a)) == 0; }

/* The distance of `got` from `true_value`, in units in the last place. */
static long double error(double got, long double true_value)
{
    double near = (double)true_value;

    if (isinf(near) || isinf(got))
        return near == got ? 0 : INFINITY;
    return fabsl(got - true_value) / (nextafter(fabs(near), INFINITY) - fabs(near));
}

struct worst {
    const char *name;
    long double error;
};

static void compare(struct worst *worst, double got, long double true_value, double x, double y)
{
    long double off = error(got, true_value);

    if (!(off <= ALLOWED))
        tap_fail("%s(%a, %a) is %a: %.3Lf off", worst->name, x, y, got, off);
    if (off > worst->error)
        worst->error = off;
}

static void report(const struct worst *worst)
{
    tap_note("%s: at most %.3Lf units in the last place off", worst->name, worst->error);
}

TEST("the exact functions agree with the C library's")
{
    for (int i = 0; i < ROUNDS; i++) {
        double x = i % 2 ? any_size() : uniform(-1e6, 1e6), y = i % 3 ? any_size() : x * uniform(0, 1);

        check(same(math_sqrt(fabs(x)), sqrt(fabs(x))));
        check(same(math_abs(-x), fabs(x)));
        check(math_floor(x) == floor(x) && math_floor(-x) == floor(-x));
        check(same(math_ceil(x), ceil(x)) && same(math_ceil(-x), ceil(-x)));
        check(same(math_trunc(-x), trunc(-x)));
        check(math_is_integer(x) == (x == trunc(x)));
        if (y != 0)
            check(same(math_fmod(x, y), fmod(x, y)) && same(math_fmod(-x, y), fmod(-x, y)));
    }
    check(math_floor(-0.5) == -1 && same(math_ceil(-0.5), -0.0));
    check(math_floor(0x1p52 - 0.5) == 0x1p52 - 1 && math_floor(0.49999999999999994) == 0);
    check(same(math_fmod(5e-324, 3e-320), 5e-324) && same(math_fmod(0x1.8p1023, 5e-324), 0.0));
}

TEST("exp is off by 2 units in the last place at most")
{
    struct worst worst = { "exp", 0 };

    for (int i = 0; i < ROUNDS; i++) {
        double x = i % 2 ? uniform(-745, 709.7) : uniform(-1, 1) * pow(2, uniform(-40, 0));

        compare(&worst, math_exp(x), expl(x), x, 0);
    }
    report(&worst);
    check(math_exp(0) == 1 && math_exp(710) == INFINITY && math_exp(-746) == 0 && math_exp(-1e300) == 0);
}

TEST("ln is off by 2 units in the last place at most")
{
    struct worst worst = { "ln", 0 };

    for (int i = 0; i < ROUNDS; i++) {
        double x = i % 2 ? any_size() : 1 + uniform(-0.5, 0.5) * pow(2, uniform(-50, 0));

        if (x > 0)
            compare(&worst, math_log(x), logl(x), x, 0);
    }
    report(&worst);
    check(math_log(1) == 0 && math_log(0) == -INFINITY && isnan(math_log(-1)));
}

TEST("powers are off by 2 units in the last place at most")
{
    struct worst worst = { "^", 0 };

    for (int i = 0; i < ROUNDS; i++) {
        double x = i % 2 ? any_size() : uniform(0, 4), y;

        if (x == 0 || x == 1)
            continue;
        y = uniform(-745, 709) / log(x);
        if (fabs(y) < 1e300)
            compare(&worst, math_pow(x, y), powl(x, y), x, y);
    }
    report(&worst);
}

TEST("powers that are doubles are exact")
{
    for (int x = -50; x <= 50; x++) {
        double product = 1;

        /* Exact as long as it lasts.  NOLINTNEXTLINE(cert-flp30-c) */
        for (int n = 0; fabs(product) < 0x1p53 && n < 60; n++, product *= x)
            check(math_pow(x, n) == product);
    }
    for (int n = -1074; n < 1024; n++)
        check(math_pow(2, n) == ldexp(1, n));
    for (int n = 0; n <= 22; n++)
        check(math_pow(10, n) == (double)powl(10, n));
    check(math_pow(0, 0) == 1 && math_pow(0, 3) == 0 && math_pow(0, -1) == INFINITY);
    check(math_pow(-8, 1.0 / 3) != math_pow(-8, 1.0 / 3));
    check(math_pow(-10, 309) == -INFINITY && math_pow(10, -400) == 0 && math_pow(0.5, 1e300) == 0);
    check(math_pow(-1, 1e300) == 1 && math_pow(-1, 0x1p53 - 1) == -1);
}

/* Angles of all sizes, and near multiples of pi/2, where a sloppy reduction loses all digits. */
static double angle(int i)
{
    switch (i % 4) {
    case 0:
        return uniform(-1e5, 1e5);
    case 1:
        return uniform(-8, 8);
    case 2:
        return (double)(random_bits() % 63662) * M_PI_2;
    default:
        return uniform(-1, 1) * pow(2, uniform(-60, 0));
    }
}

TEST("sin and cos are off by 2 units in the last place at most")
{
    struct worst worst_sin = { "sin", 0 }, worst_cos = { "cos", 0 };

    for (int i = 0; i < ROUNDS; i++) {
        double x = angle(i);

        compare(&worst_sin, math_sin(x), sinl(x), x, 0);
        compare(&worst_cos, math_cos(x), cosl(x), x, 0);
    }
    report(&worst_sin);
    report(&worst_cos);
    check(same(math_sin(0), 0.0) && math_cos(0) == 1);
    check(math_sin(1e5) == 0.03574879797201651);
}

/* The double closest to a multiple of pi/2, and sizes that use the whole table of 2/pi. */
TEST("sin and cos of huge angles are as good")
{
    check(math_cos(6381956970095103.0 * 0x1p797) == -4.68716592425462761112e-19);
    check(math_sin(1e22) == -0.8522008497671888);
    for (int i = 0; i < ROUNDS / 10; i++) {
        double x = any_size();

        check(error(math_sin(x), sinl(x)) <= ALLOWED && error(math_cos(x), cosl(x)) <= ALLOWED);
    }
}

/* The reference for isprime: Miller and Rabin's test in 128 bits, with other bases, which decide below 2^64. */
static uint64_t multiply_mod(uint64_t a, uint64_t b, uint64_t n)
{
    return (uint64_t)((unsigned __int128)a * b % n);
}

static bool may_be_prime(uint64_t n, uint64_t base)
{
    int twos = __builtin_ctzll(n - 1);
    uint64_t power = 1;

    for (uint64_t bits = (n - 1) >> twos; bits > 0; bits >>= 1) {
        if (bits & 1)
            power = multiply_mod(power, base, n);
        base = multiply_mod(base, base, n);
    }
    if (power == 1)
        return true;
    for (; twos > 0; twos--) {
        if (power == n - 1)
            return true;
        power = multiply_mod(power, power, n);
    }
    return false;
}

static bool is_large_prime(uint64_t n)
{
    static const uint64_t bases[] = { 2, 325, 9375, 28178, 450775, 9780504, 1795265022 };

    for (int i = 0; i < 7; i++)
        if (bases[i] % n != 0 && !may_be_prime(n, bases[i] % n))
            return false;
    return true;
}

static bool is_prime(unsigned long long n)
{
    if (n < 2)
        return false;
    for (unsigned long long k = 2; k * k <= n; k++)
        if (n % k == 0)
            return false;
    return true;
}

TEST("fact, fib and gcd are exact")
{
    long double product = 1;

    for (int n = 0; n <= 25; n++) {
        check(math_fact(n) == (double)product); /* exact in 64 bits */
        product *= n + 1;
    }
    check(math_fact(100) == 9.332621544394415e157 && math_fact(170) == 7.257415615307999e306);
    check(math_fact(171) == INFINITY);
    for (unsigned long long a = 0, b = 1, n = 0; n <= 92; n++) {
        unsigned long long next = a + b;

        check(math_fib((double)n) == (double)a);
        a = b;
        b = next;
    }
    check(math_fib(1000) == 4.3466557686937455e208 && math_fib(1476) == 1.3069892237633993e308);
    check(math_fib(1477) == INFINITY);
    check(math_gcd(12, -18) == 6 && math_gcd(0, 7) == 7 && math_gcd(0, 0) == 0);
    check(math_gcd(0x1p1000, 0x1p900 * 3) == 0x1p900);
}

/* MATH_ROUNDS in the environment is how many of each length; some seconds for each 100,000. */
TEST("isprime agrees with 128-bit arithmetic for odd numbers of each length")
{
    const char *text = getenv("MATH_ROUNDS");
    long rounds = text ? atol(text) : 4000, nprimes = 0;

    for (int nbits = 3; nbits <= 53; nbits++) {
        uint64_t first = 1ull << (nbits - 1);

        for (long i = 0; i < rounds; i++) {
            uint64_t n = first | random_bits() % first | 1;
            bool prime = is_large_prime(n);

            nprimes += prime;
            if (math_isprime((double)n) != prime)
                tap_fail("isprime(%llu)", (unsigned long long)n);
        }
    }
    tap_note("%ld primes among %ld numbers", nprimes, 51 * rounds);
}

TEST("isprime agrees with trial division")
{
    for (int n = -3; n < 20000; n++)
        check(math_isprime(n) == (n > 0 && is_prime((unsigned)n)));
    for (int i = 0; i < 200; i++) {
        unsigned long long n = random_bits() >> (11 + random_bits() % 30);

        n %= 1ull << 42;
        check(math_isprime((double)n) == is_prime(n));
        check(n % 2 == 0 || n < 3 || is_large_prime(n) == is_prime(n));
    }
    /* Around 2^53, by python's arithmetic. */
    check(math_isprime(9007199254740881.0) == 1 && math_isprime(9007199254740847.0) == 1);
    check(math_isprime(3536776716544193.0) == 1 && math_isprime(5055159403646549.0) == 1);
    check(math_isprime(5803761544210633.0) == 1);
    check(math_isprime(9007199254740991.0) == 0 && math_isprime(9007199254740992.0) == 0);
    /* Composite, and strong pseudoprimes to several bases. */
    check(math_isprime(3215031751.0) == 0 && math_isprime(341550071728321.0) == 0);
    check(math_isprime(3474749660383.0) == 0 && math_isprime(9007195909437503.0) == 0);
}

TAP_MAIN(NULL, NULL)
