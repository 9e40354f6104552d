/*
 * hog.c - takes all memory there is, down to the last frame, and keeps at it.
 *
 *   hog       does it itself
 *   hog -o    has a child that does it, and ends when the child has it all
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

int main(int argc, char *argv[])
{
    int ends[2], n = 0;
    char c;

    (void)argv;
    if (pipe(ends) < 0)
        fail(1, "cannot make a pipe");
    if (argc > 1 && fork() > 0) {
        close(ends[1]);
        read(ends[0], &c, 1);
        return 0;
    }

    for (int npages = 4096; npages > 0; npages /= 2)
        while (take(npages))
            n += npages;
    printf(1, "hog has %d pages\n", n);
    close(ends[0]);
    close(ends[1]);
    for (;;)
        if (!take(1))
            sleep(10);
}
