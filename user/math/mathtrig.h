/*
 * mathtrig.h - sine and cosine of any finite double, in radians.
 *
 * They carry about 65 bits to their last rounding, so they err by little more than half a unit in the last place.
 * Nothing is kept between calls, and nothing fails.  Sleeps: no.
 */
#ifndef MATHTRIG_H
#define MATHTRIG_H

double math_sin(double x);
double math_cos(double x);

#endif
