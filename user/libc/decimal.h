/*
 * decimal.h - doubles as decimal text, exact in both directions.  Sleeps: no.
 */
#ifndef DECIMAL_H
#define DECIMAL_H

/* Bytes that decimal_format() writes at most, the 0 included. */
#define DECIMAL_SIZE 32

/*
 * Reads digits[.digits][e[+-]digits] from the n characters at text; the digits on one side of the point may be
 * missing, and there is no sign.  Returns how many characters belong to the number, or 0 if there is none.  *value is
 * the nearest double, ties to even, with any number of digits; infinity if the number is too large.  An e without
 * digits is not part of the number.
 */
int decimal_parse(const char *text, int n, double *value);

/*
 * Writes the shortest decimal that reads back as the same double, and of several the nearest, like Python's repr(),
 * except that integers below 10^16 have no ".0".  buf has DECIMAL_SIZE bytes.  Returns the length without the 0.
 */
int decimal_format(double value, char *buf);

/* Digits that a double has at most. */
#define DECIMAL_DIGITS 767

/*
 * Stores the digits of a value above 0 that is finite, rounded to n digits, or to n digits after the point; ties go to
 * the even digit.  The value is 0.DIGITS times 10^*point.  digit has DECIMAL_DIGITS bytes.  Returns how many digits
 * there are: zeros may be missing at their end.  They may be none, if the value rounds to 0.
 */
int decimal_digits(double value, int n, int after_point, char *digit, int *point);

#endif
