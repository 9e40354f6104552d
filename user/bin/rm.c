/*
 * rm.c - removes files and empty directories.
 *
 *   rm FILE...
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    int status = 0;

    if (getopt(argc, argv, "") >= 0 || optind == argc)
        fail(2, "usage: rm FILE...");
    for (int i = optind; i < argc; i++) {
        if (unlink(argv[i]) < 0) {
            warn("%s: cannot remove", argv[i]);
            status = 1;
        }
    }
    return status;
}
