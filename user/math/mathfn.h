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

#include "double.h"

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

int math_is_integer(double x); /* finite and without a fraction */

/* x * 2^n, rounded once; x is 0 or between 2^-100 and 2^100. */
double math_scale(double x, int n);

#endif
