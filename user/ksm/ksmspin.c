/*
 * ksmspin.c - how many times a spin looks.
 */
#include "ksmspin.h"

#include "ulib.h"

#define RETRY 16u /* spins, of which one is long after failures */

uint ksmspin_known;

uint ksmspin_ncpus(void)
{
    char text[16];

    if (ksmspin_known == 0)
        ksmspin_known = bootarg("ncpus", text, sizeof(text)) > 0 ? (uint)atoi(text) : 1;
    return ksmspin_known;
}

uint ksmspin_choose(struct ksmspin *spin)
{
    if (ksmspin_ncpus() <= 1)
        return 0;
    if (spin->failures < KSMSPIN_PATIENCE)
        return KSMSPIN_LONG;
    return spin->turn++ % RETRY == 0 ? KSMSPIN_LONG : KSMSPIN_SHORT;
}
