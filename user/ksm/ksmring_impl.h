/*
 * ksmring_impl.h - the short ways through a ring: a message that is there, and room that is known to be free.
 *
 * Only ksmring.h includes this.  The functions that are not inline are in ksmring.c, for a ring that is empty or full,
 * or whose sides have many members, and in ksmring_members.c.
 */
#ifndef KSMRING_IMPL_H
#define KSMRING_IMPL_H

#define KSMRING_SKIP 0xffffffffu /* a length that no message has: the rest of the data is left out */

/* What a message of n bytes takes of the ring. */
static inline uint ksmring_record_size(uint n) { return (2 * sizeof(uint) - 1 + n) & ~(sizeof(uint) - 1); }

/* Finds room for a message of n bytes, or a message, and waits for it.  0, or an error of ksmring_reserve(). */
int ksmring_find_room(struct ksmring *ring, uint n, int ticks);
int ksmring_find_message(struct ksmring *ring, int ticks);
/* Wakes the process that waits for this side, if there is one; the second only if it waits for this position. */
void ksmring_wake(struct ksmring_side *side);
void ksmring_wake_for(struct ksmring_side *side, uint at);
/* 0 while a member of that side lives, which is watched from now on, or none has joined yet.  Else KSM_EOWNERDEAD,
   or KSM_ENOENT: all have left.  One that joins meanwhile may take an entry that had been looked at already. */
int ksmring_look_for_members(struct ksmring *ring, int which);
/* Gives back the lock of a side that has many members. */
void ksmring_unlock(struct ksmring *ring, int which);

static inline void ksmring_done(struct ksmring *ring, int which)
{
    if (ring->nmembers[which] != 1)
        ksmring_unlock(ring, which);
}

/* Moves a side on, and wakes the process that waits for that. */
static inline void ksmring_advance(struct ksmring_side *side, uint nbytes)
{
    uint at = __atomic_add_fetch(&side->at, nbytes, __ATOMIC_SEQ_CST);

    if (__builtin_expect(__atomic_load_n(&side->waited, __ATOMIC_RELAXED), 0))
        ksmring_wake_for(side, at);
}

static inline int ksmring_reserve(struct ksmring *ring, uint n, void **where, int ticks)
{
    if (n - 1 >= ring->max || ticks < KSMRING_TRY) /* n may be 0 */
        return n == 0 || ticks < KSMRING_TRY ? KSM_EINVAL : KSM_ESIZE;
    if (ksmring_record_size(n) > ring->room) {
        int result = ksmring_find_room(ring, n, ticks);

        if (result < 0)
            return result;
    }
    *where = ring->put + sizeof(uint);
    return 0;
}

static inline void ksmring_commit(struct ksmring *ring, uint n)
{
    uint nbytes = ksmring_record_size(n);

    if (n > 0 && nbytes <= ring->room) {
        uint skipped = ring->skipped;

        *(uint *)ring->put = n;
        ring->put += nbytes;
        ring->room -= nbytes;
        ring->skipped = 0;
        ksmring_advance(ring->side[KSMRING_WRITER], skipped + nbytes);
    }
    ksmring_done(ring, KSMRING_WRITER);
}

static inline uint ksmring_length(const struct ksmring *ring)
{
    return __atomic_load_n((const uint *)ring->get, __ATOMIC_RELAXED);
}

static inline int ksmring_look(struct ksmring *ring)
{
    uint read = __atomic_load_n(&ring->side[KSMRING_READER]->at, __ATOMIC_RELAXED);
    uint used = __atomic_load_n(&ring->side[KSMRING_WRITER]->at, __ATOMIC_ACQUIRE) - read;
    uint offset = read & (ring->ndata - 1), rest = ring->ndata - offset;

    if (used == 0)
        return KSM_EAGAIN;
    if (used > ring->ndata || (read | used) % sizeof(uint) != 0)
        return KSM_EINVAL;
    ring->get = ring->data + offset;
    ring->ready = used < rest ? used : rest;
    if (used > rest && ksmring_length(ring) == KSMRING_SKIP) {
        ring->passed = rest;
        ring->get = ring->data;
        ring->ready = used - rest;
    }
    return 0;
}

static inline int ksmring_peek(struct ksmring *ring, const void **where, int ticks)
{
    uint n = ring->ready > 0 ? ksmring_length(ring) : KSMRING_SKIP;

    if (ticks < KSMRING_TRY)
        return KSM_EINVAL;
    if (__builtin_expect(n == KSMRING_SKIP, 0)) {
        int result = ksmring_find_message(ring, ticks);

        if (result < 0)
            return result == KSM_ENOENT ? 0 : result;
        n = ksmring_length(ring);
    }
    ring->taken = ksmring_record_size(n);
    if (n - 1 >= ring->max || ring->taken > ring->ready) {
        ksmring_done(ring, KSMRING_READER);
        return KSM_EINVAL;
    }
    *where = ring->get + sizeof(uint);
    return (int)n;
}

static inline int ksmring_more(const struct ksmring *ring)
{
    return ring->ready > 0 || ring->get == ring->data + ring->ndata;
}

static inline void ksmring_release(struct ksmring *ring)
{
    uint nbytes = ring->passed + ring->taken;

    ring->get += ring->taken;
    ring->ready -= ring->taken;
    ring->passed = ring->taken = 0;
    ksmring_advance(ring->side[KSMRING_READER], nbytes);
    ksmring_done(ring, KSMRING_READER);
}

#endif
