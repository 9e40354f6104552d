/*
 * ksmsem.h - a counting semaphore in shared memory.
 *
 * It is a part of the caller's own structure; zeroes are a semaphore without units.  Taking a unit that is there
 * and adding one that nobody waits for are one atomic instruction each (§11.4).  Units have no holder: those that
 * a dead process took are gone.  A program that must know uses a ksmlock.
 */
#ifndef KSMSEM_H
#define KSMSEM_H

#include "ksm.h"

/* Both words change atomically. */
struct ksmsem {
    uint units;
    uint waited; /* 1: somebody may sleep on this word */
};

/* For a semaphore that nobody uses yet.  Sleeps: no. */
void ksmsem_init(struct ksmsem *sem, uint units);

/* Takes a unit, waiting at most that many ticks for one; 0: no limit.
   0, KSM_ETIMEDOUT, KSM_EINVAL for negative ticks, KSM_EFAULT.  Sleeps: may. */
MUST_CHECK int ksmsem_wait(struct ksmsem *sem, int ticks);

/* Takes a unit if there is one: 0, or KSM_EAGAIN.  Sleeps: no. */
MUST_CHECK int ksmsem_try(struct ksmsem *sem);

/* Adds a unit.  0, or KSM_ENOSPC when it has 2^31 - 1.  Sleeps: no. */
MUST_CHECK int ksmsem_post(struct ksmsem *sem);

#endif
