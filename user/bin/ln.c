/*
 * ln.c - gives a file another name.
 *
 *   ln OLD NEW
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    if (argc != 3)
        fail(2, "usage: ln OLD NEW");
    if (link(argv[1], argv[2]) < 0)
        fail(1, "%s: cannot link to %s", argv[2], argv[1]);
    return 0;
}
