/*
 * string.h - strings and runs of bytes, as C has them.  Sleeps: no, but for strdup().
 */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

#include "mustcheck.h"
#include "xv6lib.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);

char *strncpy(char *restrict dst, const char *restrict src, size_t n);
char *strcat(char *restrict dst, const char *restrict src);
char *strncat(char *restrict dst, const char *restrict src, size_t n);
int strncmp(const char *a, const char *b, size_t n);
size_t strnlen(const char *s, size_t n);

/* xv6's strchr() does not find the final 0, and programs for xv6 depend on that; C's does. */
char *strchr_or_end(const char *s, int c);
#define strchr(s, c) strchr_or_end(s, c)
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);
char *strpbrk(const char *s, const char *set);
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
char *strtok(char *restrict s, const char *restrict separators);
char *strtok_r(char *restrict s, const char *restrict separators, char **restrict rest);

MUST_CHECK char *strdup(const char *s); /* the caller frees it; NULL: no memory */

#endif
