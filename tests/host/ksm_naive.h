/*
 * ksm_naive.h - what shared memory should do, as plainly as can be: flat arrays, searched from end to end.
 *
 * Processes and segments are numbers.  A call here changes the model as the real one changes the system, and returns
 * what that one must return.  The caller knows when an allocation was made to fail, and leaves the model alone then.
 */
#ifndef KSM_NAIVE_H
#define KSM_NAIVE_H

#include <stdbool.h>

#include "include/types.h"

#define NPROCS    5u
#define NSEGMENTS 6u /* the limits */
#define NATTACHED 14u
#define NPAGES    3000u
#define RAM       2600u /* pages: less than the limit, so that memory runs out, too */
#define MAX_DEAD  4096u
#define ANY       (-1) /* peers */
#define NOBODY    (-2)

struct naive_segment {
    bool exists, marked;
    uint id, nbytes, npages, atime, dtime, ctime;
    uint stamp; /* what was written into it last */
    int handle, cpid, mpid;
};

struct naive_attachment {
    bool exists, writable;
    uint proc, seg, va;
};

struct naive_process {
    bool alive;
    bool holds[NSEGMENTS]; /* a good handle of that segment */
    uint brk;
    /* asleep */
    bool asleep, private;
    uint seg, offset, deadline, since;
    int peer;   /* whose end wakes it: a process, or ANY, or NOBODY */
    bool woken; /* and what it will return */
    int result;
};

struct naive_totals {
    uint nsegments, npages, nattached;
};

extern struct naive_segment segs[NSEGMENTS];
extern struct naive_attachment atts[NATTACHED]; /* in the order of attaching, with gaps */
extern uint natts;                              /* entries used */
extern struct naive_process procs[NPROCS];
extern int dead_handles[MAX_DEAD]; /* those that were good once */
extern uint ndead;

void naive_begin(void);
/* After each call: closes the gaps. */
void naive_compact(void);

struct naive_totals naive_totals(void);
uint naive_count_attached(uint seg);
uint naive_count_attached_by(uint p);
/* Which segment a handle is good for in process p; NSEGMENTS: none. */
uint naive_find(uint p, int handle);
int naive_pid(uint p);

/* got: what the real call returned, which is the handle if the segment is new. */
int naive_get(uint p, uint id, uint nbytes, uint flags, int got);
int naive_attach(uint p, int handle, uint flags);
int naive_detach(uint p, int handle);
int naive_detach_at(uint p, uint va);
int naive_delete(uint p, int handle);
/* Falls asleep on a word of a segment; NSEGMENTS: on a private one. */
void naive_sleep(uint p, uint seg, uint offset, uint nticks, int peer);
int naive_wake(uint seg, uint offset, uint n);
/* Those whose time is over. */
void naive_time_out(void);

void naive_start(uint p);
bool naive_can_fork(uint p);
void naive_fork(uint p, uint child);
void naive_exec(uint p);
void naive_exit(uint p);

/* Ends the program: the core and the model differ. */
void naive_differ(const char *what, long got, long want) __attribute__((noreturn));

#endif
