/*
 * mathint.c - functions of integers that are held in doubles.
 *
 * Factorials and Fibonacci numbers are computed in double-double, which is exact up to 106 bits.  Primes are found by
 * Miller and Rabin's test with fixed bases, which decides for certain below 3.8 * 10^18.
 */
#include "mathint.h"

#include "mathdd_impl.h"
#include "mathfn.h"

#define MAX_FACT 170  /* the largest whose result is finite */
#define MAX_FIB  1476 /* likewise */

double math_fact(double n)
{
    struct dd product = { 1, 0 };
    int twos = 0; /* the factors' powers of two are kept apart, so nothing overflows on the way */

    if (n > MAX_FACT)
        return MATH_INFINITY;
    for (int k = 2; k <= (int)n; k++) {
        int zeros = __builtin_ctz(k);

        twos += zeros;
        product = dd_mul_double(product, k >> zeros);
    }
    for (; twos > 0; twos -= twos < 100 ? twos : 100)
        product.hi = math_scale(product.hi, twos < 100 ? twos : 100);
    return product.hi;
}

double math_fib(double n)
{
    struct dd a = { 0, 0 }, b = { 1, 0 };

    if (n > MAX_FIB)
        return MATH_INFINITY;
    for (int k = (int)n; k > 0; k--) {
        struct dd next = dd_add(a, b);

        a = b;
        b = next;
    }
    return a.hi;
}

double math_gcd(double a, double b)
{
    a = math_abs(a);
    b = math_abs(b);
    while (b != 0) {
        double rest = math_fmod(a, b);

        a = b;
        b = rest;
    }
    return a;
}

/*
 * a * b mod n, for a, b < n < 2^53.  The quotient of the rounded product may be a few off, so the remainder lies
 * within a few times n, which is less than 2^63: arithmetic modulo 2^64 gives it exactly.
 */
static uint64_t multiply_mod(uint64_t a, uint64_t b, uint64_t n)
{
    double quotient = math_from_integer(a) * math_from_integer(b) / math_from_integer(n);
    int64_t rest = (int64_t)(a * b - math_to_integer(quotient) * n);

    while (rest < 0)
        rest += (int64_t)n;
    while (rest >= (int64_t)n)
        rest -= (int64_t)n;
    return (uint64_t)rest;
}

/* One round of Miller and Rabin's test: can n = odd * 2^twos + 1 be prime, as far as this base shows? */
static int may_be_prime(uint64_t n, uint64_t base, uint64_t odd, int twos)
{
    uint64_t power = 1;

    for (uint64_t bits = odd; bits > 0; bits >>= 1) {
        if (bits & 1)
            power = multiply_mod(power, base, n);
        base = multiply_mod(base, base, n);
    }
    if (power == 1)
        return 1;
    for (; twos > 0; twos--) {
        if (power == n - 1)
            return 1;
        power = multiply_mod(power, power, n);
    }
    return 0;
}

static int is_prime(uint64_t n)
{
    /* No composite number below 3.8 * 10^18 passes with these as bases. */
    static const unsigned char primes[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23 };
    const int nprimes = sizeof(primes);
    uint64_t odd = n - 1;
    int twos = 0;

    for (int i = 0; i < nprimes; i++) {
        if (n == primes[i])
            return 1;
        if (n % primes[i] == 0)
            return 0;
    }
    for (; odd % 2 == 0; odd /= 2)
        twos++;
    for (int i = 0; i < nprimes; i++)
        if (!may_be_prime(n, primes[i], odd, twos))
            return 0;
    return 1;
}

double math_isprime(double n)
{
    if (n < 2 || n >= MATH_EXACT) /* from there on all doubles are even */
        return 0;
    return is_prime(math_to_integer(n));
}
