/*
 * bignum.c - schoolbook arithmetic on natural numbers, no division.
 */
#include "bignum_impl.h"

static void trim(struct bignum *a)
{
    while (a->n > 0 && a->word[a->n - 1] == 0)
        a->n--;
}

void bignum_set(struct bignum *a, uint64_t value)
{
    a->n = 2;
    a->word[0] = (unsigned int)value;
    a->word[1] = (unsigned int)(value >> 32);
    trim(a);
}

int bignum_bits(const struct bignum *a) { return a->n ? 32 * a->n - __builtin_clz(a->word[a->n - 1]) : 0; }

void bignum_mul_add(struct bignum *a, unsigned int factor, unsigned int addend)
{
    unsigned int carry = addend;

    for (int i = 0; i < a->n; i++) {
        uint64_t t = (uint64_t)a->word[i] * factor + carry;

        a->word[i] = (unsigned int)t;
        carry = (unsigned int)(t >> 32);
    }
    if (carry)
        a->word[a->n++] = carry;
}

void bignum_mul_pow5(struct bignum *a, int exponent)
{
    for (; exponent >= 13; exponent -= 13)
        bignum_mul_add(a, 1220703125, 0); /* 5^13, the largest that fits a word */
    for (; exponent > 0; exponent--)
        bignum_mul_add(a, 5, 0);
}

void bignum_shift_left(struct bignum *a, int nbits)
{
    int words = nbits / 32, bits = nbits % 32;

    if (a->n == 0)
        return;
    a->word[a->n] = 0;
    for (int i = a->n; i >= 0; i--) {
        unsigned int below = bits && i > 0 ? a->word[i - 1] >> (32 - bits) : 0;

        a->word[i + words] = a->word[i] << bits | below;
    }
    for (int i = 0; i < words; i++)
        a->word[i] = 0;
    a->n += words + 1;
    trim(a);
}

int bignum_compare(const struct bignum *a, const struct bignum *b)
{
    if (a->n != b->n)
        return a->n - b->n;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

void bignum_subtract(struct bignum *a, const struct bignum *b)
{
    unsigned int borrow = 0;

    for (int i = 0; i < a->n; i++) {
        uint64_t t = (uint64_t)a->word[i] - (i < b->n ? b->word[i] : 0) - borrow;

        a->word[i] = (unsigned int)t;
        borrow = (unsigned int)(t >> 32) & 1;
    }
    trim(a);
}

int bignum_compare_sum(const struct bignum *a, const struct bignum *b, const struct bignum *c)
{
    struct bignum rest = *c;

    if (bignum_compare(c, a) < 0)
        return 1;
    bignum_subtract(&rest, a);
    return bignum_compare(b, &rest);
}
