/*
 * log.h - operations, and the log that makes them durable in order.
 *
 * Each operation that changes the disk runs between log_begin() and log_end().  Operations that end are
 * collected in the running transaction, which is committed as a whole.  log_begin() may wait for a commit,
 * and a commit waits for the operations under way: so no lock is held at log_begin(), and none that others
 * hold there.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

#include "include/types.h"

#define LOG_OP_MAX 24u /* blocks that the largest operation may change; fewer where the log is small */
#define LOG_OP_MIN 14u /* every log has room for operations of this size */

struct log_op {
    uint left; /* blocks that it may still change.  Fresh ones count by groups: see cache.h */
};

/* The log in blocks [start, start+nblocks), its header included.  Copies a committed transaction home.
   NULL, or what is wrong, in words. */
const char *log_mount(uint start, uint nblocks);
/* Begins an operation that changes at most n blocks, LOG_OP_MIN or log_op_limit() at the most.  -1: the disk
   failed earlier, and nothing can be changed any more.  Sleeps. */
int log_begin(struct log_op *op, uint n);
void log_end(struct log_op *op);
/* Ends the operation and begins another one. */
int log_renew(struct log_op *op, uint n);
uint log_op_limit(void); /* the largest n that this log likes */
/* The operation can't be completed, because the disk failed in its middle: nothing will be committed any
   more. */
void log_fail(void);

/* All operations that ended before are durable on return.  -1: the disk failed. */
int log_commit(void);
/* The same, and they are in their places: the log on the disk is empty. */
int log_settle(void);
/* Commits in time, for ever: no operation waits longer than LOG_DELAY ticks for its commit. */
void log_flush_forever(void) __attribute__((noreturn));

/* commit.c: the writing.  0, or -1: the disk failed.  No operation runs. */
int commit_write(uint log_start);   /* the changed blocks are durable in the log */
int commit_install(uint log_start); /* and home; the log is empty, the cache clean */
const char *commit_recover(uint log_start, uint capacity);

#endif
