/*
 * ksmlock.c - the mutex of ksmlock.h.  The word is {pid, start} of the holder, changed as one.
 */
#include "ksmlock.h"

#include "ksm_impl.h"
#include "ksmspin.h"

/* course 8: */
/*
 * One bit of the word says that somebody may sleep.  A process that has slept takes the lock with the bit set, since
 * others may still sleep, so the bit is never lost while it is needed; at worst a release wakes nobody.  A sleeper
 * that is killed right after it was woken does not take the wake-up with it for long: the others look again.
 *
 * A sleeper waits for the end of the holder, and of no other process (§11.7).  It sleeps a slice at a time, because
 * the lock may have a new holder since, or none, if the one that a release woke has died.
 */
#define ATTEMPTS 100 /* to change a word that others change, before it counts as held */

static struct ksmspin spin;

static const struct ksmself nobody;

static struct ksmself waited(struct ksmself who)
{
    who.pid |= KSMLOCK_WAITED;
    return who;
}

static struct ksmself without_mark(struct ksmself who)
{
    who.pid &= ~KSMLOCK_WAITED;
    return who;
}

/* Takes a lock that is free, or, if `ask`, whose holder has died.  KSM_EAGAIN: neither; *seen is what it held. */
static int take(struct ksmlock *lock, struct ksmself me, bool ask, struct ksmself *seen)
{
    for (int i = 0; i < ATTEMPTS; i++) { /* a hostile process can't hold us here */
        struct ksmself now = ksmself_load(&lock->holder);
        struct ksmself holder = without_mark(now);
        bool free = holder.pid == 0;

        *seen = now;
        if (!free && (!ask || ksmself_lives(holder)))
            return KSM_EAGAIN;
        /* Sleepers that waited for a dead holder wait for the new one now. */
        if (ksmself_replace(&lock->holder, now, now.pid & KSMLOCK_WAITED ? waited(me) : me))
            return free ? 0 : KSM_EOWNERDEAD;
    }
    return KSM_EAGAIN;
}

static int acquire_slowly(struct ksmlock *lock, struct ksmself me, int ticks)
{
    struct patience patience = { .ticks = ticks };
    struct ksmself seen;
    bool ask = true;

    for (;;) {
        /* From here on others may sleep for the same reason: the process that takes it sets the bit. */
        int result = take(lock, waited(me), ask, &seen);
        int slice, holder;

        if (result != KSM_EAGAIN)
            return result;
        if (ksmself_same(without_mark(seen), me))
            return KSM_EINVAL;
        /* Before it gives up, too: it may have been woken, and then no mark stands for the other sleepers. */
        if (!(seen.pid & KSMLOCK_WAITED) && !ksmself_replace(&lock->holder, seen, waited(seen)))
            continue;
        if (!patience_left(&patience, KSM_SLICE, &slice))
            return KSM_ETIMEDOUT;
        holder = (int)without_mark(seen).pid;
        result = ksmwaitpeer(&lock->holder.pid, seen.pid | KSMLOCK_WAITED, slice, holder);
        if (result == KSM_EFAULT || result == KSM_EINVAL)
            return result;
        ask = result != 0;
    }
}

static bool acquire_by_spin(struct ksmlock *lock, struct ksmself me)
{
    for (uint looks = ksmspin_begin(&spin); looks > 0; looks--)
        if (__atomic_load_n(&lock->holder.pid, __ATOMIC_RELAXED) == 0 &&
            ksmself_replace(&lock->holder, nobody, me)) {
            ksmspin_end(&spin, 1);
            return true;
        }
    ksmspin_end(&spin, 0);
    return false;
}

/* course end */
int ksmlock_acquire(struct ksmlock *lock, int ticks)
{
    /* course 8: return (void)lock, (void)ticks, KSM_ENOTSUP; */
    struct ksmself me = ksmself();

    if (ticks < 0)
        return KSM_EINVAL;
    if (ksmself_replace(&lock->holder, nobody, me) || acquire_by_spin(lock, me))
        return 0;
    return acquire_slowly(lock, me, ticks);
    /* course end */
}

int ksmlock_try(struct ksmlock *lock)
{
    /* course 8: return (void)lock, KSM_ENOTSUP; */
    struct ksmself seen;

    return take(lock, ksmself(), true, &seen);
    /* course end */
}

int ksmlock_release(struct ksmlock *lock)
{
    /* course 8: return (void)lock, KSM_ENOTSUP; */
    struct ksmself me = ksmself();

    if (ksmself_replace(&lock->holder, me, nobody))
        return 0;
    if (!ksmself_replace(&lock->holder, waited(me), nobody))
        return KSM_EINVAL;
    ksmwake(&lock->holder.pid, 1);
    return 0;
    /* course end */
}

int ksmlock_holder(const struct ksmlock *lock)
{
    /* course 8: return (void)lock, 0; */
    struct ksmself holder = without_mark(ksmself_load(&lock->holder));

    return ksmself_lives(holder) ? (int)holder.pid : 0;
    /* course end */
}
