/*
 * regexp.h - regular expressions, for programs that search in text.
 *
 * ^ and $ are the ends of a line, . is any character, [a-z_] and [^...] are one of a set, X* is any number of X, and
 * \ takes the next character as it is.  Sleeps: may, where memory is allocated.
 */
#ifndef REGEXP_H
#define REGEXP_H

#include <stdbool.h>

#include "mustcheck.h"
#include "types.h"

struct regexp_atom;

struct regexp {
    struct regexp_atom *atoms;
    uint natoms;
    bool at_start, at_end; /* ^, $ */
    uchar *places[2];      /* of the search under way */
};

/* Reads a pattern.  NULL, or what is wrong with it, in words; then there is nothing to free. */
MUST_CHECK const char *regexp_compile(struct regexp *re, const char *pattern);
void regexp_free(struct regexp *re);

/* Is there a match in a line of n bytes?  Takes time in proportion to n, whatever the pattern.  Sleeps: no. */
bool regexp_matches(struct regexp *re, const char *line, uint n);
/* Finds the first match that begins at *start or later, the longest of those that begin there, and stores where it
   begins and ends.  Sleeps: no. */
MUST_CHECK bool regexp_find(struct regexp *re, const char *line, uint n, uint *start, uint *end);

#endif
