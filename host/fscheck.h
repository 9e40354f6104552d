/*
 * check.h - is this image a consistent file system?  For fsck and the tests of the file system.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>

struct check_result {
    unsigned nproblems;
    unsigned nlogged;  /* blocks of a committed transaction still in the log: checked as if they were home */
    unsigned norphans; /* files in use without a name: a crash leaves them, and the next mount frees them */
};

/* Checks the image, which may be anything; each problem is told to report() in one line.  The image is not
   changed. */
void check_image(const void *image, size_t nbytes, void (*report)(const char *problem),
                 struct check_result *result);

#endif
