/* proc_impl.h - what the files of kernel/proc share. */
#ifndef PROC_IMPL_H
#define PROC_IMPL_H

#include "proc/proc.h"

extern struct spinlock proc_lock; /* RANK_PROC */
extern struct proc *proc_one;     /* [I] init */

/* A process with a number, FORMING: parent NULL for init alone.  It has no stack, memory or files yet.  NULL: too
   many, or no memory.  Sleeps: no. */
struct proc *proc_new(struct proc *parent);
/* Takes the number back, and frees the structure.  Sleeps: no. */
void proc_delete(struct proc *p);
/* FORMING -> ALIVE: its parent and all others see it from now on.  It is not started.  Sleeps: no. */
void proc_publish(struct proc *p);
/* May the process use the last pages of memory (§10), and the last numbers?  Sleeps: no. */
static inline bool proc_may_use_reserve(const struct proc *p) { return p->depth <= 2; }

#endif
