/*
 * mathint.h - functions of integers that are held in doubles.
 *
 * Arguments are finite and without a fraction.  A result is exact as long as a double can hold it, and rounded once
 * otherwise.  Nothing is kept between calls, and nothing fails.  Sleeps: no.
 */
#ifndef MATHINT_H
#define MATHINT_H

double math_fact(double n);          /* 0 <= n; infinity above 170 */
double math_fib(double n);           /* 0 <= n; infinity above 1476 */
double math_gcd(double a, double b); /* of the absolute values; gcd(0, x) is |x| */
double math_isprime(double n);       /* 1 or 0 */

#endif
