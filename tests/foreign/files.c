/*
 * files.c - xv6's calls on files and directories, to a program that is linked as xv6's are; prints TAP.
 */
#include "foreign.h"

#define PROGRAM "files"

/* clang-format off */
#include "xv6.h"
#include "xv6_files.h"
/* clang-format on */

int main(void) { run_tests(); }
