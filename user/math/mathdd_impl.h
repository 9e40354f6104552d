/*
 * mathdd_impl.h - double-double arithmetic: about 106 bits, for the steps between a function's argument and its result.
 *
 * A struct dd stands for hi + lo, where lo is at most half a unit in the last place of hi.  The operations are exact,
 * or accurate to about 2^-102, as long as nothing overflows and the low part of no product falls below the smallest
 * double.  They need round-to-nearest arithmetic in true doubles: SSE2, and no contraction to fused operations.
 * Sleeps: no.
 */
#ifndef MATHDD_IMPL_H
#define MATHDD_IMPL_H

struct dd {
    double hi, lo;
};

/* a + b, exactly, where |a| >= |b| or a is 0. */
static inline struct dd dd_quick_sum(double a, double b)
{
    double hi = a + b;

    return (struct dd){ hi, b - (hi - a) };
}

/* a + b, exactly. */
static inline struct dd dd_sum(double a, double b)
{
    double hi = a + b;
    double b_part = hi - a;

    return (struct dd){ hi, (a - (hi - b_part)) + (b - b_part) };
}

/* The upper 26 bits of a; products of such halves are exact.  |a| < 2^996. */
static inline double dd_upper(double a)
{
    double t = a * 134217729.0; /* 2^27 + 1 */

    return t - (t - a);
}

/* a * b, exactly. */
static inline struct dd dd_product(double a, double b)
{
    double hi = a * b;
    double a1 = dd_upper(a), b1 = dd_upper(b);
    double a2 = a - a1, b2 = b - b1;

    return (struct dd){ hi, a2 * b2 - (((hi - a1 * b1) - a2 * b1) - a1 * b2) };
}

static inline struct dd dd_add_double(struct dd a, double b)
{
    struct dd s = dd_sum(a.hi, b);

    return dd_quick_sum(s.hi, s.lo + a.lo);
}

static inline struct dd dd_add(struct dd a, struct dd b)
{
    struct dd s = dd_sum(a.hi, b.hi);
    struct dd t = dd_sum(a.lo, b.lo);

    s = dd_quick_sum(s.hi, s.lo + t.hi);
    return dd_quick_sum(s.hi, s.lo + t.lo);
}

static inline struct dd dd_mul_double(struct dd a, double b)
{
    struct dd p = dd_product(a.hi, b);

    return dd_quick_sum(p.hi, p.lo + a.lo * b);
}

static inline struct dd dd_mul(struct dd a, struct dd b)
{
    struct dd p = dd_product(a.hi, b.hi);

    return dd_quick_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline struct dd dd_div(struct dd a, struct dd b)
{
    double q = a.hi / b.hi;
    struct dd p = dd_mul_double(b, q);
    struct dd rest = dd_add(a, (struct dd){ -p.hi, -p.lo });

    return dd_quick_sum(q, rest.hi / b.hi);
}

/* One step of Horner's rule: a * x + c. */
static inline struct dd dd_step(struct dd a, struct dd x, struct dd c) { return dd_add(dd_mul(a, x), c); }

#endif
