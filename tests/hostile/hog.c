/*
 * hog.c - takes all memory there is, down to the last frame, and keeps at it.
 */
#include "ulib.h"

/* Touches each page of a new piece; false: it could not be had. */
static bool take(int npages)
{
    char *p = sbrk(npages * (int)PAGE_SIZE);

    if (p == (char *)-1)
        return false;
    for (int i = 0; i < npages; i++)
        p[i * (int)PAGE_SIZE] = 1;
    return true;
}

int main(void)
{
    int n = 0;

    for (int npages = 4096; npages > 0; npages /= 2)
        while (take(npages))
            n += npages;
    printf(1, "hog has %d pages\n", n);
    for (;;)
        if (!take(1))
            sleep(10);
}
