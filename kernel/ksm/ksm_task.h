/*
 * ksm_task.h - what other rooms keep for this one: a process's part in shared memory, and a sleeper on its stack.
 */
#ifndef KSM_TASK_H
#define KSM_TASK_H

#include "base/list.h"
#include "mm/aspace.h"
#include "mm/table.h"

struct segment;
struct holding;
struct stripe;

/* What a process's call does without the ksm lock. */
enum ksm_unlocked {
    KSM_RESTS,       /* nothing */
    KSM_UNMAPS,      /* it takes all its mappings away: they may differ from its attachments */
    KSM_FORKS,       /* it walks its holdings: they stay where they are */
    KSM_FORKS_STALE, /* the same, and meanwhile one of them died */
};

/* A process's part in shared memory, embedded in its struct proc.
   Fields:  I immutable after creation   o only the process itself
            K ksm lock   P peers' lock, see wait.c
            T changed by the process's own calls alone; once it is linked, under the ksm lock, because
              ksm_check() reads it there */
struct ksm_task {
    struct aspace *as;          /* [T] where its attachments are */
    int pid;                    /* [I] */
    struct table handles;       /* [K] handle's slot -> struct holding, good or dead */
    struct holding *recent;     /* [K] the last one looked up, or NULL: saves the next look-up */
    struct list holdings;       /* [K] those with good handles, and one of a birth under way */
    struct list dead;           /* [K] one whose segment died (§3.8) */
    uint ndead;                 /* [K] */
    bool passed_over;           /* [K] a later get had no use for it */
    uint nattached;             /* [T] */
    enum ksm_unlocked unlocked; /* [K] */
    struct list link;           /* [T] in the list of tasks with holdings; others cost nothing here */
    struct list watchers;       /* [P] sleepers that this process's end wakes, by ksm_sleeper.watch */
    /* [o] the last detach, for ksm_find_place() */
    uint left_va, left_npages;
    /* [o] while it sleeps on a word: for the feed */
    const struct ksm_sleeper *sleeper;
};

/* An entry in the queue of a word of shared memory, and which word that is.  segment NULL: a word of private memory,
   which is in no queue; or a waker's place in one.
   Fields:  I immutable while it is in a queue   W lock of its stripe, see wait.c */
struct ksm_word {
    struct segment *segment; /* [I] */
    uint offset;             /* [I] in the segment */
    struct list queue;       /* [W] */
};

/* A thread that waits on a word (§11); on its own stack.
   Fields:  I immutable while it waits   W lock of its stripe   P peers' lock: see wait.c */
struct ksm_sleeper {
    struct ksm_task *task; /* [I] */
    struct thread *thread; /* [I] */
    struct stripe *stripe; /* [I] */
    struct ksm_word word;
    uint va;                /* [I] */
    uint expected;          /* [I] */
    int peer;               /* [I] a pid, or one of the two below: whose end wakes it */
    bool woken;             /* [W] */
    int result;             /* [W] once it is woken */
    struct list in_segment; /* [W] in its segment's list, if any end wakes it */
    struct list watch;      /* [P] in its peer's list of watchers */
};
#define KSM_PEER_ANY  0
#define KSM_PEER_NONE (-1)
/* Does it wait on shared memory?  Words of private memory wake nobody. */
static inline bool ksm_waits_on_segment(const struct ksm_sleeper *self) { return self->word.segment; }

#endif
