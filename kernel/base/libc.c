/*
 * libc.c - the few functions of C's library that the kernel and the compiler call by their standard names.
 *
 * They move a word at a time, which suits the kernel's small objects.  Whole pages and user buffers go
 * through page_copy(), page_zero() and bytes_copy() of the machine.  Host tests use the host's own library
 * instead of this file.
 */
#include <stdint.h>

#include "base/kstring.h"
#include "include/types.h"

#define WORD sizeof(uint)

/* The builtin is one load or store, where unaligned words are allowed. */
static inline uint word_load(const uchar *p)
{
    uint w;

    __builtin_memcpy(&w, p, WORD);
    return w;
}

static inline void word_store(uchar *p, uint w) { __builtin_memcpy(p, &w, WORD); }

static void copy_up(uchar *d, const uchar *s, size_t n)
{
    for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD, s += 4 * WORD) {
        word_store(d, word_load(s));
        word_store(d + WORD, word_load(s + WORD));
        word_store(d + 2 * WORD, word_load(s + 2 * WORD));
        word_store(d + 3 * WORD, word_load(s + 3 * WORD));
    }
    for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
        word_store(d, word_load(s));
    while (n--)
        *d++ = *s++;
}

static void copy_down(uchar *d, const uchar *s, size_t n)
{
    for (; n >= WORD; n -= WORD)
        word_store(d + n - WORD, word_load(s + n - WORD));
    while (n--)
        d[n] = s[n];
}

void *memcpy(void *dst, const void *src, size_t n)
{
    copy_up(dst, src, n);
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    if ((uintptr_t)dst - (uintptr_t)src >= n)
        copy_up(dst, src, n);
    else
        copy_down(dst, src, n);
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    uchar *d = dst;
    uint word = (uchar)c * 0x01010101u;

    for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD) {
        word_store(d, word);
        word_store(d + WORD, word);
        word_store(d + 2 * WORD, word);
        word_store(d + 3 * WORD, word);
    }
    for (; n >= WORD; n -= WORD, d += WORD)
        word_store(d, word);
    while (n--)
        *d++ = (uchar)c;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uchar *x = a, *y = b;

    for (; n && *x == *y; n--, x++, y++)
        ;
    return n ? *x - *y : 0;
}

size_t strlen(const char *s)
{
    const char *end = s;

    while (*end)
        end++;
    return (size_t)(end - s);
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, (size_t)-1); }

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n && *a && *a == *b; n--, a++, b++)
        ;
    return n ? (uchar)*a - (uchar)*b : 0;
}
