/*
 * cmdline.h - what a line of shell commands means, as a tree.
 *
 *   list     = chain { (";" | "&" | newline) chain }          & does not wait
 *   chain    = pipeline { ("&&" | "||") pipeline }
 *   pipeline = command { "|" command }
 *   command  = { word | redirection } | "(" list ")" { redirection }
 *   redirection = [n] ("<" | ">" | ">>") word | [n] ">&" m
 *
 * The trees live in one arena until cmdline_free().  A process has one, and a child has a copy.  Sleeps: no.
 */
#ifndef CMDLINE_H
#define CMDLINE_H

#include "ulib.h"

#define CMDLINE_LAST_STATUS '\1' /* stands for $? in a word */
#define CMDLINE_MAX_FD      9    /* of a redirection: one digit */

struct redirection {
    struct redirection *next;
    enum { REDIRECT_FROM, REDIRECT_TO, REDIRECT_APPEND, REDIRECT_SAME } kind;
    int fd;
    char *word; /* a path; for REDIRECT_SAME a descriptor */
};

struct command {
    struct command *next; /* in the pipeline */
    char **argv;          /* ends with NULL; NULL itself if there are no words */
    uint argc;
    struct list *body; /* of ( ), which has no words */
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

/* CMDLINE_INCOMPLETE: the text ends inside quotes or parentheses, or after an operator. */
enum cmdline_outcome { CMDLINE_OK, CMDLINE_INCOMPLETE, CMDLINE_BAD };

/* Parses all of text.  *list is NULL for an empty line; *near is where an error is. */
enum cmdline_outcome cmdline_parse(const char *text, struct list **list, const char **near);

/* Zeroed memory in the arena.  If there is none, the program ends with a message. */
void *cmdline_alloc(uint nbytes);
/* Frees the arena. */
void cmdline_free(void);

#endif
