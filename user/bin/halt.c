/*
 * halt.c - powers off, after writing all files to the disk.
 *
 *   halt [STATUS]
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    int status = 0;

    if (!optional_number(argc - 1, argv + 1, 0, &status) || status > 255)
        fail(2, "usage: halt [STATUS]");
    halt(status);
    fail(1, "the machine did not power off");
}
