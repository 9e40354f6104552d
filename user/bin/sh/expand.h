/*
 * expand.h - what becomes of a command's words when it is run: $NAME and $?, and the names of files for *, ? and [...].
 *
 * Results live in the arena.  The shell's variables live as long as the process, and a child has copies.
 */
#ifndef EXPAND_H
#define EXPAND_H

#include "ulib.h"

/* Sets a variable.  Sleeps: no. */
void expand_set(const char *name, const char *value);

/* The word with the values of its variables; * ? [ are characters again.  Sleeps: no. */
char *expand_word(const char *word, int last_status);

/* The same for each of n words, but a word with * ? [ becomes the paths of the files that match it, in the order of
   their names, or stays if there are none.  *n is how many words there are, before and after.  Sleeps: may. */
char **expand_words(char **words, uint *n, int last_status);

#endif
