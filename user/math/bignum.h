/*
 * bignum.h - natural numbers of up to 4,096 bits, as reading and writing doubles exactly takes them.
 *
 * The largest number that decimal.c makes has 2,700 bits (800 digits, or 5^1,124, and a few).  Nothing
 * checks for an overflow: who adds a use bounds it.  A number is n words, least significant first, the
 * highest not 0; 0 has none.
 */
#ifndef BIGNUM_H
#define BIGNUM_H

#define BIGNUM_WORDS 128

struct bignum {
    int n;
    unsigned int word[BIGNUM_WORDS];
};

void bignum_set(struct bignum *a, unsigned long long value);
int bignum_bits(const struct bignum *a);                                         /* 0 for 0 */
void bignum_mul_add(struct bignum *a, unsigned int factor, unsigned int addend); /* a = a * factor + addend */
void bignum_mul_pow5(struct bignum *a, int exponent);                            /* a *= 5^exponent */
void bignum_shift_left(struct bignum *a, int nbits);
int bignum_compare(const struct bignum *a, const struct bignum *b); /* below 0, 0, above 0 */
void bignum_subtract(struct bignum *a, const struct bignum *b);     /* a -= b, where a >= b */
/* What bignum_compare() of a + b and c would say. */
int bignum_compare_sum(const struct bignum *a, const struct bignum *b, const struct bignum *c);

#endif
