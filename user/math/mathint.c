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
#define TWO_53   9007199254740992.0

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

/* a * b mod n for 0 <= a, b < n < 2^53 */
static double multiply_mod(double a, double b, double n)
{
    struct dd product = dd_product(a, b);
    double quotient = product.hi / n;
    struct dd part;
    double rest;

    if (quotient < TWO_53 / 2)
        quotient = (quotient + TWO_53 / 2) - TWO_53 / 2; /* to the nearest integer */
    /* It is at most 1 off, so the rest is between -n and n, and both differences are exact. */
    part = dd_product(quotient, n);
    rest = (product.hi - part.hi) + (product.lo - part.lo);
    if (rest < 0)
        rest += n;
    if (rest >= n)
        rest -= n;
    return rest;
}

/* One round of Miller and Rabin's test: can n = odd * 2^twos + 1 be a prime, as far as this base tells? */
static int may_be_prime(double n, double base, double odd, int twos)
{
    double power = 1;

    for (double bits = odd; bits > 0; bits = math_trunc(bits / 2)) {
        if (math_fmod(bits, 2) != 0)
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

double math_isprime(double n)
{
    /* No composite number below 3.8 * 10^18 passes with these as bases. */
    static const unsigned char primes[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23 };
    const int nprimes = sizeof(primes);
    double odd = n - 1;
    int twos = 0;

    if (n < 2 || n >= TWO_53) /* from there on doubles are even */
        return 0;
    for (int i = 0; i < nprimes; i++) {
        if (n == primes[i])
            return 1;
        if (math_fmod(n, primes[i]) == 0)
            return 0;
    }
    for (; math_fmod(odd, 2) == 0; odd /= 2)
        twos++;
    for (int i = 0; i < nprimes; i++)
        if (!may_be_prime(n, primes[i], odd, twos))
            return 0;
    return 1;
}
