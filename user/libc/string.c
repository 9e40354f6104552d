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
#include "string.h"

#include <stdint.h>

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
    if ((uintptr_t)dst - (uintptr_t)src >= (uint)n)
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

char *strchr_or_end(const char *s, int c) { return (char)c ? (strchr)(s, (char)c) : (char *)s + strlen(s); }

char *strrchr(const char *s, int c)
{
    const char *end = s + strlen(s);

    for (; *end != (char)c; end--) {
        if (end == s)
            return NULL;
    }
    return (char *)end;
}

size_t strnlen(const char *s, size_t n)
{
    const char *end = memchr(s, 0, n);

    return end ? (size_t)(end - s) : n;
}

char *strncpy(char *restrict dst, const char *restrict src, size_t n)
{
    size_t length = strnlen(src, n);

    memcpy(dst, src, length);
    memset(dst + length, 0, n - length);
    return dst;
}

char *strncat(char *restrict dst, const char *restrict src, size_t n)
{
    size_t length = strnlen(src, n);
    char *end = dst + strlen(dst);

    memcpy(end, src, length);
    end[length] = 0;
    return dst;
}

char *strcat(char *restrict dst, const char *restrict src)
{
    strcpy(dst + strlen(dst), src);
    return dst;
}

char *strstr(const char *s, const char *part)
{
    size_t n = strlen(part);

    for (; strncmp(s, part, n) != 0; s++) {
        if (!*s)
            return NULL;
    }
    return (char *)s;
}

size_t strspn(const char *s, const char *set)
{
    size_t n = 0;

    while (s[n] && (strchr)(set, s[n]))
        n++;
    return n;
}

size_t strcspn(const char *s, const char *set)
{
    size_t n = 0;

    while (s[n] && !(strchr)(set, s[n]))
        n++;
    return n;
}

char *strpbrk(const char *s, const char *set)
{
    s += strcspn(s, set);
    return *s ? (char *)s : NULL;
}

char *strtok_r(char *restrict s, const char *restrict separators, char **restrict rest)
{
    char *token = s ? s : *rest;

    token += strspn(token, separators);
    *rest = token + strcspn(token, separators);
    if (*token == 0)
        return NULL;
    if (**rest)
        *(*rest)++ = 0;
    return token;
}

char *strtok(char *restrict s, const char *restrict separators)
{
    static char *rest = "";

    return strtok_r(s, separators, &rest);
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
