/*
 * user.h - the library under the name that programs for xv6 on RISC-V include.
 *
 * Such a program writes exit(0), wait(0) and printf("..."), which the other user.h takes as well.
 */
#ifndef USER_USER_H
#define USER_USER_H

#include "../../libc/user.h"

int memcmp(const void *a, const void *b, uint n);
void *memcpy(void *restrict dst, const void *restrict src, uint n);

/* Newer names of calls.  A heap is always lazy here: its pages are promised, and made when they are touched.
   Macros, so that a program for an older system can have its own after an #undef. */
#define pause(ticks) sleep(ticks)
#define sbrklazy(n)  sbrk(n)

#ifndef STDIO_H
#define fprintf(fd, ...) (printf)((fd), __VA_ARGS__)
#endif

#endif
