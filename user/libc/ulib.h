/*
 * ulib.h - the headers of C and user.h, and what this system's own programs use besides them.
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
#include "stdio.h"
#include "stdlib.h"
#include "string.h"
#include "unistd.h"
#include "user.h"

#define PAGE_SIZE 4096u

struct procinfo;
struct sysinfo;

/* This system's own calls.  procinfo, procnext, foreground, killjob, bootarg and sysinfo never sleep.  Sleeps: may. */

int sync(void);                                  /* returns when all that was written is on the disk */
int halt(int status);                            /* powers off and reports the status to the host */
int procinfo(int pid, struct procinfo *info);    /* describes a living process */
int procnext(int pid);                           /* the lowest pid above this one that is alive */
int foreground(int pid);                         /* makes this the job that Ctrl-C ends; 0: none */
int killjob(int job);                            /* kills all processes of a job */
int consolectl(int request);                     /* how the console is read: see consolectl.h */
int bootarg(const char *name, char *buf, int n); /* copies a boot parameter; returns its length */
int sysinfo(struct sysinfo *info);               /* the time of day, and the memory that is free */
int rename(const char *old, const char *new);    /* in one step; what has the new name goes */

/* Carries out an operation of debug.h for a test.  -1 in a kernel that was built without DEBUG=1.  Sleeps: may. */
int debug(int op, int arg);

/* Reads text as one decimal or 0x number with an optional sign.  false: it is something else, or does not fit 32
   bits; *value is as before.  Sleeps: no. */
MUST_CHECK bool parse_number(const char *text, int *value);

/* The n arguments that are left are none, or one such number, at least `least`.  With none, *value is as before.
   Sleeps: no. */
MUST_CHECK bool optional_number(int n, char *args[], int least, int *value);

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

/* Is it a device, as the console is?  Sleeps: may. */
MUST_CHECK bool is_terminal(int fd);

#define SCREEN_COLUMNS       80 /* where the terminal's size is not known */
#define SCREEN_LINES         24
#define TERMINAL_MIN_COLUMNS 20
#define TERMINAL_MAX_COLUMNS 1000
#define TERMINAL_MIN_LINES   2
#define TERMINAL_MAX_LINES   1000

/* The columns of the terminal on which the console is, which understands escape sequences; 0: none is known, or it is
   too narrow.  Sleeps: no. */
MUST_CHECK uint terminal_columns(void);
/* Its lines; 0: the same, or too few.  Sleeps: no. */
MUST_CHECK uint terminal_lines(void);

/* Puts a ? for each of the n characters that could control a terminal: for what others named or wrote.  Sleeps: no. */
void make_printable(char *text, uint n);

/* The last part of a path, within it: "b/" of "/a/b/".  Sleeps: no. */
const char *path_last(const char *path);
/* DIRECTORY/NAME, which the caller frees.  Without memory it ends the program with a message. */
MUST_CHECK char *path_join(const char *directory, const char *name);
/* Opens a file to write, which is made if it is not there, or a device.  mode: O_TRUNC, O_APPEND, or 0.  The
   descriptor, or -1.  Sleeps: may. */
MUST_CHECK int open_output(const char *path, int mode);
/* For OLD NEW, or OLD... DIRECTORY, which are n paths, at least 2: calls act() with each OLD and the path that it is to
   have.  Returns the results, or-ed.  Where NEW must be a directory and is none, it ends the program with a message.
   Sleeps: may. */
MUST_CHECK int path_each(char *paths[], int n, int (*act)(const char *old, const char *new));
/* For [FILE]...: calls act() with each of n files, open for reading, and its name; without files, with descriptor 0 and
   "input".  Returns the results, or-ed, and with 1 where a file could not be opened, as a message says.
   Sleeps: may. */
MUST_CHECK int file_each(char *paths[], int n, int (*act)(int fd, const char *name));

/* The main function of a program that prints some lines of its files, 10 unless -n LINES or -LINES says otherwise, or
   of descriptor 0: print() prints those of one, and returns the status.  Sleeps: may. */
MUST_CHECK int lines_main(int argc, char *argv[], int (*print)(int fd, const char *name, int nlines));

/* Writes "NAME: message\n" to descriptor 2, where NAME is the program's, and ? for characters that could control a
   terminal.  Sleeps: may. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, and then ends the program with this status. */
void fail(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* As printf() to descriptor 1, but a failure ends the program with a message and status 1.  Sleeps: may. */
void must_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* argv[0] of this program, set before main(). */
extern const char *program_name;

#endif
