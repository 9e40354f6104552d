/*
 * ed.h - what the parts of ed share: the text, addresses, and how a failure is reported.
 *
 * A function that returns bool can fail unless its comment says otherwise: false, after wrong().  Lines count from 1.
 * Sleeps: may.
 */
#ifndef ED_H
#define ED_H

#include "ulib.h"

#define PATH_SIZE 256

/* Why a command fails, which h prints.  Returns false. */
bool wrong(const char *what);
extern bool silent; /* numbers of bytes are not printed */

/* text.c */

struct line {
    uint refs;
    uint n;
    bool marked; /* by g */
    char text[]; /* n bytes, and a 0 */
};

struct text {
    struct line **lines;
    uint n, size;
    uint dot; /* the current line; 0: before the first one */
};

extern struct text text;
extern bool changed; /* since it was written */

/* Inserts a line after the current one, and makes it that. */
MUST_CHECK bool text_insert(const char *bytes, uint n);
/* Removes lines. */
void text_cut(uint first, uint last);
/* Has another line in the place of one, and makes it the current one. */
MUST_CHECK bool text_replace(uint i, const char *bytes, uint n);
/* Before a command that may change the text; takes back what the last one that did has changed; empties it for good. */
MUST_CHECK bool text_keep(void);
MUST_CHECK bool text_undo(void);
void text_forget(void);

/* file.c */

/* Inserts a file's lines after the current one. */
MUST_CHECK bool file_read(const char *name);
/* Writes lines to a file.  Devices, and files with several names, keep what they are; others are replaced.  What
   was in a file stays until all of the new text is on the disk. */
MUST_CHECK bool file_write(const char *name, uint first, uint last);

/* address.c */

struct range {
    uint first, last;
    uint naddresses; /* that were given */
};

/* The pattern from now on; "": the last one stays. */
MUST_CHECK bool pattern_set(const char *from);
/* Has the line a match?  Cannot fail. */
bool pattern_matches(uint i);
/* As regexp_find(), which says what it does. */
MUST_CHECK bool pattern_find(const struct line *line, uint *start, uint *end);
/* Cuts the part of a command up to the next `end` out of it; \ before `end` goes.  *p: after it. */
char *pattern_take(char **p, char end);

/* Reads the addresses before a command.  *p: after them. */
MUST_CHECK bool range_parse(char **p, struct range *range);
/* Lines must be meant: the current one, or all of them, if no address was given. */
MUST_CHECK bool range_need(struct range *range, bool all);

/* substitute.c */

/* s/re/with/FLAGS, of which g and a number are taken here.  may_miss: it is no failure that there is no match. */
MUST_CHECK bool substitute(char **p, struct range *range, bool may_miss);

#endif
