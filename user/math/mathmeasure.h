/*
 * mathmeasure.h - how mathclient and mathpipe measure themselves: the same options, the same work, the same line.
 */
#ifndef MATHMEASURE_H
#define MATHMEASURE_H

#include <stdbool.h>

#include "types.h"

#define MATHMEASURE_OPTIONS "b:t:w:"
#define MATHMEASURE_TEXT    "1+2" /* unless the user names another */

struct mathmeasure {
    int nrequests; /* to be made: -b */
    int ticks;     /* or how long to make some: -t */
    int window;    /* requests in flight at most: -w; 0 is 1 */
    int begin;
    uint looked; /* how many had come when the time was last looked at */
    bool over;
};

/* Takes one of the options.  False if it is another, or has a value that it can't have.  Sleeps: no. */
bool mathmeasure_option(struct mathmeasure *m, int option, const char *value);

/* Is anything to be measured?  Sleeps: no. */
static inline bool mathmeasure_wanted(const struct mathmeasure *m)
{
    return m->nrequests > 0 || m->ticks > 0;
}

/* Starts the clock.  Sleeps: no. */
void mathmeasure_begin(struct mathmeasure *m);

/* How many requests to send now; 0 while enough are in flight, and after the last.  Sleeps: no. */
uint mathmeasure_more(struct mathmeasure *m, uint nsent, uint nreceived);

/* Prints "N requests in T ticks: R requests a second", or "over R" if no tick has passed.  Sleeps: may. */
void mathmeasure_end(const struct mathmeasure *m, uint nreceived);

#endif
