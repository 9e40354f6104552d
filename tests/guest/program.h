/*
 * program.h - programs that a test starts, and the segment by which they find each other.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "guest.h"
#include "ksm.h"

#define PROGRAM_OUTPUT 20000

/* The segment's identifier, as programs take it.  A test chooses one of its own, made from its pid. */
extern char segment_id[16];
void segment_choose(void);
bool segment_exists(void);
/* Creates it, empty, with this size, for a test that plays a program's part.  Its handle. */
int segment_create(uint nbytes);

/* A running program, and the pipe with what it prints: output and messages. */
struct program {
    int pid;
    int out;
};

/* in: its input; -1: the test's own.  Sleeps: may. */
struct program program_start(char *argv[], int in);
/* Waits for this child, and keeps the statuses of others that end before it.  Returns its status.  Sleeps: may. */
int program_reap(int pid);
/* Reads the rest of a program's output into program_output.  Returns its status.  Sleeps: may. */
int program_finish(struct program *program);
extern char program_output[PROGRAM_OUTPUT];
/* Runs a program, which prints this, among other things, and ends with status 1.  Sleeps: may. */
void program_expect_refusal(char *argv[], const char *part);
/* Runs n programs, each of which ends with status 2: a usage error.  Sleeps: may. */
void program_expect_usage_errors(char *wrong[][6], uint n);

#endif
