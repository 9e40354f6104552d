/*
 * ksm_task.h - what other rooms keep for this one: a process's part in shared memory, and a sleeper on its stack.
 */
#ifndef KSM_TASK_H
#define KSM_TASK_H

#include "base/list.h"
#include "mm/aspace.h"

struct segment;

/* Embedded in a process's struct proc.
   Fields:  I immutable after creation   o only the process itself */
struct ksm_task {
    struct aspace *as;    /* [o] where its attachments are */
    int pid;              /* [I] */
    struct list holdings; /* [o] one for each segment that it got (§3.6) */
    uint nattached;       /* [o] what procinfo() and ps say of it */
    /* [o] the last detach, for ksm_find_place() */
    uint left_va, left_npages;
};

/* A thread that waits on a word (§11); on its own stack.
   Fields:  I immutable while it waits   W wait lock */
struct ksm_sleeper {
    struct ksm_task *task;   /* [I] */
    struct thread *thread;   /* [I] */
    struct segment *segment; /* [I] NULL: the word is private */
    uint va;                 /* [I] */
    uint offset;             /* [I] of the word in the segment */
    uint expected;           /* [I] */
    int peer;                /* [I] a pid, or one of the two below: whose end wakes it */
    bool woken;              /* [W] */
    int result;              /* [W] once it is woken */
    struct list link;        /* [W] in the list of sleepers */
};
#define KSM_PEER_ANY  0
#define KSM_PEER_NONE (-1)
/* Does it wait on shared memory?  Words of private memory wake nobody. */
static inline bool ksm_waits_on_segment(const struct ksm_sleeper *self) { return self->segment; }

#endif
