/*
 * jobs.h - the shell's children, and which of them has the console.
 *
 * On the console each pipeline is a job of its own, so Ctrl-C ends it and not the shell.  A pipeline of several
 * programs runs under a shell of its own, which is the job.  A shell that is started to talk with the user gets the
 * console until it ends, and has jobs in its turn.  In a shell that does not talk with the user, a job is a child like
 * any other.
 */
#ifndef JOBS_H
#define JOBS_H

#include "ulib.h"

enum { STATUS_SYNTAX = 2, STATUS_NO_EXEC = 126, STATUS_NOT_FOUND = 127, STATUS_KILLED = 255 };

/* From now on this process talks with the user, and has the console.  Its children do not.  Sleeps: no. */
void jobs_talk(void);
bool jobs_talks(void);

/* Another line begins to run.  Sleeps: no. */
void jobs_begin_line(void);
/* Was Ctrl-C typed since then?  Nothing more of the line runs.  Sleeps: no. */
bool jobs_broken(void);

/* Forks.  -1: it failed, and that was reported.  Sleeps: may. */
MUST_CHECK int job_fork(void);
/* How many children of a shell are alive.  Sleeps: no. */
uint jobs_living(int shell);
/* Waits for any child: its pid, or -1 if there is none.  Sleeps: may. */
int jobs_wait_any(int *status);
/* Reaps the children that have ended: until then each takes the place of a process.  The shell waits for none of them
   by its pid.  Sleeps: may, while one that has died gives its memory back. */
void jobs_reap(void);
/* Waits until the n children in pids[] have ended, and reaps others that end meanwhile.  What is not above 0 is no
   child.  Returns the last one's status.  Sleeps: may. */
int job_wait_each(const int *pids, uint n);

/* Forks a child that is a job.  hand_over: it will talk with the user itself.  -1 as for job_fork().  Sleeps: may. */
MUST_CHECK int job_start(bool hand_over);
/* Waits for a job, and takes the console back.  Returns the job's status.  Sleeps: may. */
int job_wait(int pid);

#endif
