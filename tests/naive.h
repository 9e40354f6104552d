/*
 * naive.h - what shared memory does, computed the naive way: flat arrays and linear search.
 *
 * The model knows segments and processes by small numbers.  Each function takes what the system call takes, changes the
 * model, and returns what the system call must return.  Times are known as ranges of ticks, from `since` to `until`.
 * Whoever knows that memory ran out leaves the model alone.
 */
#ifndef NAIVE_H
#define NAIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/ksmabi.h"

#define NAIVE_SEGMENTS 24u /* at any time, dead ones that still have stamps included */
#define NAIVE_PROCS    6u
#define NAIVE_VIEWS    80u
#define NAIVE_STAMPS   4u /* pages of a segment that carry stamps */
#define NOBODY         (-1)

struct naive_when {
    uint since, until; /* 0, 0: never */
};

struct naive_segment {
    bool exists;
    uint id, size, npages;
    int cpid, mpid;
    uint nattached;
    bool marked;
    struct naive_when atime, dtime, ctime;
    uint stamps[NAIVE_STAMPS]; /* the first word of its first, second, middle and last page */
};

struct naive_view {
    uint va;
    int segment;
    bool writable;
};

struct naive_proc {
    bool alive;
    int pid, parent; /* parent: a number, or NOBODY */
    uint brk, first_brk;
    int handles[NAIVE_SEGMENTS];          /* 0: it has none */
    struct naive_view views[NAIVE_VIEWS]; /* oldest first */
    uint nviews;
};

struct naive {
    uint max_segments, max_attachments, max_pages; /* the limits */
    uint max_frames;                               /* that segments find: as many pages, or fewer */
    struct naive_segment segments[NAIVE_SEGMENTS];
    struct naive_proc procs[NAIVE_PROCS];
    struct naive_when now; /* of the call */
};
extern struct naive naive;

/* The segment that a handle means to this process, or NOBODY. */
int naive_of_handle(const struct naive_proc *p, int handle);
/* 0: the segment was found or created; *segment is its number.  The caller enters the handle. */
int naive_get(struct naive_proc *p, uint id, uint size, uint flags, int *segment);
/* The address, or an error. */
int naive_attach(struct naive_proc *p, int handle, uint flags);
int naive_detach(struct naive_proc *p, int handle);
int naive_detach_at(struct naive_proc *p, uint va);
int naive_delete(struct naive_proc *p, int handle);
/* 0 or -1; the child's number. */
int naive_fork(struct naive_proc *p, struct naive_proc *child, int pid);
void naive_release(struct naive_proc *p);
/* Do attachments alone cover [va, va + n), with that access? */
bool naive_can(const struct naive_proc *p, uint va, uint n, bool write);
struct ksminfo_t naive_totals(void);
/* Page i of those that carry stamps. */
uint naive_stamp_page(const struct naive_segment *s, uint i);

#endif
