/*
 * thread.h - threads of control: the run queues, sleeping and waking.
 *
 * A thread is NEW, READY (in a run queue), RUNNING, SLEEPING or DEAD.  One lock, of RANK_SCHED, guards all
 * states; each function takes and releases it.  Processes (kernel/proc) begin with a struct thread, and own
 * it; kernel threads are static.
 */
#ifndef THREAD_H
#define THREAD_H

#include "arch.h"
#include "base/latency.h"
#include "base/list.h"
#include "sched/lock.h"

struct aspace;

/* This processor runs in this address space from now on; NULL: in the kernel's half alone.  kernel/mm
   defines it.  Called with interrupts off.  Sleeps: no. */
void aspace_load(struct aspace *as);

enum park_result { PARK_WOKEN = 0, PARK_KILLED = -1, PARK_TIMEOUT = -2 };
enum thread_state { THREAD_NEW, THREAD_READY, THREAD_RUNNING, THREAD_SLEEPING, THREAD_DEAD };

/* Bits of thread->attention: looked at before each return to user mode. */
#define ATTENTION_RESCHED 1u /* its time slice is over */
#define ATTENTION_KILLED  2u
#define ATTENTION_POKE    4u /* it woke or killed others, and owes other processors a poke */
#define ATTENTION_WATCHED 8u /* the watchdog waits for it to get there */

/* Fields:  S sched lock   o only the thread itself   I immutable after creation.  A field that belongs to
   another room names its owner. */
struct thread {
    volatile uint attention;      /* [S to set] first: the trap path tests it */
    enum thread_state state;      /* [S] */
    void *context;                /* [S] arch: saved stack pointer while it does not run */
    int kstack;                   /* [I] arch: slot of its kernel stack */
    struct list queue;            /* [S] a run queue */
    struct list timer_link;       /* [S] slot of the timer wheel */
    uint wake_tick;               /* [S] while in the wheel */
    enum park_result wake_reason; /* [S] */
    bool interruptible;           /* [S] kill() ends its sleep */
    uint nticks;                  /* [o] clock ticks that found it running */
    uint reserve;                 /* [S to change] see thread_set_reserve() */
    bool urgent;                  /* [o] see thread_set_urgent() */
    bool lasting;                 /* [o] what it allocates may outlive it: see mm/page.h */
    bool fpu_used;                /* [o] arch: it has a floating-point state */
    struct aspace *aspace;        /* [o] proc and mm: NULL for kernel threads */
    const char *name;             /* [I] for panics; a process points to its own name */
    int pid;                      /* [I] proc: 0 for kernel threads; or EVENT_FEED_PID */
    struct list wait_link;        /* [lock of the wait queue] */
    void (*entry)(void *);        /* [I] what a kernel thread runs */
    void *arg;                    /* [I] */
#ifdef DEBUG
    uint nmutexes[RANK_FIRST_SPIN];           /* [o] mutexes held, by rank */
    const char *mutex_names[RANK_FIRST_SPIN]; /* [o] of these, the one acquired last */
    uint fail_after; /* [o] mm: the allocation that fails, see mm/inject.h; a child inherits it */
#endif
};

extern volatile uint ticks_now; /* clock ticks since boot */

/* On the boot processor, whose idle thread the caller becomes.  Sleeps: no. */
void sched_init(void);
/* Makes the calling flow of control this processor's idle thread, and schedules. */
void sched_run_idle(void) __attribute__((noreturn));

/* The life of a thread.  Sleeps: no. */

/* Prepares *t to run entry(arg); it is not READY yet.  0, or -1 when no kernel stack is left. */
MUST_CHECK int thread_create(struct thread *t, const char *name, void (*entry)(void *), void *arg);
/* The same for fork's child, which goes to user mode with a copy of *tf. */
MUST_CHECK int thread_create_user(struct thread *t, const char *name, const struct trapframe *tf);
/* Frees the kernel stack of a DEAD thread, after it has left its processor, or of a NEW one. */
void thread_destroy(struct thread *t);
void thread_start(struct thread *t); /* NEW -> READY */
/* Ends the calling thread: DEAD.  Releases `l` (NULL: none) once the thread needs nothing that l guards. */
void thread_exit(struct spinlock *l) __attribute__((noreturn));

/* Sleeping and waking. */

/* Sleeps until thread_unpark(), for nticks ticks at most (0: no limit; up to 2^31 - 1).
   `l` is released when the thread is already known to sleep, so that a waker that holds l can't come too
   early, and is held again on return.  It may be NULL where only the clock and kill() wake.
   interruptible: kill() ends the sleep too, and a thread already killed does not sleep.
   The caller takes itself out of whatever list the waker found it in, unless the waker did.  Sleeps: may. */
enum park_result thread_park(struct spinlock *l, uint nticks, bool interruptible);
/* Wakes a parked thread; no effect on one that is not asleep.  Any context.  A halted processor is poked for
   it only when the caller returns to user mode or gives up its own: see sched.c.  Sleeps: no. */
void thread_unpark(struct thread *t);
/* Marks it killed, and ends its sleep when that is interruptible.  It dies at its next return to user mode, and waits
   for no turn until then if it is ready.  Sleeps: no. */
void thread_kill(struct thread *t);
/* If it sleeps, calls look(arg) while it can't wake.  Sleeps: no. */
bool thread_if_asleep(const struct thread *t, void (*look)(void *arg), void *arg);
/* Stores the addresses of the calls that led a sleeping thread to its sleep, at most max, the newest first; returns
   how many.  0: it does not sleep.  Sleeps: no. */
uint thread_callers(const struct thread *t, uint callers[], uint max);
/* Lets it take that many of the last pages, see mm/page.h.  With any it counts as in the foreground, and waits for a
   processor only after others that do.  Sleeps: no. */
void thread_set_reserve(struct thread *t, uint npages);
static inline bool thread_killed(const struct thread *t) { return t->attention & ATTENTION_KILLED; }
/* While the calling thread is urgent, it comes before all that are ready when it wakes: others wait for what it
   does, as for a commit of the file system.  Sleeps: no. */
static inline void thread_set_urgent(bool urgent) { thread_self()->urgent = urgent; }

/* Does a thread wait for a processor?  Sleeps: no. */
bool sched_crowded(void);
/* Lets others run, if any is ready.  Sleeps: may. */
void sched_yield(void);
/* Before a return to user mode: does what the thread's attention asks for, except a kill.  No lock is held.
   Sleeps: may. */
void sched_attend(void);
/* In long loops: yields when the time slice is over, a poke is due or the watchdog waits.  No spin lock is held.
   Sleeps: may. */
static inline void sched_checkpoint(void)
{
    latency_yielded();
    if (thread_self()->attention & (ATTENTION_RESCHED | ATTENTION_POKE | ATTENTION_WATCHED))
        sched_yield();
}
/* Prints n bytes on the console; others run before, and while it is busy.  Of all text, only printk()'s may come
   between them.  No spin lock is held.  Sleeps: may. */
void sched_print(const char *text, uint n);
/* In long loops under a lock, the only spin lock that is held: lets others have it and the processor.  Sleeps: may. */
static inline REACQUIRES void spin_pause(struct spinlock *l)
{
    spin_release(l);
    sched_checkpoint();
    spin_acquire(l);
}
/* For kernel_interrupt(), on each tick of each processor; processor 0 counts them.  Sleeps: no. */
void sched_tick(void);

/* Queues of sleepers.  A queue belongs to the lock that guards what is waited for: whoever sleeps, wakes or
   looks holds it.  First come, first woken.  A sleeper that was woken returns PARK_WOKEN, even if it was killed
   or its time ran out in the same moment.  Where many are to be woken, the first ones wake the others: what one was
   woken for may be over by then, so a sleeper looks again. */
struct waitq {
    struct list sleepers; /* of threads, by wait_link */
    struct list owed; /* a mark among them: those before it are still to be woken; unlinked: there is none */
};
/* clang-format off */
#define WAITQ_INIT(q) { LIST_INIT((q).sleepers), LIST_INIT((q).owed) }
/* clang-format on */
static inline void waitq_init(struct waitq *q) { *q = (struct waitq)WAITQ_INIT(*q); }
static inline bool waitq_empty(const struct waitq *q) { return list_empty(&q->sleepers); }
/* As thread_park().  Sleeps: may. */
enum park_result waitq_sleep(struct waitq *q, struct spinlock *l, uint nticks, bool interruptible);
/* Wakes the one that has slept longest.  Not for a queue that waitq_wake_all() is called for, too.  Sleeps: no. */
void waitq_wake_one(struct waitq *q);
/* Wakes all that sleep now, in constant time, however many there are.  Sleeps: no. */
void waitq_wake_all(struct waitq *q);

#endif
