/*
 * mkdir.c - makes directories.
 *
 *   mkdir DIRECTORY...
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    int status = 0;

    if (getopt(argc, argv, "") >= 0 || optind == argc)
        fail(2, "usage: mkdir DIRECTORY...");
    for (int i = optind; i < argc; i++) {
        if (mkdir(argv[i]) < 0) {
            warn("%s: cannot make the directory", argv[i]);
            status = 1;
        }
    }
    return status;
}
