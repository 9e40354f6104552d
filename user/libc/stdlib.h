/*
 * stdlib.h - numbers, memory, sorting and searching, as C has them.  There is no errno.
 */
#ifndef STDLIB_H
#define STDLIB_H

#include <stddef.h>

#include "mustcheck.h"
#include "xv6lib.h"

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX     0x7FFFFFFF

/* Ends the process as kill() does: wait() has no status.  Sleeps: may. */
void abort(void) __attribute__((noreturn));

MUST_CHECK void *calloc(size_t count, size_t n);
MUST_CHECK void *realloc(void *p, size_t n);

/* A number that does not fit gives the nearest that does.  *end, if end is not NULL, is where the number ends.
   strtod() reads the nearest double, inf and nan too, but no hexadecimal digits.  Sleeps: no. */
long strtol(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
long long strtoll(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end, int base);
double strtod(const char *restrict s, char **restrict end);
double atof(const char *s);

/* 0 to RAND_MAX; the same numbers for the same seed, which is 1 at first.  Sleeps: no. */
int rand(void);
void srand(unsigned seed);

static inline int abs(int n) { return n < 0 ? -n : n; }
static inline long labs(long n) { return n < 0 ? -n : n; }

/* qsort() takes n log n steps at most, and no memory; equal elements may change places.  Sleeps: no. */
void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t n, size_t size,
              int (*compare)(const void *, const void *));

#endif
