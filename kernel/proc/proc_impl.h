/* proc_impl.h - what the files of kernel/proc share. */
#ifndef PROC_TREE_H
#define PROC_TREE_H

#include "proc/proc.h"

extern struct spinlock proc_lock; /* RANK_PROC */
extern struct proc *proc_one;     /* init */

/* A process with a number, FORMING: parent NULL for init alone.  It has no stack, memory, files yet.  NULL:
   too many, or no memory. */
struct proc *proc_new(struct proc *parent);
/* Takes the number back, and frees the structure. */
void proc_delete(struct proc *p);
/* FORMING -> ALIVE: its parent and everybody else see it from now on.  It is not started. */
void proc_publish(struct proc *p);
/* May the process use the last pages of memory (contract, 10), and the last numbers? */
static inline bool proc_may_use_reserve(const struct proc *p) { return p->depth <= 2; }

#endif
