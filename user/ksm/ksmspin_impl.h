/*
 * ksmspin_impl.h - the short ways of ksmspin.h, which alone includes this: with one processor, and where a spin ends.
 */
#ifndef KSMSPIN_IMPL_H
#define KSMSPIN_IMPL_H

extern uint ksmspin_known; /* ksmspin_ncpus(), or 0 before the first call */

/* ksmspin_begin() where there may be more than one processor. */
uint ksmspin_choose(struct ksmspin *spin);

static inline uint ksmspin_begin(struct ksmspin *spin)
{
    return ksmspin_known == 1 ? 0 : ksmspin_choose(spin);
}

static inline void ksmspin_end(struct ksmspin *spin, int success)
{
    if (success)
        spin->failures = 0;
    else
        spin->failures++;
}

static inline int ksmspin_changed(struct ksmspin *spin, const uint *word, uint value)
{
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
        return 1;
    for (uint looks = ksmspin_begin(spin); looks > 0; looks--)
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
            ksmspin_end(spin, 1);
            return 1;
        }
    ksmspin_end(spin, 0);
    return 0;
}

#endif
