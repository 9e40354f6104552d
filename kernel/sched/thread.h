/*
 * thread.h - threads of control: the run queue, sleeping and waking.
 *
 * A thread is READY (in the run queue), RUNNING, SLEEPING, or DEAD.  One lock, of RANK_SCHED, guards all
 * states.  Processes (kernel/proc) begin with a struct thread.
 */
#ifndef THREAD_H
#define THREAD_H

#include "arch.h"
#include "base/list.h"
#include "sched/lock.h"

struct aspace;

/* This processor runs in this address space from now on; NULL: in the kernel's half alone.  kernel/mm defines it.
   Sleeps: no. */
void aspace_load(struct aspace *as);

enum park_result { PARK_WOKEN = 0, PARK_KILLED = -1, PARK_TIMEOUT = -2 };
enum thread_state { THREAD_NEW, THREAD_READY, THREAD_RUNNING, THREAD_SLEEPING, THREAD_DEAD };

/* Bits of thread->attention: looked at before each return to user mode. */
#define ATTENTION_RESCHED 1u /* its time slice is over */
#define ATTENTION_KILLED  2u

/* Fields: S sched lock   o only the thread itself   I immutable after creation */
struct thread {
    volatile uint attention;      /* [S to set] first: the trap path tests it */
    enum thread_state state;      /* [S] */
    void *context;                /* [S] saved stack pointer while it does not run */
    int kstack;                   /* [I] slot of its kernel stack */
    struct list queue;            /* [S] run queue */
    struct list timer_link;       /* [S] slot of the timer wheel */
    uint wake_tick;               /* [S] while in the wheel */
    enum park_result wake_reason; /* [S] */
    bool interruptible;           /* [S] asleep in a way that kill() ends */
    bool privileged;              /* [o] may use the last pages: see page.h */
    bool urgent;                  /* [o] when it wakes it goes before others: see fs/log.c */
    bool fpu_used;                /* [o] it has a floating-point state */
    bool fpu_loaded;              /* [o] which is in the processor's registers */
    struct aspace *aspace;        /* [o] NULL for kernel threads */
    const char *name;             /* [I] for panics; a process points to its own name */
    struct list wait_link;        /* [lock of the wait queue] */
    void (*entry)(void *);        /* [I] what a kernel thread runs */
    void *arg;                    /* [I] */
#ifdef DEBUG
    uint nmutexes[RANK_FIRST_SPIN]; /* [o] mutexes held, by rank */
    uint fail_after;                /* [o] the allocation that fails: see mm/inject.h; a child inherits it */
#endif
};

extern volatile uint ticks_now; /* clock ticks since boot */

void sched_init(void);
/* Makes the calling flow of control this processor's idle thread, and schedules for ever. */
void sched_run_idle(void) __attribute__((noreturn));

/* Prepares *t to run entry(arg); it is not READY yet.  0, or -1 when no kernel stack is left. */
int thread_create(struct thread *t, const char *name, void (*entry)(void *), void *arg);
/* As above, for fork's child: goes to user mode with a copy of *tf. */
int thread_create_user(struct thread *t, const char *name, const struct trapframe *tf);
/* Gives back the kernel stack of a DEAD thread; waits until it has left its processor. */
void thread_destroy(struct thread *t);
void thread_start(struct thread *t); /* NEW -> READY */
/* Ends the calling thread: DEAD.  Releases `l` (NULL: none) once it no longer needs anything that l guards.
   */
void thread_exit(struct spinlock *l) __attribute__((noreturn));

/*
 * Sleeps until thread_unpark().  `l` is released when the thread is already known to sleep, so that a
 * waker who holds l can't come too early, and is held again on return.  nticks: 0 no limit.
 * interruptible: kill() ends the sleep too, and a thread already killed does not sleep.
 * The caller takes itself out of whatever list the waker found it in, unless the waker did.
 * l may be NULL where nobody but the clock and kill() wakes.
 */
enum park_result thread_park(struct spinlock *l, uint nticks, bool interruptible);
/* Wakes a parked thread; no effect on one that is not asleep.  Any context. */
void thread_unpark(struct thread *t);
/* Marks it killed, and ends its sleep when that is interruptible.  It dies at its next return to user mode.
   */
void thread_kill(struct thread *t);
static inline bool thread_killed(const struct thread *t) { return t->attention & ATTENTION_KILLED; }

/* Lets others run, if anyone is ready. */
void sched_yield(void);
/* In long loops of the kernel: yields when the time slice is over.  No spin lock may be held. */
static inline void sched_checkpoint(void)
{
    if (thread_self()->attention & ATTENTION_RESCHED)
        sched_yield();
}
/* Called by kernel_interrupt on each tick; cpu 0 counts. */
void sched_tick(void);

/* Queues of sleepers.  A queue belongs to the lock that guards what is waited for: its holder sleeps and
   wakes.  First come, first woken.  A sleeper that waitq_wake() counted returns PARK_WOKEN, even when it was
   killed or its time ran out in the same moment. */
struct waitq {
    struct list sleepers;
};
static inline void waitq_init(struct waitq *q) { list_init(&q->sleepers); }
enum park_result waitq_sleep(struct waitq *q, struct spinlock *l, uint nticks, bool interruptible);
uint waitq_wake(struct waitq *q, uint n); /* up to n; returns how many */
static inline void waitq_wake_all(struct waitq *q) { waitq_wake(q, ~0u); }

#endif
