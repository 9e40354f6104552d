/*
 * ksm.h - the door to shared memory: the calls of the contract, and three hooks: fork, exec, exit.
 *
 * Arguments are already copied in; results are copied out by the caller.  Returns 0, a positive result, or an
 * error of ksmabi.h.  Sections cite docs/ksm.md.  Lock:  RANK_KSM, taken and released inside; no call zeroes,
 * copies or frees pages under it (12).
 */
#ifndef KERNEL_KSM_H
#define KERNEL_KSM_H

#include "base/list.h"
#include "include/ksmabi.h"
#include "mm/aspace.h"
#include "mm/table.h"

struct segment;
struct holding;

/* What a process has of shared memory.  Part of its struct proc; only that process's own calls change it,
   and once it is linked they do so under the ksm lock, since ksm_check() and the operator's table read it
   there. */
struct ksm_task {
    struct aspace *as; /* where its attachments are */
    int pid;
    struct table handles;   /* handle slot -> struct holding */
    struct holding *recent; /* the one looked up last, or NULL: saves the next look-up */
    struct list holdings;   /* the same; the first is the next to be looked at whether it is dead (3.8) */
    uint nattached;
    struct segment *pinned; /* held by the attach that it is in the middle of */
    bool busy;              /* in the middle of other changes: its mappings may differ from its attachments */
    struct list link;       /* tasks with holdings; others are not linked, and cost nothing here */
};

struct ksm_limits { /* 10; 0: the default */
    uint nsegments; /* 1 to 65,536; more is cut to that */
    uint nattachments;
    uint npages;
};
#define KSM_DEFAULT_SEGMENTS    4096u
#define KSM_DEFAULT_ATTACHMENTS 16384u
#define KSM_MAX_SEGMENTS        65536u
#define KSM_MAX_ATTACHMENTS     (1u << 20)

/* Once at boot; takes its pools from page_alloc() for good.  0, or -1 for want of memory, with none kept. */
int ksm_init(const struct ksm_limits *limits);

void ksm_task_init(struct ksm_task *task, int pid, struct aspace *as);

int ksm_get(struct ksm_task *task, uint id, uint nbytes, uint flags); /* 3; may sleep */
int ksm_attach(struct ksm_task *task, int handle, uint flags);        /* 4; its address */
int ksm_detach(struct ksm_task *task, int handle);                    /* 5.1; may sleep */
int ksm_detach_at(struct ksm_task *task, uint va);                    /* 5.2; may sleep */
int ksm_delete(struct ksm_task *task, int handle);                    /* 6; may sleep */
/* handle 0: only the totals are meaningful. */
int ksm_info(struct ksm_task *task, int handle, struct ksminfo_t *info); /* 8 */

/* 7.1: the child, whose task and address space are fresh, gets the parent's handles and attachments.  -1
   when it can't, and then nothing is left of it. */
int ksm_fork(struct ksm_task *parent, struct ksm_task *child);
/* 7.2, 7.3: detaches all and drops the handles, while task->as is still whole.  After exec the caller sets
   task->as to the new address space.  at_exit: wakes the sleepers on its segments' words (11.6); they will
   look at once whether the process lives, so the caller has made procinfo() deny it before.  May sleep. */
void ksm_release(struct ksm_task *task, bool at_exit);

/* 11.  va is aligned and readable, and the task the caller's own.  nticks 0: no limit. */
int ksm_wait(struct ksm_task *task, uint va, uint expected, uint nticks);
/* Returns how many were woken. */
int ksm_wake(struct ksm_task *task, uint va, uint n);

/* Proves the invariants of kernel/ksm/README.md: returns NULL, or what is wrong. */
const char *ksm_check(void);
/* 13: prints segments and who has them attached where, in pieces.  Sleeps: it may. */
void ksm_print(void);

#endif
