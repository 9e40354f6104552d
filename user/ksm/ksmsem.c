/*
 * ksmsem.c - the semaphore of ksmsem.h.
 *
 * Sleepers sleep on `waited` while it is 1; a post sets it to 0 and wakes one of them.  A process that has slept
 * and got a unit sets it again, because others may still sleep, and passes on a wake-up for units that came while
 * it was waking.  One that dies with a wake-up has not done that: so the end of any process that has the segment
 * attached makes sleepers look again (§11.6).
 */
#include "ksmsem.h"

#include "ksmspin.h"
#include "ulib.h"

#define MAX_UNITS 0x7fffffffu

static struct ksmspin spin;

void ksmsem_init(struct ksmsem *sem, uint units)
{
    sem->waited = 0;
    __atomic_store_n(&sem->units, units, __ATOMIC_RELEASE);
}

/* Fails, with *units loaded again, if another process was faster. */
static bool replace(struct ksmsem *sem, uint *units, uint new)
{
    return __atomic_compare_exchange_n(&sem->units, units, new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

int ksmsem_try(struct ksmsem *sem)
{
    uint units = __atomic_load_n(&sem->units, __ATOMIC_RELAXED);

    while (units > 0)
        if (replace(sem, &units, units - 1))
            return 0;
    return KSM_EAGAIN;
}

static void wake_one(struct ksmsem *sem)
{
    if (__atomic_load_n(&sem->waited, __ATOMIC_SEQ_CST) &&
        __atomic_exchange_n(&sem->waited, 0, __ATOMIC_SEQ_CST))
        ksmwake(&sem->waited, 1);
}

int ksmsem_wait(struct ksmsem *sem, int ticks)
{
    int begin;

    if (ticks < 0)
        return KSM_EINVAL;
    if (ksmsem_try(sem) == 0 || (ksmspin_changed(&spin, &sem->units, 0) && ksmsem_try(sem) == 0))
        return 0;
    begin = ticks ? uptime() : 0;
    for (;;) {
        int left, result;

        /* The time is looked at last: a process that was woken must take the unit, or the next never would. */
        __atomic_store_n(&sem->waited, 1, __ATOMIC_SEQ_CST);
        if (ksmsem_try(sem) == 0)
            break;
        left = ticks ? ticks - (uptime() - begin) : 0;
        if (ticks && left <= 0)
            return KSM_ETIMEDOUT;
        result = ksmwait(&sem->waited, 1, left);
        if (result == KSM_EFAULT || result == KSM_EINVAL)
            return result;
    }
    __atomic_store_n(&sem->waited, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&sem->units, __ATOMIC_SEQ_CST) > 0)
        wake_one(sem);
    return 0;
}

int ksmsem_post(struct ksmsem *sem)
{
    uint units = __atomic_load_n(&sem->units, __ATOMIC_RELAXED);

    do {
        if (units >= MAX_UNITS)
            return KSM_ENOSPC;
    } while (!replace(sem, &units, units + 1));
    wake_one(sem);
    return 0;
}
