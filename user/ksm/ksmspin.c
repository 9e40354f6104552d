/*
 * ksmspin.c - how many times a spin looks.
 */
#include "ksmspin.h"

#include "ulib.h"

#define RETRY 16u /* spins, of which one is long after failures */

uint ksmspin_ncpus(void)
{
    static uint ncpus;
    char text[16];

    if (ncpus == 0)
        ncpus = bootarg("ncpus", text, sizeof(text)) > 0 ? (uint)atoi(text) : 1;
    return ncpus;
}

uint ksmspin_begin(struct ksmspin *spin)
{
    if (ksmspin_ncpus() <= 1)
        return 0;
    if (spin->failures < KSMSPIN_PATIENCE)
        return KSMSPIN_LONG;
    return spin->turn++ % RETRY == 0 ? KSMSPIN_LONG : KSMSPIN_SHORT;
}
