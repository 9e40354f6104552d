/*
 * kstring.c - string helpers that are not in C's library.
 *
 * Apart from libc.c, so that host tests link this file beside the host's own memcpy and strlen.
 */
#include "base/kstring.h"

size_t string_copy(char *dst, const char *src, size_t size)
{
    size_t length = strlen(src);

    if (size) {
        size_t n = length < size ? length : size - 1;

        memcpy(dst, src, n);
        dst[n] = 0;
    }
    return length;
}
