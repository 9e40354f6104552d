/*
 * pipe.h - pipes, for file.c.
 */
#ifndef PIPE_H
#define PIPE_H

#include <stdbool.h>

struct pipe;

/* An empty pipe with both ends open; NULL for want of memory. */
struct pipe *pipe_open(void);
/* Closes one end; the second close frees the pipe. */
void pipe_close(struct pipe *p, bool writer);
/* Waits until there is something; up to n bytes.  0: no writer is left.  -1: killed. */
int pipe_read(struct pipe *p, void *dst, int n);
/* Waits until all is written; up to a page goes in one piece.  -1: no reader is left, or killed. */
int pipe_write(struct pipe *p, const void *src, int n);

#endif
