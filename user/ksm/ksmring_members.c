/*
 * ksmring_members.c - who reads and who writes a ring: joining, leaving, and whether anybody is left.
 *
 * A side has an entry for each member, which holds the process's ksmself() or is empty.  A member that died leaves its
 * entry behind: whoever finds it takes it out, or takes its place.
 */
#include "ksmring.h"

#include "ksm_impl.h"

#define ATTEMPTS 100 /* to change what others change: a hostile process can't hold us there */

/* Takes an entry that is nobody's, or a dead member's, which goes to *was. */
static bool take_seat(struct ksmself *seat, struct ksmself me, struct ksmself *was)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        *was = ksmself_load(seat);
        if (ksmself_replace(seat, (struct ksmself){ 0, 0 }, me)) {
            was->pid = 0;
            return true;
        }
        if (ksmself_same(*was, me) || ksmself_lives(*was))
            break;
        if (was->pid != 0 && ksmself_replace(seat, *was, me))
            return true;
    }
    return false;
}

int ksmring_join(struct ksmring *ring, int side)
{
    struct ksmself me = ksmself();

    for (uint i = 0; i < ring->nmembers[side]; i++) {
        struct ksmself *seat = &ring->member[side][i];
        struct ksmself was;

        if (!take_seat(seat, me, &was))
            continue;
        if (was.pid == 0)
            __atomic_fetch_add(&ring->side[side]->present, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_or(&ring->side[side]->joined, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&ring->side[side]->joined, 2, __ATOMIC_SEQ_CST);
        ring->seat[side] = seat;
        ksmring_wake(ring->side[side]); /* a process that waits has somebody to watch now */
        return 0;
    }
    return KSM_ENOSPC;
}

int ksmring_leave(struct ksmring *ring, int side)
{
    struct ksmself *seat = ring->seat[side];

    ring->seat[side] = NULL;
    if (!seat || !ksmself_replace(seat, ksmself(), (struct ksmself){ 0, 0 }))
        return KSM_ENOENT;
    __atomic_fetch_sub(&ring->side[side]->present, 1, __ATOMIC_SEQ_CST);
    ksmring_wake(ring->side[side]);
    return 0;
}

/* Does the member live whose entry this is?  It is stored then.  One that has died is taken out; one that left while it
   was looked at has not died, though it may have ended since. */
static bool is_member(struct ksmring_side *side, struct ksmself *seat, struct ksmself *member)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        *member = ksmself_load(seat);
        if (member->pid == 0)
            return false;
        if (ksmself_lives(*member))
            return true;
        if (!ksmself_same(ksmself_load(seat), *member))
            continue;
        __atomic_store_n(&side->died, 1, __ATOMIC_SEQ_CST);
        if (ksmself_replace(seat, *member, (struct ksmself){ 0, 0 }))
            __atomic_fetch_sub(&side->present, 1, __ATOMIC_SEQ_CST);
        return false;
    }
    return false;
}

/* Is there a member of that side who lives?  It is watched from now on. */
static bool watch_member(struct ksmring *ring, int which)
{
    for (uint i = 0; i < ring->nmembers[which]; i++) {
        struct ksmself *seat = &ring->member[which][i], member;

        if (is_member(ring->side[which], seat, &member)) {
            ring->watched[which] = member;
            ring->watched_seat[which] = seat;
            return true;
        }
    }
    return false;
}

int ksmring_look_for_members(struct ksmring *ring, int which)
{
    struct ksmring_side *side = ring->side[which];

    for (int i = 0; i < ATTEMPTS; i++) {
        uint joined = __atomic_load_n(&side->joined, __ATOMIC_SEQ_CST);

        if (!joined || watch_member(ring, which))
            return 0;
        if (__atomic_load_n(&side->joined, __ATOMIC_SEQ_CST) == joined)
            return __atomic_load_n(&side->died, __ATOMIC_SEQ_CST) ? KSM_EOWNERDEAD : KSM_ENOENT;
    }
    return 0;
}
