/*
 * pipe.h - pipes, for file.c.
 *
 * A pipe lives until both ends are closed; an end is closed when the last reference to its file goes.  Each
 * pipe has a lock of RANK_PIPE.  user_check() has accepted the buffers.
 */
#ifndef PIPE_H
#define PIPE_H

#include "arch.h"
#include "include/mustcheck.h"

struct pipe;

/* An empty pipe with both ends open; NULL: too little memory.  Sleeps: may. */
MUST_CHECK struct pipe *pipe_open(void);
/* Closes one end; the second close frees the pipe.  Sleeps: no. */
void pipe_close(struct pipe *p, bool writer);
/* Waits until there is something, even if n is 0; up to n bytes.  0: no writer is left.  -1: killed.
   Sleeps: may. */
MUST_CHECK int pipe_read(struct pipe *p, void USER *dst, int n);
/* Waits until all is written; up to a page goes in one piece.  n, or -1: it would have to wait, and no reader is
   left, or killed.  Sleeps: may. */
MUST_CHECK int pipe_write(struct pipe *p, const void USER *src, int n);

#endif
