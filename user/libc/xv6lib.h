/*
 * xv6lib.h - the functions that both xv6's user.h and C's headers declare.  Programs include those.
 *
 * Where the two differ, the arguments decide: printf(1, "x") and printf("x"), exit() and exit(1).  A name in
 * parentheses, as in (printf)(1, "x"), is xv6's function itself.
 */
#ifndef XV6LIB_H
#define XV6LIB_H

#include "types.h"

/* Ends the process; what it has open is closed.  Sleeps: may. */
int exit(void) __attribute__((noreturn));        /* with status 0 */
int exits(int status) __attribute__((noreturn)); /* with a status for waits() */

#define exit(...)               LIB_THIRD(_, ##__VA_ARGS__, exits, exit, 0)(__VA_ARGS__)
#define LIB_THIRD(a, b, c, ...) c

/* Strings.  memmove() moves nothing if n is negative; strchr() doesn't find the final 0.  Sleeps: no. */
char *strcpy(char *dst, const char *src);
void *memmove(void *dst, const void *src, int n);
char *strchr(const char *s, char c);
int strcmp(const char *a, const char *b);
uint strlen(const char *s);
void *memset(void *dst, int c, uint n);
int atoi(const char *s); /* of decimal digits alone: atoi("-1") is 0, as in xv6 */

/* malloc() returns memory aligned to 16 bytes, or NULL if there is none.  free(NULL) does nothing.  Sleeps: may. */
void *malloc(uint n);
void free(void *p);

#ifndef OWN_PRINTF
/* Formats and writes to fd, or to descriptor 1, with one write(), so the lines of several processes do not mix.
   Returns the number of characters, -1 if they could not be written.  printf(3) lists the conversions.
   Sleeps: may. */
int printf(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int printf_stdout(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define printf(to, ...) \
    _Generic((to), char *: printf_stdout, const char *: printf_stdout, default: (printf))((to), ##__VA_ARGS__)
#endif

#endif
