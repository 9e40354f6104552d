/*
 * log.h - operations, and the log that makes them durable in order.
 *
 * Each operation that changes the disk runs between log_begin() and log_end().  Operations that end are
 * collected in the running transaction, which is committed as a whole.  log_begin() may wait for a commit,
 * and a commit waits for the operations under way: so a thread holds no lock at log_begin(), and begins no
 * second operation inside the first.
 *
 * An operation belongs to the thread that began it.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

#include "include/mustcheck.h"
#include "include/types.h"

#define LOG_OP_MAX 24u /* blocks that the largest operation may change; fewer where the log is small */
#define LOG_OP_MIN 14u /* every log has room for operations of this size */

struct log_op {
    bool running;
    uint left; /* blocks that it may still change.  Fresh ones count by groups: see cache.h */
};

/* Once at mount: the log in blocks [start, start+nblocks), its header included, LOG_MIN at least.  Copies a committed
   transaction home.  NULL, or what is wrong, in words.  Sleeps: may. */
MUST_CHECK const char *log_mount(uint start, uint nblocks);
/* Begins an operation that changes at most n blocks; n is at most log_op_limit().  -1: the disk failed
   earlier, nothing can be changed any more, and the operation is not running.  Sleeps: may. */
MUST_CHECK int log_begin(struct log_op *op, uint n);
/* Ends the operation, if it is running.  Sleeps: no. */
void log_end(struct log_op *op);
/* The largest n that this log accepts: LOG_OP_MIN .. LOG_OP_MAX.  Sleeps: no. */
uint log_op_limit(void);
/* The disk failed in the middle of the operation, which can't be completed: nothing will be committed any
   more.  Sleeps: no. */
void log_fail(void);

/* On return, all operations that ended before the call are durable.  -1: the disk failed.  The caller holds
   no lock and is in no operation.  Sleeps: may. */
MUST_CHECK int log_commit(void);
/* The same, and they are in their places: the log on the disk is empty.  Sleeps: may. */
MUST_CHECK int log_settle(void);

/* commit.c: the writing.  0, or -1: the disk failed.  The caller sees to it that no operation runs and that
   no other thread is here.  Sleeps: may. */

MUST_CHECK int commit_write(uint log_start);   /* the changed blocks are durable in the log */
MUST_CHECK int commit_install(uint log_start); /* and home; the log is empty, the cache clean */
/* At mount: copies home what the log holds.  NULL, or what is wrong, in words. */
MUST_CHECK const char *commit_recover(uint log_start);

#endif
