/*
 * manyatt.c - attaches one page as often as it can.
 *
 *   manyatt N    N times at most; then it sleeps
 */
#include "ksm.h"
#include "ulib.h"

int main(int argc, char *argv[])
{
    int n = argc > 1 ? atoi(argv[1]) : 1, handle = ksmget(1, 4096), i = 0;

    while (i < n && !ksmerror(ksmattach(handle)))
        i++;
    printf(1, "attached %d\n", i);
    for (;;)
        sleep(1000);
}
