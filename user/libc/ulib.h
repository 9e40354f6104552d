/*
 * ulib.h - user.h, and what this system's own programs use beside it.
 *
 * A call returns 0 or -1 unless it says otherwise.  What a call allocates belongs to the caller, who frees it.
 * Only what reads or writes a descriptor sleeps.
 */
#ifndef ULIB_H
#define ULIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debug.h"
#include "mustcheck.h"
#include "user.h"

#define PAGE_SIZE 4096u

/* Carries out an operation of debug.h for a test.  -1 in a kernel that was built without DEBUG=1.  Sleeps: may. */
int debug(int op, int arg);

/* As in C's <string.h> and <stdlib.h>.  Sleeps: no. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
int strncmp(const char *a, const char *b, size_t n);
MUST_CHECK char *strdup(const char *s);
MUST_CHECK void *calloc(uint count, uint n);
MUST_CHECK void *realloc(void *p, uint n);

/* Formats as printf() does, into at most size bytes, the 0 included.  Returns the length of the whole text, even if
   it did not fit.  Sleeps: no. */
int snprintf(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *dst, size_t size, const char *fmt, va_list args);

/* Reads text as one decimal or 0x number with an optional sign.  false: it is something else, or does not fit 32
   bits; *value is as before.  Sleeps: no. */
MUST_CHECK bool parse_number(const char *text, int *value);

/* As in POSIX's <unistd.h>.  An unknown option, or one without its value, is reported on descriptor 2 unless opterr is
   0, and '?' returned.  Sleeps: may. */
MUST_CHECK int getopt(int argc, char *const argv[], const char *options);
extern char *optarg;
extern int optind, opterr, optopt;

/* Writes all n bytes, with as many calls as that takes.  Sleeps: may. */
MUST_CHECK int write_all(int fd, const void *buf, int n);

/* Reads lines of any length from fd.  It reads ahead, so nothing else may read from fd.  The caller frees buf. */
struct line_reader {
    int fd;
    char *buf; /* [at, end) is read and not returned yet; NULL at first */
    uint size, at, end;
    bool failed; /* memory ran out or a read failed: the lines end early */
};

/* clang-format off */
#define LINE_READER(from) { .fd = (from) }
/* clang-format on */

/* Returns the next line, with a 0 in place of its \n, and its length in *n.  It is valid until the next call.  NULL:
   the end.  Sleeps: may. */
MUST_CHECK char *line_next(struct line_reader *reader, uint *n);

/* Writes "NAME: message\n" to descriptor 2, where NAME is the program's.  Sleeps: may. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, and then ends the program with this status. */
void fail(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* argv[0] of this program, set before main(). */
extern const char *program_name;

#endif
