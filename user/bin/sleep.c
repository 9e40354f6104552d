/*
 * sleep.c - waits.
 *
 *   sleep TICKS                  100 ticks are a second
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    int ticks;

    if (argc != 2 || !parse_number(argv[1], &ticks) || ticks < 0)
        fail(2, "usage: sleep TICKS");
    return sleep(ticks) < 0;
}
