/*
 * cmdline.h - what a line of shell commands means, as a tree.
 *
 *   list     = chain { (";" | "&" | newline) chain }          & does not wait
 *   chain    = pipeline { ("&&" | "||") pipeline }
 *   pipeline = command { "|" command }
 *   command  = { word | redirection } | compound { redirection }
 *   compound = "(" list ")"
 *            | "if" list "then" list { "elif" list "then" list } [ "else" list ] "fi"
 *            | "while" list "do" list "done"
 *            | "for" name "in" { word } separator "do" list "done"
 *   redirection = [n] ("<" | ">" | ">>") word | [n] ">&" m
 *
 * The trees live in the arena (arena.h).  Sleeps: no.
 */
#ifndef CMDLINE_H
#define CMDLINE_H

#include "ulib.h"

#define CMDLINE_MAX_FD 9 /* of a redirection: one digit */

/* In a word, what is more than a character.  A line has no such characters itself. */
enum cmdline_mark {
    MARK_NOT = 1, /* ! */
    MARK_NAME,    /* before and after the name of a variable; that of $? is empty */
    MARK_ANY = 4, /* *; 3 is Ctrl-C */
    MARK_ONE,     /* ? */
    MARK_SET,     /* [ */
    MARK_CLOSE,   /* ] */
    MARK_RANGE,   /* - */
    MARK_END,
};
#define CMDLINE_MARKS "*?[]-" /* the characters of MARK_ANY and those after it */

struct redirection {
    struct redirection *next;
    enum { REDIRECT_FROM, REDIRECT_TO, REDIRECT_APPEND, REDIRECT_SAME } kind;
    int fd;
    char *word; /* a path; for REDIRECT_SAME a descriptor */
};

struct command {
    struct command *next; /* in the pipeline */
    enum { SIMPLE, GROUP, IF, WHILE, FOR } kind;
    char **argv; /* of SIMPLE and FOR; ends with NULL; NULL itself if there are no words */
    uint argc;
    bool assigns;           /* SIMPLE: there are words, and all of them are NAME=VALUE */
    char *name;             /* FOR */
    struct list *condition; /* IF, WHILE */
    struct list *body;
    struct command *elif;   /* IF: another IF, tried when the condition fails; may be NULL */
    struct list *otherwise; /* IF; may be NULL */
    struct redirection *redirections;
};

struct pipeline {
    struct pipeline *next; /* in the chain */
    enum { ALWAYS, IF_OK, IF_FAILED } when;
    struct command *first;
    uint ncommands;
};

struct list {
    struct list *next;
    struct pipeline *chain;
    bool background;
};

/* CMDLINE_INCOMPLETE: the last line ends inside quotes or a compound, or after an operator. */
enum cmdline_outcome { CMDLINE_OK, CMDLINE_INCOMPLETE, CMDLINE_BAD };

/* Where in the text an error is, and what could be there. */
struct cmdline_error {
    const char *near, *expected;
};

/* The text with another line at its end, perhaps moved; NULL: there is no line.  Sleeps: may. */
typedef const char *cmdline_more(void);

/* Parses all of text, and the lines that it goes on in.  *list is NULL for an empty line.  Sleeps: may. */
enum cmdline_outcome cmdline_parse(const char *text, cmdline_more *more, struct list **list,
                                   struct cmdline_error *error);

#endif
