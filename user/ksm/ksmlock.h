/*
 * ksmlock.h - a mutex in shared memory.
 *
 * It is a part of the caller's own structure, in a segment or not; zeroes are a free lock.  Acquiring and
 * releasing it are one atomic instruction each; the kernel is entered only when somebody waits (§11.4).  When its
 * holder dies, the lock goes to the next process that wants it, which learns of that (§11.6).  It is not
 * recursive.  Waiters have no order.
 *
 *      int error = ksmlock_acquire(&room->lock, 0);
 *
 *      if (error == KSM_EOWNERDEAD)
 *          repair(room);        what the dead holder was changing
 *      else if (error < 0)
 *          fail(1, "the lock: %s", ksmstrerror(error));
 *      ...
 *      ksmlock_release(&room->lock);
 */
#ifndef KSMLOCK_H
#define KSMLOCK_H

#include "ksm.h"
#include "ksmself.h"

/* Changed atomically, as a whole. */
struct ksmlock {
    struct ksmself holder; /* pid 0: free.  KSMLOCK_WAITED in the pid: somebody may sleep on it */
};

/*
 * Waits for the lock, at most that many ticks; 0: no limit.
 * 0:              the caller holds it
 * KSM_EOWNERDEAD: the caller holds it, and the last holder died with it
 * KSM_ETIMEDOUT:  the ticks ran out
 * KSM_EINVAL:     the caller holds it already, or ticks is negative
 * KSM_EFAULT:     the lock is not in writable memory that the kernel can see
 * Sleeps: may.
 */
MUST_CHECK int ksmlock_acquire(struct ksmlock *lock, int ticks);

/* The same without waiting: KSM_EAGAIN while a living process holds it.  Sleeps: no. */
MUST_CHECK int ksmlock_try(struct ksmlock *lock);

/* 0; KSM_EINVAL if the caller does not hold it.  Sleeps: no. */
int ksmlock_release(struct ksmlock *lock);

/* The pid of the living process that holds it, or 0.  Sleeps: no. */
int ksmlock_holder(const struct ksmlock *lock);

#endif
