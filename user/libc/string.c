/*
 * string.c - strings, and runs of bytes moved by words.
 *
 * The compiler may call memcpy(), memmove(), memset() and memcmp() by itself.  It must not turn one of these loops
 * into a call of the function that the loop is in, which KEEP_LOOP prevents.  No vector registers are used: a
 * program that leaves them alone is cheaper to switch to.
 *
 * The kernel has a library of its own, kernel/base/libc.c: it moves whole pages by other means, and is compiled
 * for another calling convention.
 */
#include "ulib.h"

#define KEEP_LOOP() asm volatile("" : ::"memory")

/* A word at any address, of any type. */
struct word {
    uint value;
} __attribute__((packed, may_alias));

static void copy_up(uchar *dst, const uchar *src, uint n)
{
    for (; n >= 16; n -= 16, dst += 16, src += 16) {
        const struct word *from = (const struct word *)src;
        struct word *to = (struct word *)dst;
        uint a = from[0].value, b = from[1].value, c = from[2].value, d = from[3].value;

        to[0].value = a, to[1].value = b, to[2].value = c, to[3].value = d;
        KEEP_LOOP();
    }
    for (; n >= 4; n -= 4, dst += 4, src += 4) {
        ((struct word *)dst)->value = ((const struct word *)src)->value;
        KEEP_LOOP();
    }
    while (n-- > 0) {
        *dst++ = *src++;
        KEEP_LOOP();
    }
}

static void copy_down(uchar *dst, const uchar *src, uint n)
{
    while (n >= 16) {
        n -= 16;
        const struct word *from = (const struct word *)(src + n);
        struct word *to = (struct word *)(dst + n);
        uint a = from[0].value, b = from[1].value, c = from[2].value, d = from[3].value;

        to[0].value = a, to[1].value = b, to[2].value = c, to[3].value = d;
        KEEP_LOOP();
    }
    while (n-- > 0) {
        dst[n] = src[n];
        KEEP_LOOP();
    }
}

void *memmove(void *dst, const void *src, int n)
{
    if (n <= 0) /* xv6's count is an int, and a negative one copies nothing */
        return dst;
    if ((uint)dst - (uint)src >= (uint)n)
        copy_up(dst, src, n);
    else
        copy_down(dst, src, n);
    return dst;
}

/* At most 16 bytes, from both ends. */
static inline void copy_few(uchar *dst, const uchar *src, size_t n)
{
    if (n >= 8) {
        const struct word *from = (const struct word *)src, *last = (const struct word *)(src + n - 8);
        struct word *to = (struct word *)dst, *to_last = (struct word *)(dst + n - 8);
        uint a = from[0].value, b = from[1].value, c = last[0].value, d = last[1].value;

        to[0].value = a, to[1].value = b, to_last[0].value = c, to_last[1].value = d;
    } else if (n >= 4) {
        uint a = ((const struct word *)src)->value, b = ((const struct word *)(src + n - 4))->value;

        ((struct word *)dst)->value = a, ((struct word *)(dst + n - 4))->value = b;
    } else if (n > 0) {
        uchar a = src[0], b = src[n / 2], c = src[n - 1];

        dst[0] = a, dst[n / 2] = b, dst[n - 1] = c;
    }
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    if (n <= 16)
        copy_few(dst, src, n);
    else
        copy_up(dst, src, n);
    return dst;
}

void *memset(void *dst, int c, uint n)
{
    uchar *p = dst;
    uint pattern = (uchar)c * 0x01010101u;

    for (; n >= 16; n -= 16, p += 16) {
        struct word *to = (struct word *)p;

        to[0].value = to[1].value = to[2].value = to[3].value = pattern;
        KEEP_LOOP();
    }
    while (n-- > 0) {
        *p++ = c;
        KEEP_LOOP();
    }
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uchar *p = a, *q = b;

    for (; n > 0; n--, p++, q++) {
        if (*p != *q)
            return *p - *q;
    }
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    for (const uchar *p = s; n > 0; n--, p++) {
        if (*p == (uchar)c)
            return (void *)p;
    }
    return NULL;
}

uint strlen(const char *s)
{
    const char *end = s;

    while (*end) {
        end++;
        KEEP_LOOP();
    }
    return end - s;
}

char *strcpy(char *dst, const char *src)
{
    memcpy(dst, src, strlen(src) + 1);
    return dst;
}

char *strchr(const char *s, char c)
{
    for (; *s; s++) {
        if (*s == c)
            return (char *)s;
    }
    return NULL; /* as in xv6, the final 0 is not found */
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (uchar)*a - (uchar)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (*a != *b || !*a)
            return (uchar)*a - (uchar)*b;
    }
    return 0;
}

int atoi(const char *s)
{
    uint value = 0;

    while (*s >= '0' && *s <= '9')
        value = value * 10 + (*s++ - '0');
    return value;
}
