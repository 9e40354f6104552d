/* kstring.h - memory and strings.  memcpy and its kin are also what the compiler calls.  Sleeps: no. */
#ifndef KSTRING_H
#define KSTRING_H

#include <stddef.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
/* Copies at most size-1 bytes and always ends with 0; returns strlen(src). */
size_t string_copy(char *dst, const char *src, size_t size);

#endif
