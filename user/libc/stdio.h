/*
 * stdio.h - formatted text, and characters and lines of the standard streams.
 *
 * Nothing is kept in a buffer: each call reads or writes, and what follows a line is left for whoever reads next.
 * A stream is stdin, stdout, stderr or any descriptor, as in fgets(line, sizeof(line), fd).  There is no fopen():
 * open() returns a descriptor.  Sleeps: may.
 */
#ifndef STDIO_H
#define STDIO_H

#include <stdarg.h>
#include <stddef.h>

#include "xv6lib.h"

#define EOF (-1)

typedef struct stream {
    int fd;
} FILE;

extern FILE stdio_streams[3];
#define stdin  (&stdio_streams[0])
#define stdout (&stdio_streams[1])
#define stderr (&stdio_streams[2])

/* The descriptor of a stream, which may be one itself. */
#define fileno(stream) _Generic((stream), FILE * : ((FILE *)(stream))->fd, default : (stream))

/* As printf(), to a stream. */
#undef fprintf
int fprintf(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define fprintf(to, ...) _Generic((to), FILE * : (fprintf), default : (printf))((to), __VA_ARGS__)
int vfprintf(int to, const char *fmt, va_list args);
#define vfprintf(to, ...) (vfprintf)(fileno(to), __VA_ARGS__)
#define vprintf(...)      (vfprintf)(1, __VA_ARGS__)

/* Into memory; the n functions store at most size bytes, the 0 included.  They return the length of the whole text,
   even if it did not fit.  Sleeps: no. */
int sprintf(char *dst, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsprintf(char *dst, const char *fmt, va_list args);
int vsnprintf(char *dst, size_t size, const char *fmt, va_list args);

/* The next character, or EOF. */
int getc(int from);
#define getc(from)  (getc)(fileno(from))
#define fgetc(from) (getc)(fileno(from))
#define getchar()   (getc)(0)

/* Reads up to and with the next \n, size - 1 characters at most.  NULL: nothing was left. */
char *fgets(char *buf, int size, int from);
#define fgets(buf, size, from) (fgets)((buf), (size), fileno(from))

/* Write a character, which they return, or a string; puts() adds a \n.  EOF: the write failed. */
int putc(int c, int to);
#define putc(c, to)  (putc)((c), fileno(to))
#define fputc(c, to) (putc)((c), fileno(to))
#define putchar(c)   (putc)((c), 1)
int fputs(const char *s, int to);
#define fputs(s, to) (fputs)((s), fileno(to))
int puts(const char *s);

/* Nothing is waiting to be written. */
#define fflush(stream) ((void)(stream), 0)

#endif
