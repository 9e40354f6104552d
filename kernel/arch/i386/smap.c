/*
 * smap.c - the kernel touches user memory only where it means to.
 *
 * A processor with SMAP refuses the kernel's accesses to user pages while EFLAGS.AC is clear, one with SMEP refuses
 * to execute them (Intel SDM 3A 4.6.1).  AC is set by STAC, in user_opened(), and cleared by CLAC, in user_close()
 * and at each entry to the kernel: a program can set AC too.
 *
 * Not every processor has the two instructions, and a test of a flag would cost as much as they do.  So the kernel
 * is linked with three bytes without effect in their places, and section smap_sites lists what belongs there.
 */
#include "base/kstring.h"
#include "i386_impl.h"
#include "io.h"

#define CPUID_LAST     0
#define CPUID_FEATURES 7
#define CPUID_SMEP     (1u << 7)
#define CPUID_SMAP     (1u << 20)

#define SITE_SIZE 3

struct smap_site {
    uchar *at;
    uchar instruction[SITE_SIZE];
    uchar unused;
};
extern const struct smap_site __start_smap_sites[], __stop_smap_sites[]; /* by kernel.ld */

uint smap_cr4;

void smap_init(void)
{
    uint last, a, b, c, d;

    cpuid(CPUID_LAST, &last, &b, &c, &d);
    if (last < CPUID_FEATURES)
        return;
    cpuid(CPUID_FEATURES, &a, &b, &c, &d);
    smap_cr4 = (b & CPUID_SMEP ? CR4_SMEP : 0) | (b & CPUID_SMAP ? CR4_SMAP : 0);
    if (!(smap_cr4 & CR4_SMAP))
        return;
    for (const struct smap_site *s = __start_smap_sites; s != __stop_smap_sites; s++)
        memcpy(s->at, s->instruction, SITE_SIZE);
}
