/*
 * mkdir.c - makes directories.
 *
 *   mkdir DIRECTORY...
 */
#include "stat.h"
#include "ulib.h"

int main(int argc, char *argv[])
{
    struct stat st;
    int status = 0;

    if (getopt(argc, argv, "") >= 0 || optind == argc)
        fail(2, "usage: mkdir DIRECTORY...");
    for (int i = optind; i < argc; i++) {
        if (mkdir(argv[i]) < 0) {
            warn("%s: %s", argv[i], stat(argv[i], &st) == 0 ? "exists already" : "cannot make the directory");
            status = 1;
        }
    }
    return status;
}
