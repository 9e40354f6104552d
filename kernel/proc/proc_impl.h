/* proc_impl.h - what the files of kernel/proc share. */
#ifndef PROC_IMPL_H
#define PROC_IMPL_H

#include "proc/proc.h"

extern struct spinlock proc_lock; /* RANK_PROC */
extern struct proc *proc_one;     /* [I] init */

/* A process with a number, FORMING: parent NULL for init alone.  It has no stack, memory or files yet.  NULL: too
   many, or no memory.  Sleeps: no. */
MUST_CHECK struct proc *proc_new(struct proc *parent);
/* Takes the number back, and frees the structure.  Sleeps: no. */
void proc_delete(struct proc *p);
/* FORMING -> ALIVE: its parent and all others see it from now on.  It is not started; if its parent was killed
   meanwhile, it is killed too.  Sleeps: no. */
void proc_publish(struct proc *p);
/* ALIVE -> DEAD.  If it is a shell with jobs, or the first process of the job in the foreground, nothing is in the
   foreground any more.  Sleeps: no. */
void proc_set_dead(struct proc *self);

#endif
