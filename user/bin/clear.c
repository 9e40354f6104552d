/*
 * clear.c - clears the screen.
 *
 *   clear
 *
 * It writes the two ANSI sequences that move to the upper left corner and erase all.
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    if (getopt(argc, argv, "") >= 0 || optind < argc)
        fail(2, "usage: clear");
    must_print("\033[H\033[2J");
    return 0;
}
