/*
 * proc_impl.h - what the files of kernel/proc share.
 *
 * One lock, proc_lock, guards the tree of processes and the jobs; `_locked` functions need it held.
 *
 * Sleeps: no.
 */
#ifndef PROC_IMPL_H
#define PROC_IMPL_H

#include "proc/proc.h"

/* Depths in the tree, as job.c draws them. */
#define DEPTH_SHELL   1u
#define DEPTH_COMMAND 2u

/* tree.c. */

extern struct spinlock proc_lock; /* RANK_PROC */
extern struct proc *proc_one;     /* [I] init */

/* A process with a number, FORMING: parent NULL for init alone.  It has no stack, memory or files yet.  NULL: too
   many, or no memory. */
MUST_CHECK struct proc *proc_new(struct proc *parent);
/* Takes the number back, and frees the structure. */
void proc_delete(struct proc *p);
/* FORMING -> ALIVE: its parent and all others see it from now on.  It is not started; if its parent was killed
   meanwhile, it is killed too. */
void proc_publish(struct proc *p);
/* ALIVE -> DEAD.  Nothing is in the foreground any more if it is the shell that controls that, or from which the one
   that does has the console, or the first process of the job there. */
void proc_set_dead(struct proc *self);

/* The process with this pid, dead or alive; NULL: there is none, or it is FORMING. */
struct proc *proc_find_locked(int pid);
/* The same; a dead one is none. */
struct proc *proc_find_alive_locked(int pid);
/* The process with the smallest pid >= *pid, which it stores, FORMING and dead ones too; NULL: there is none. */
struct proc *proc_from_locked(uint *pid);

/* A walk over the living processes, in the order of their pids. */
struct proc_walk {
    uint pid;   /* the last one that was seen; 0 at the start */
    uint nseen; /* dead or alive */
};
/* The next one; NULL: there are no more.  Releases the lock for a moment now and then: what is forked meanwhile has a
   higher number, so the walk comes to it, until numbers start again. */
REACQUIRES struct proc *proc_walk_locked(struct proc_walk *walk);

static inline int proc_parent_pid(const struct proc *p) { return p->parent ? p->parent->pid : 0; }
static inline uint proc_brk(const struct proc *p)
{
    return p->thread.aspace ? aspace_brk(p->thread.aspace) : 0;
}

/* job.c. */

/* Gives a process that has a parent and a number its depth and its job. */
void job_enter_locked(struct proc *p);
/* It is published: it may be in the foreground from now on, and gets its reserve. */
void job_begin_locked(struct proc *p);
/* A shell is about to be dead.  Kills those that have the console from it, so that they set nothing that
   job_leave_locked() has taken back.  Lock not held. */
void job_shell_ends(const struct proc *self);
/* It is dead.  The job that has lost the foreground by that, or 0. */
int job_leave_locked(struct proc *self);
/* The foreground has changed: gives each process its reserve.  Lock not held. */
void job_update_reserves(void);

#endif
