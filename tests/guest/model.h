/*
 * model.h - what shared memory does, computed the naive way: flat arrays and linear search.
 *
 * The model knows segments and processes by small numbers.  Each function takes what the system call takes, changes the
 * model, and returns what the system call must return.  Times are known as ranges of ticks, from `since` to `until`.
 */
#ifndef MODEL_H
#define MODEL_H

#include "ksmtest.h"

#define MODEL_SEGMENTS 24u /* at any time, dead ones that still have stamps included */
#define MODEL_PROCS    6u
#define MODEL_VIEWS    80u
#define MODEL_STAMPS   4u /* pages of a segment that carry stamps */
#define NOBODY         (-1)

struct model_when {
    uint since, until; /* 0, 0: never */
};

struct model_segment {
    bool exists;
    uint id, size, npages;
    int cpid, mpid;
    uint nattached;
    bool marked;
    struct model_when atime, dtime, ctime;
    uint stamps[MODEL_STAMPS]; /* the first word of its first, second, middle and last page */
};

struct model_view {
    uint va;
    int segment;
    bool writable;
};

struct model_proc {
    bool alive;
    int pid, parent; /* parent: a number, or NOBODY */
    uint brk, first_brk;
    int handles[MODEL_SEGMENTS];          /* 0: it has none */
    struct model_view views[MODEL_VIEWS]; /* oldest first */
    uint nviews;
};

struct model {
    uint max_segments, max_attachments, max_pages; /* the limits */
    struct model_segment segments[MODEL_SEGMENTS];
    struct model_proc procs[MODEL_PROCS];
    struct model_when now; /* of the call */
};
extern struct model model;

/* The segment that a handle means to this process, or NOBODY. */
int model_of_handle(const struct model_proc *p, int handle);
/* 0: the segment was found or created; *segment is its number.  The caller enters the handle. */
int model_get(struct model_proc *p, uint id, uint size, uint flags, int *segment);
/* The address, or an error. */
int model_attach(struct model_proc *p, int handle, uint flags);
int model_detach(struct model_proc *p, int handle);
int model_detach_at(struct model_proc *p, uint va);
int model_delete(struct model_proc *p, int handle);
/* 0 or -1; the child's number. */
int model_fork(struct model_proc *p, struct model_proc *child, int pid);
void model_release(struct model_proc *p);
/* Do attachments alone cover [va, va + n), with that access? */
bool model_can(const struct model_proc *p, uint va, uint n, bool write);
struct ksminfo_t model_totals(void);
/* Page i of those that carry stamps. */
uint model_stamp_page(const struct model_segment *s, uint i);

#endif
