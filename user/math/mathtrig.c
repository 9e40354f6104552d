/*
 * mathtrig.c - sine and cosine of any finite double.
 *
 * x is a 53-bit integer times a power of two.  Its product with the bits of 2/pi that matter gives the quadrant and the
 * place in it.  Bits of 2/pi whose product is a multiple of 4 make full turns and are left out.  About 170 bits after
 * the binary point are kept; even the double closest to a multiple of pi/2 cancels only 62 of them.
 */
#include "mathtrig.h"

#include "mathdd_impl.h"
#include "mathfn.h"

#define WINDOW_WORDS   8
#define PRODUCT_WORDS  (WINDOW_WORDS + 2)
#define FRACTION_WORDS 6
#define QUARTER_PI     0x1.921fb54442d18p-1

/* 2/pi after the binary point, 32 bits a word: enough for the largest exponent and the window. */
static const unsigned int two_over_pi[] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
    0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e,
    0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b,
    0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7,
    0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1,
    0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d, 0xa9e39161,
};

/* 32 bits of the number in words[], least significant first, from bit `bit` up.  Bits outside of it are 0. */
static unsigned int bits_at(const unsigned int *words, int nwords, int bit)
{
    int index = bit >> 5, shift = bit & 31; /* an arithmetic shift, for bits below 0 too */
    unsigned int low = index >= 0 && index < nwords ? words[index] : 0;
    unsigned int high = index + 1 >= 0 && index + 1 < nwords ? words[index + 1] : 0;

    return shift ? low >> shift | high << (32 - shift) : low;
}

/* |x| as a quadrant (0 to 3) and an angle of -pi/4 to pi/4 from its middle.  |x| > pi/4. */
static int reduce(double x, struct dd *angle)
{
    union math_bits u = { x };
    int exponent = ((int)(u.bits >> 52) & 0x7ff) - 1075;
    uint64_t fraction = (u.bits & ((1ull << 52) - 1)) | 1ull << 52;
    unsigned int factor[2] = { (unsigned int)fraction, (unsigned int)(fraction >> 32) };
    unsigned int product[PRODUCT_WORDS] = { 0 };
    int first = exponent > 2 ? (exponent - 2) / 32 : 0;
    int point = 32 * (first + WINDOW_WORDS) - exponent; /* where the product's binary point is */
    int quadrant, negative;
    struct dd place = { 0, 0 };
    double weight = 1;

    for (int i = 0; i < 2; i++) {
        unsigned int carry = 0;
        for (int k = 0; k < WINDOW_WORDS; k++) {
            uint64_t t =
                (uint64_t)factor[i] * two_over_pi[first + WINDOW_WORDS - 1 - k] + product[i + k] + carry;
            product[i + k] = (unsigned int)t;
            carry = (unsigned int)(t >> 32);
        }
        product[i + WINDOW_WORDS] = carry;
    }
    quadrant = bits_at(product, PRODUCT_WORDS, point) & 3;
    negative = bits_at(product, PRODUCT_WORDS, point - 32) >> 31;
    for (int k = 1; k <= FRACTION_WORDS; k++) {
        unsigned int word = bits_at(product, PRODUCT_WORDS, point - 32 * k);
        weight *= 0x1p-32;
        /* 1 - f is the complement of f's bits, except for the last one, which is too small to count. */
        place = dd_add_double(place, (negative ? ~word : word) * weight);
    }
    *angle = dd_mul(place, (struct dd){ 0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54 });
    if (negative) {
        angle->hi = -angle->hi;
        angle->lo = -angle->lo;
    }
    return (quadrant + negative) & 3;
}

/* r - r^3/3! + r^5/5! ... for |r| <= pi/4 */
static double sin_series(struct dd r)
{
    static const struct dd c3 = { -0x1.5555555555555p-3, -0x1.5555555555555p-57 };
    static const struct dd c5 = { 0x1.1111111111111p-7, 0x1.1111111111111p-63 };
    static const struct dd c7 = { -0x1.a01a01a01a01ap-13, -0x1.a01a01a01a01ap-73 };
    struct dd z = dd_mul(r, r), sum;
    double tail = 0;

    for (int k = 21; k >= 9; k -= 2)
        tail = (1 - tail) * z.hi / (k * (k - 1));
    sum = dd_add(c7, dd_mul_double(c7, -tail));
    sum = dd_step(sum, z, c5);
    sum = dd_step(sum, z, c3);
    sum = dd_mul(dd_mul(sum, z), r);
    return dd_add(r, sum).hi;
}

/* 1 - r^2/2! + r^4/4! ... for |r| <= pi/4 */
static double cos_series(struct dd r)
{
    static const struct dd c4 = { 0x1.5555555555555p-5, 0x1.5555555555555p-59 };
    static const struct dd c6 = { -0x1.6c16c16c16c17p-10, 0x1.f49f49f49f49fp-65 };
    struct dd z = dd_mul(r, r), sum;
    double tail = 0;

    for (int k = 20; k >= 8; k -= 2)
        tail = (1 - tail) * z.hi / (k * (k - 1));
    sum = dd_add(c6, dd_mul_double(c6, -tail));
    sum = dd_step(sum, z, c4);
    sum = dd_step(sum, z, (struct dd){ -0.5, 0 });
    return dd_step(sum, z, (struct dd){ 1, 0 }).hi;
}

double math_sin(double x)
{
    struct dd angle = { x, 0 };
    double value;
    int quadrant;

    if (math_abs(x) <= QUARTER_PI)
        return math_abs(x) < 0x1p-30 ? x : sin_series(angle);
    quadrant = reduce(x, &angle);
    value = quadrant & 1 ? cos_series(angle) : sin_series(angle);
    if (quadrant & 2)
        value = -value;
    return x < 0 ? -value : value;
}

double math_cos(double x)
{
    struct dd angle = { x, 0 };
    double value;
    int quadrant;

    if (math_abs(x) <= QUARTER_PI)
        return cos_series(angle);
    quadrant = reduce(x, &angle);
    value = quadrant & 1 ? sin_series(angle) : cos_series(angle);
    return quadrant == 1 || quadrant == 2 ? -value : value;
}
