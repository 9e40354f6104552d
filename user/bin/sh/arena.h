/*
 * arena.h - the memory of what is made of a line: the trees of its commands, and the words when they are run.
 *
 * It is freed as a whole, or back to a place.  A process has one arena, and a child has a copy.  If there is no memory,
 * the program ends with a message.  Sleeps: no.
 */
#ifndef ARENA_H
#define ARENA_H

#include "ulib.h"

/* Zeroed memory. */
void *arena_alloc(uint nbytes);
/* Memory that is not zeroed.  Once it is known where its contents end, the rest may be given back, if nothing was taken
   meanwhile. */
void *arena_take(uint nbytes);
void arena_give_back(const char *end);

/* The arena as it is now, and back to that.  Loops would fill it otherwise. */
struct arena_place {
    struct chunk *chunk;
    uint used;
};
struct arena_place arena_place(void);
void arena_release(struct arena_place place);
/* Frees all of it. */
void arena_free(void);

/* Words that grow in number, in the arena.  It begins as zeroes; there is always room for a NULL after the last one. */
struct words {
    char **at; /* NULL: there are none yet */
    uint count, room;
};
void words_add(struct words *w, char *word);

#endif
