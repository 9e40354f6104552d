/*
 * ksmspin.c - how many times a spin looks.
 */
#include "ksmspin.h"

#include "ulib.h"

#define RETRY 16u /* spins, of which one is long after failures */

/* Not inline: the callers have the number already, but for the first. */
static __attribute__((noinline)) uint ask_ncpus(void)
{
    char text[16];

    return bootarg("ncpus", text, sizeof(text)) > 0 ? (uint)atoi(text) : 1;
}

uint ksmspin_ncpus(void)
{
    static uint ncpus;

    if (ncpus == 0)
        ncpus = ask_ncpus();
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
