/*
 * decimal.h - doubles as decimal text: both directions are exact.
 */
#ifndef DECIMAL_H
#define DECIMAL_H

/* Enough for any value that decimal_format() writes, its 0 included. */
#define DECIMAL_SIZE 32

/*
 * Reads digits[.digits][e[+-]digits] (the digits on one side of the point may be missing) from the n
 * characters at text.  Returns how many of them belong to the number, 0 if none does; *value is the double
 * nearest to it, ties to even, however many digits there are; infinity if it is too large.  An e without
 * digits is not part of the number.  There is no sign.
 */
int decimal_parse(const char *text, int n, double *value);

/*
 * Writes the shortest decimal that reads back as the same double, and of those the nearest: as Python's
 * repr(), but integers below 10^16 have no ".0".  buf has DECIMAL_SIZE bytes.  Returns the length without
 * the 0.
 */
int decimal_format(double value, char *buf);

#endif
