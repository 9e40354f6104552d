/* complete.h - what the Tab key makes of a word that has been begun. */
#ifndef COMPLETE_H
#define COMPLETE_H

#include "ulib.h"

struct completion {
    uint start;   /* of the word, in the line */
    char *word;   /* what all names that fit have in common, quoted; one alone gets its / or blank */
    char **names; /* those that fit, in order: the last part of each path */
    uint count;
};

/* The word before line[at]: the first one of a command is a program's name, others are files'.  The caller has it freed
   by complete_free().  Without memory the program ends with a message.  Sleeps: may. */
void complete(const char *line, uint at, struct completion *c);
void complete_free(struct completion *c);

#endif
