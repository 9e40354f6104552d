/*
 * processes.c - xv6's calls on processes, memory and pipes, to a program that is linked as xv6's are; prints TAP.
 */
#include "foreign.h"

#define PROGRAM "processes"

/* clang-format off */
#include "xv6.h"
#include "xv6_processes.h"
/* clang-format on */

int main(int argc, char **argv)
{
    if (argc > 1)
        after_exec(argc, argv);
    run_tests();
}
