/*
 * xv6lib.c - functions that C has too, as xv6 has them.
 */
#include "xv6lib.h"

#include <stddef.h>

/* The final 0 is not found. */
char *strchr(const char *s, char c)
{
    for (; *s; s++) {
        if (*s == c)
            return (char *)s;
    }
    return NULL;
}

int atoi(const char *s)
{
    uint value = 0;

    while (*s >= '0' && *s <= '9')
        value = value * 10 + (*s++ - '0');
    return value;
}
