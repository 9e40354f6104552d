/*
 * ln.c - gives a file another name.
 *
 *   ln OLD NEW
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    if (getopt(argc, argv, "") >= 0 || argc - optind != 2)
        fail(2, "usage: ln OLD NEW");

    const char *old = argv[optind], *new = argv[optind + 1];

    if (link(old, new) < 0)
        fail(1, "%s: cannot link to %s", new, old);
    return 0;
}
