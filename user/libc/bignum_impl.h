/*
 * bignum_impl.h - natural numbers of up to 4,096 bits, enough to read and write doubles exactly.
 *
 * The largest number that decimal_read.c makes has about 2,700 bits (800 digits, or 5^1,124).  Nothing checks for
 * overflow:  the caller keeps within BIGNUM_WORDS.  A number is n words, least significant first; the highest is not 0,
 * and 0 has no words.  Sleeps: no.
 */
#ifndef BIGNUM_IMPL_H
#define BIGNUM_IMPL_H

#include <stdint.h>

#define BIGNUM_WORDS 128

struct bignum {
    int n;
    unsigned int word[BIGNUM_WORDS];
};

void bignum_set(struct bignum *a, uint64_t value);
int bignum_bits(const struct bignum *a); /* its length in bits; 0 for 0 */
void bignum_mul_add(struct bignum *a, unsigned int factor, unsigned int addend); /* a = a * factor + addend */
void bignum_mul_pow5(struct bignum *a, int exponent);                            /* a *= 5^exponent */
void bignum_shift_left(struct bignum *a, int nbits);
int bignum_compare(const struct bignum *a, const struct bignum *b); /* negative, 0 or positive */
void bignum_subtract(struct bignum *a, const struct bignum *b);     /* a -= b, where a >= b */
/* bignum_compare() of a + b and c. */
int bignum_compare_sum(const struct bignum *a, const struct bignum *b, const struct bignum *c);

#endif
