/*
 * t_xv6.c - xv6's interface, call by call, to a program of this system's own.  foreign/processes.c and foreign/files.c
 * make the same tests in programs that are linked as xv6's are.
 */
#include "guest.h"

#define PROGRAM "t_xv6"

/* clang-format off */
#include "xv6.h"
#include "xv6_processes.h"
#include "xv6_files.h"
/* clang-format on */

int main(int argc, char *argv[])
{
    if (argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9')
        after_exec(argc, argv);
    return tap_main(argc, argv, NULL);
}
