/*
 * race.h - for tests in which processes run against each other for a time.
 *
 * They share a board, a segment that the test attaches before it starts them.  A process that finds something wrong
 * ends with a bad status; the test then stops the others, and fails.
 */
#ifndef RACE_H
#define RACE_H

#include "chance.h"
#include "ksmtest.h"

#define RACE_MAX 8u

struct race_board {
    volatile uint stop;
    volatile uint rounds[RACE_MAX]; /* of each process, when it ends */
    volatile uint hops;             /* a word to sleep on */
    volatile uint words[2000];      /* the test's */
};

extern struct race_board *board;

/* Makes the board, and notes the seeds in use.  race_end() removes it. */
void race_begin(void);
void race_end(void);
/* Runs run(i) in n processes for some seconds, and then until all have seen board->stop; checks the kernel meanwhile.
   tend, unless NULL, is called now and then with the pids, and may replace processes. */
void race_run(uint n, uint seconds, void (*run)(uint i), void (*tend)(int pids[], uint n));
/* Runs run(i) in a process of its own. */
int race_start(uint i, void (*run)(uint i));
/* Lets another process run, often on another processor. */
void race_hop(void);
/* The sum of board->rounds. */
uint race_rounds(void);

#endif
