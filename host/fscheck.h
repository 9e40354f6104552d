/*
 * fscheck.h - is this image a consistent file system?  For fsck and the tests of the file system.
 */
#ifndef FSCHECK_H
#define FSCHECK_H

#include <stddef.h>

struct check_result {
    unsigned nproblems;
    unsigned nwrong;   /* inodes that have problems themselves, or their blocks do */
    unsigned nlogged;  /* blocks of a committed transaction still in the log: checked as if they were home */
    unsigned norphans; /* files in use without a name: a crash leaves them, the next mount frees them */
};

/* Checks the image, which may be anything, and does not change it.  Calls report() with each problem, in one
   line. */
void check_image(const void *image, size_t nbytes, void (*report)(const char *problem),
                 struct check_result *result);

#endif
