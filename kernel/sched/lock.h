/*
 * lock.h - spin locks and mutexes, and the order in which they are acquired.
 *
 * enum lock_rank is the lock-order document: a thread that holds a lock acquires only locks that stand
 * further down.  Debug builds panic, naming both locks, when that order is broken, when a thread sleeps
 * with a spin lock held, and when a system call returns with one held.
 *
 * Interrupt handlers take only locks from RANK_INTERRUPT on; threads take those with the _irq pair.
 *
 * Spin locks.  Sleeps: no.
 */
#ifndef LOCK_H
#define LOCK_H

#include "arch.h"
#include "base/list.h"

enum lock_rank {
    /* mutexes: holders may sleep */
    RANK_OPERATION, /* an operation of the file system, which is no mutex: see fs/log.h */
    RANK_NAMES,     /* a change of file names */
    RANK_INODE,
    RANK_CACHE_IO,
    RANK_CONSOLE_WRITE, /* one whole write() at a time */
    RANK_PRINT,         /* one piece of it, or a line of a table */
    /* spin locks */
    RANK_PROC, /* the tree of processes */
    RANK_PIPE,
    RANK_FS,       /* inode table, the log's state */
    RANK_KSM,      /* segments, handles, attachments, totals */
    RANK_KSM_PEER, /* sleepers that wait for a process's end */
    RANK_KSM_WAIT, /* sleepers on words */
    RANK_CACHE,    /* the block cache */
    RANK_SLAB,
    RANK_PAGE, /* page frames and promises */
    RANK_INTERRUPT,
    RANK_DISK = RANK_INTERRUPT,
    RANK_CONSOLE, /* console input */
    RANK_SCHED,   /* threads' states, run queues, timers */
    RANK_CLOCK,   /* the battery clock's registers */
};

/* Fields:  A atomic   I immutable after creation   h only the holder */
struct spinlock {
    volatile uint locked; /* [A] the address of the holder's struct cpu, for debuggers; 0: free */
#ifdef DEBUG
    enum lock_rank rank; /* [I] */
    const char *name;    /* [I] */
    struct cpu *holder;  /* [h] */
    uint acquired_by;    /* [h] address of code, and the time: see base/latency.h */
    uint acquired_at;    /* [h] */
#endif
};

#ifdef DEBUG
/* clang-format off */
#define SPINLOCK_INIT(rank_, name_) { .rank = (rank_), .name = (name_) }
/* clang-format on */
void lock_debug_acquire(struct spinlock *l);
void lock_debug_acquired(struct spinlock *l);
enum lock_rank lock_debug_release(struct spinlock *l); /* its rank */
bool spin_held(const struct spinlock *l);              /* by this processor */
/* Panics when this processor holds a spin lock, or this thread a mutex. */
void lock_debug_none_held(void);
/* For something that is held like a mutex but is none: no lock of this rank or a later one may be held. */
void lock_debug_may_enter(enum lock_rank rank, const char *name);
void lock_debug_enter(enum lock_rank rank, const char *name);
void lock_debug_leave(enum lock_rank rank);
/* Where the jitter may let others run, after a lock of this rank: see jitter_start().  The lock itself may be gone.
   Sleeps: may. */
void lock_debug_released(enum lock_rank rank);
/* From now on threads of processes yield where they release their last lock, as a sequence made from `seed`
   decides. */
void jitter_start(uint seed);
/* Whether the jitter ends the running thread's time slice at this tick. */
bool jitter_ends_slice(void);
#else
/* clang-format off */
#define SPINLOCK_INIT(rank_, name_) { 0 }
/* clang-format on */
static inline void lock_debug_acquire(struct spinlock *l) { (void)l; }
static inline void lock_debug_acquired(struct spinlock *l) { (void)l; }
static inline enum lock_rank lock_debug_release(struct spinlock *l) { return (void)l, RANK_PROC; }
static inline void lock_debug_none_held(void) {}
static inline void lock_debug_may_enter(enum lock_rank rank, const char *name) { (void)rank, (void)name; }
static inline void lock_debug_enter(enum lock_rank rank, const char *name) { (void)rank, (void)name; }
static inline void lock_debug_leave(enum lock_rank rank) { (void)rank; }
static inline void lock_debug_released(enum lock_rank rank) { (void)rank; }
static inline void jitter_start(uint seed) { (void)seed; }
static inline bool jitter_ends_slice(void) { return false; }
#endif

#define RANK_FIRST_SPIN RANK_PROC

/* sparse counts the spin locks that a function acquires and releases, on each of its paths.  One that releases its
   caller's lock says RELEASES, and REACQUIRES if it acquires it again; where it is defined, too. */
#ifdef __CHECKER__
#define COUNT_LOCK(n) __context__(n)
#define RELEASES      __attribute__((context(0, 1, 0)))
#define REACQUIRES    __attribute__((context(0, 1, 1)))
#else
#define COUNT_LOCK(n) ((void)0)
#define RELEASES
#define REACQUIRES
#endif

void spin_init(struct spinlock *l, enum lock_rank rank, const char *name);
void spin_wait(struct spinlock *l); /* the slow path of spin_acquire */
/* What a lock's word is while this processor holds it. */
static inline uint spin_mark(void) { return (uint)(uintptr_t)cpu_self(); }

static inline void spin_acquire(struct spinlock *l)
{
    lock_debug_acquire(l);
    if (!atomic_cas(&l->locked, 0, spin_mark()))
        spin_wait(l);
    lock_debug_acquired(l);
    COUNT_LOCK(1);
}

static inline void spin_release(struct spinlock *l)
{
    COUNT_LOCK(-1);
    enum lock_rank rank = lock_debug_release(l);
    __atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
    lock_debug_released(rank);
}

static inline uint spin_acquire_irq(struct spinlock *l)
{
    uint was = irq_save();

    spin_acquire(l);
    return was;
}

static inline void spin_release_irq(struct spinlock *l, uint was)
{
    spin_release(l);
    irq_restore(was);
    lock_debug_released(RANK_INTERRUPT);
}

/* A lock whose holder may sleep.  Waiters get it in the order in which they came.  Fields:  L lock */
struct mutex {
    struct spinlock lock;
    struct thread *holder; /* [L] NULL: free */
    struct list waiters;   /* [L] of threads, by wait_link */
};

void mutex_init(struct mutex *m, enum lock_rank rank, const char *name);
/* kill() does not end the wait.  Sleeps: may. */
void mutex_acquire(struct mutex *m);
/* kill() ends the wait; false: it did, and the mutex is not acquired.  Sleeps: may. */
MUST_CHECK bool mutex_acquire_unless_killed(struct mutex *m);
void mutex_release(struct mutex *m);

#endif
