/*
 * ulib.h - user.h, and what this system's own programs want beside it.
 */
#ifndef ULIB_H
#define ULIB_H

#include "debug.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user.h"

#ifndef NULL
#define NULL ((void *)0)
#endif

#define PAGE_SIZE 4096u

/* What debug kernels offer to tests: an operation of debug.h.  -1 in the normal kernel. */
int debug(int op, int arg);

/* As in C's <string.h> and <stdlib.h>. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
int strncmp(const char *a, const char *b, size_t n);
char *strdup(const char *s);
void *calloc(uint count, uint n);
void *realloc(void *p, uint n);

/* Formats as printf() does.  At most size bytes with the 0; returns the length that all of it has. */
int snprintf(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *dst, size_t size, const char *fmt, va_list args);

/* A whole decimal or 0x number, with a sign if need be, and nothing behind it.  false: it is none, or does
   not fit 32 bits. */
bool parse_number(const char *text, int *value);

/* Writes all n bytes, however many calls that takes.  0, or -1. */
int write_all(int fd, const void *buf, int n);

/* Reads a line of any length from fd, a block ahead: nobody else may read from fd. */
struct line_reader {
    int fd;
    char *buf; /* [at, end) is read and not returned yet; NULL at first */
    uint size, at, end;
    bool failed; /* memory or the file failed: lines end early */
};
#define LINE_READER(fd)          \
    {                            \
        fd, NULL, 0, 0, 0, false \
    }
/* The next line without its \n, 0-terminated, valid until the next call; *n is its length.  NULL: the end. */
char *line_next(struct line_reader *reader, uint *n);

/* "NAME: message\n" on descriptor 2, where NAME is the program's. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, and the end of the program with this status. */
void fail(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* argv[0] of this program, set before main(). */
extern const char *program_name;

#endif
