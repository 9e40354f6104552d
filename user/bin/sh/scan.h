/*
 * scan.h - the scanner of the shell's command lines: one token ahead of the parser, cmdline.c.
 *
 * Where the text ends and the command does not, it asks for another line and goes on.  Words are in the arena.
 * Sleeps: no, unless that line does.
 */
#ifndef SCAN_H
#define SCAN_H

#include "cmdline.h"

enum token { END, NEWLINE, WORD, AND_IF, OR_IF, PIPE, AMP, SEMI, OPEN, CLOSE, REDIRECT, BACKQUOTE };

struct scan {
    enum token token;
    const char *start, *at;         /* where the token begins in the text, and where it ends */
    char *word;                     /* WORD */
    bool assigns;                   /* WORD: it is NAME=VALUE */
    struct redirection redirection; /* REDIRECT: kind and fd */
    uint nesting;                   /* the parser's: while there is one, the command goes on after the line */
    enum cmdline_outcome outcome;   /* the first error */
    const char *expected;           /* what could have stood there */
};
extern struct scan scan;

/* The first token of a text. */
void scan_begin(const char *text, cmdline_more *more);
/* The next one. */
void scan_next(void);
/* An error at the token, which is END from now on.  The first one counts. */
void scan_fail(enum cmdline_outcome outcome, const char *expected);
/* The length of the variable's name at text; 0: there is none. */
uint scan_name(const char *text);

#endif
