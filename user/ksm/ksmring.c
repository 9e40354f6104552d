/*
 * ksmring.c - the queue of ksmring.h; who is at its ends is in ksmring_members.c.
 *
 * A record is a word with the length, and the message, rounded up to words.  It never wraps: where the rest of
 * the data is too short, a record KSMRING_SKIP fills it.  The writers' `at` and the readers' `at` count bytes.  Each
 * side moves only its own, and only when it is done with the bytes, so a process that dies in between leaves the ring
 * as if it had not begun.
 *
 * Each process keeps where it reads or writes next, and how far it may go before it must look at the other side again:
 * looking moves a cache line.  Where a side has many members, that is forgotten with each return of the side's lock.
 *
 * Waiting: at most one process of a side waits (where a side has many, the one with its lock), on the other
 * side's `waited`: it sets the word, looks once more, and sleeps while the word is 1.  A process that moves `at`,
 * joins, or leaves, clears the word and wakes it.  It watches one living member of the other side: while that one
 * lives, not all are gone.  A process that has not joined learns nothing of others and sleeps in slices.
 */
#include "ksmring.h"

#include "ksm_impl.h"

#define MAGIC     0x676e6972u /* "ring" */
#define MIN_DATA  64u         /* a cache line */
#define MAX_DATA  0x40000000u /* positions modulo 2^32 stay unambiguous */
#define MAX_LOOKS 100 /* in one call, at a position that others move: a hostile process can't hold us there */

/* Making and opening. */

static uint data_offset(uint nreaders, uint nwriters) { return KSMRING_NBYTES(0, nreaders + nwriters); }

static bool is_possible(uint ndata, uint nreaders, uint nwriters)
{
    return ndata > 0 && ndata <= MAX_DATA && nreaders > 0 && nreaders <= KSMRING_MAX_MEMBERS &&
           nwriters > 0 && nwriters <= KSMRING_MAX_MEMBERS;
}

static uint data_size(uint ndata)
{
    uint size = MIN_DATA;

    while (size < ndata)
        size *= 2;
    return size;
}

uint ksmring_nbytes(uint ndata, uint nreaders, uint nwriters)
{
    if (!is_possible(ndata, nreaders, nwriters))
        return 0;
    return KSMRING_NBYTES(data_size(ndata), nreaders + nwriters);
}

static void set_up(struct ksmring *ring, void *memory, uint ndata, uint nreaders, uint nwriters)
{
    uchar *base = memory;

    memset(ring, 0, sizeof(*ring));
    for (int i = 0; i < 2; i++)
        ring->side[i] = (struct ksmring_side *)(base + sizeof(struct ksmring_header)) + i;
    ring->member[KSMRING_READER] = (struct ksmself *)(ring->side[1] + 1);
    ring->member[KSMRING_WRITER] = ring->member[KSMRING_READER] + nreaders;
    ring->nmembers[KSMRING_READER] = nreaders;
    ring->nmembers[KSMRING_WRITER] = nwriters;
    ring->data = base + data_offset(nreaders, nwriters);
    ring->ndata = ndata;
    ring->max = ndata / 2 - sizeof(uint);
}

int ksmring_create(struct ksmring *ring, void *memory, uint ndata, uint nreaders, uint nwriters)
{
    struct ksmring_header *header = memory;

    if (!is_possible(ndata, nreaders, nwriters) || (uintptr_t)memory % 64 != 0)
        return KSM_EINVAL;
    memset(memory, 0, data_offset(nreaders, nwriters));
    header->ndata = data_size(ndata);
    header->nmembers[KSMRING_READER] = nreaders;
    header->nmembers[KSMRING_WRITER] = nwriters;
    set_up(ring, memory, header->ndata, nreaders, nwriters);
    __atomic_store_n(&header->magic, MAGIC, __ATOMIC_RELEASE);
    return 0;
}

int ksmring_open(struct ksmring *ring, void *memory, uint nbytes)
{
    const struct ksmring_header *header = memory;
    uint magic, ndata, nreaders, nwriters;

    if ((uintptr_t)memory % 64 != 0 || nbytes < sizeof(*header))
        return KSM_EINVAL;
    magic = __atomic_load_n(&header->magic, __ATOMIC_ACQUIRE);
    if (magic != MAGIC)
        return magic == 0 ? KSM_EAGAIN : KSM_EINVAL;
    ndata = __atomic_load_n(&header->ndata, __ATOMIC_RELAXED);
    nreaders = __atomic_load_n(&header->nmembers[KSMRING_READER], __ATOMIC_RELAXED);
    nwriters = __atomic_load_n(&header->nmembers[KSMRING_WRITER], __ATOMIC_RELAXED);
    if (!is_possible(ndata, nreaders, nwriters) || ndata != data_size(ndata) ||
        nbytes < ksmring_nbytes(ndata, nreaders, nwriters))
        return KSM_EINVAL;
    set_up(ring, memory, ndata, nreaders, nwriters);
    return 0;
}

uint ksmring_max(const struct ksmring *ring) { return ring->max; }

/* Waiting. */

void ksmring_wake(struct ksmring_side *side)
{
    if (__atomic_exchange_n(&side->waited, 0, __ATOMIC_SEQ_CST))
        ksmwake(&side->waited, 1);
}

void ksmring_wake_for(struct ksmring_side *side, uint at)
{
    if ((int)(at - __atomic_load_n(&side->wanted, __ATOMIC_RELAXED)) >= 0)
        ksmring_wake(side);
}

/* Whose end a wait for that side depends on, as for ksmwaitpeer(); an error when nobody is there any more.  A process
   that joins wakes, one that leaves clears its entry and wakes; so it is enough to look before the sleep. */
static int choose_peer(struct ksmring *ring, int which, int *peer)
{
    struct ksmring_side *side = ring->side[which];
    struct ksmself *seat = ring->watched_seat[which];
    bool joined = ring->seat[!which] != NULL;
    int result;

    *peer = joined ? -1 : ring->peer;
    if (!__atomic_load_n(&side->joined, __ATOMIC_SEQ_CST))
        return 0;
    if (!joined)
        return __atomic_load_n(&side->present, __ATOMIC_SEQ_CST) ? 0 : ksmring_look_for_members(ring, which);
    if (!seat || !ksmself_same(ksmself_load(seat), ring->watched[which])) {
        ring->watched_seat[which] = NULL;
        result = ksmring_look_for_members(ring, which);
        if (result < 0)
            return result;
    }
    if (ring->watched_seat[which])
        *peer = (int)ring->watched[which].pid;
    return 0;
}

/* Sleeps until the other side, `which`, has moved its `at` from `seen` to `wanted` or beyond.  0: look again.  Else an
   error that ends the call. */
static int sleep_for(struct ksmring *ring, int which, uint seen, uint wanted, struct patience *patience)
{
    struct ksmring_side *side = ring->side[which];
    bool joined = ring->seat[!which] != NULL;
    int ticks, peer, result;

    /* A peer that moves its position without end must not keep the caller from looking whether it lives. */
    if (!joined && patience->ticks == 0 && patience->looks++ >= MAX_LOOKS)
        return KSM_EAGAIN;
    /* A reader that stops early leaves a writer's room without a wake: see wake_level(). */
    if (!patience_left(patience, joined && which == KSMRING_WRITER ? 0 : KSM_SLICE, &ticks))
        return KSM_ETIMEDOUT;
    __atomic_store_n(&side->wanted, wanted, __ATOMIC_RELAXED);
    __atomic_store_n(&side->waited, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&side->at, __ATOMIC_SEQ_CST) != seen)
        return 0;
    result = choose_peer(ring, which, &peer);
    if (result < 0) /* nobody is there any more: but the last one may have moved it since */
        return __atomic_load_n(&side->at, __ATOMIC_SEQ_CST) != seen ? 0 : result;
    result = ksmwaitpeer(&side->waited, 1, ticks, peer);
    if (result == KSM_ETIMEDOUT)
        patience->looks = MAX_LOOKS; /* half a second is over */
    if (__atomic_load_n(&side->at, __ATOMIC_SEQ_CST) != seen)
        return 0;
    if (result == KSM_EFAULT)
        return KSM_EFAULT;
    if (result == KSM_EAGAIN)
        ring->watched_seat[which] = NULL; /* it may have died */
    return joined || (result == KSM_ETIMEDOUT && patience->ticks) ? 0 : KSM_EAGAIN;
}

/* The same, if the call may wait, and after a look for a while. */
static inline int wait_for(struct ksmring *ring, int which, uint seen, uint wanted, struct patience *patience)
{
    if (patience->ticks == KSMRING_TRY)
        return KSM_EAGAIN;
    if (!patience->spun) {
        patience->spun = true;
        if (ksmspin_changed(&ring->spin, &ring->side[which]->at, seen))
            return 0;
    }
    return sleep_for(ring, which, seen, wanted, patience);
}

/* Takes the lock of a side that has many members. */
static int enter(struct ksmring *ring, int which, int ticks)
{
    struct ksmlock *lock = &ring->side[which]->lock;
    int result;

    if (ring->nmembers[which] == 1)
        return 0;
    result = ticks == KSMRING_TRY ? ksmlock_try(lock) : ksmlock_acquire(lock, ticks);
    return result == KSM_EOWNERDEAD ? 0 : result; /* it left the ring whole */
}

void ksmring_unlock(struct ksmring *ring, int which)
{
    if (which == KSMRING_WRITER)
        ring->room = ring->skipped = 0;
    else
        ring->ready = ring->passed = 0;
    ksmlock_release(&ring->side[which]->lock);
}

/* Writing. */

/* A writer that waits for `nbytes` bytes on a full ring is woken when no more than this is in it: woken for every
   message that is read, it would cost a context switch each.  If the reader takes no more before that, the writer finds
   its room at the end of a slice. */
static uint wake_level(const struct ksmring *ring, uint nbytes)
{
    uint half = ring->ndata / 2, fits = ring->ndata - nbytes;

    return half < fits ? half : fits;
}

int ksmring_find_room(struct ksmring *ring, uint n, int ticks)
{
    struct patience patience = { .ticks = ticks };
    uint need = ksmring_record_size(n);
    int result = enter(ring, KSMRING_WRITER, ticks);

    if (result < 0)
        return result;
    while (result == 0) {
        uint written = __atomic_load_n(&ring->side[KSMRING_WRITER]->at, __ATOMIC_RELAXED);
        uint seen = __atomic_load_n(&ring->side[KSMRING_READER]->at, __ATOMIC_ACQUIRE);
        uint offset = written & (ring->ndata - 1), rest = ring->ndata - offset;
        uint space = ring->ndata - (written - seen);
        uint skipped = need <= rest ? 0 : rest;

        if (written % sizeof(uint) != 0 || space > ring->ndata) {
            result = KSM_EINVAL;
        } else if (space >= skipped + need) {
            if (skipped)
                *(uint *)(ring->data + offset) = KSMRING_SKIP;
            ring->skipped = skipped;
            ring->put = ring->data + (skipped ? 0 : offset);
            ring->room = skipped || space < rest ? space - skipped : rest;
            return 0;
        } else {
            result =
                wait_for(ring, KSMRING_READER, seen, written - wake_level(ring, skipped + need), &patience);
        }
    }
    ksmring_done(ring, KSMRING_WRITER);
    return result;
}

int ksmring_write(struct ksmring *ring, const void *message, uint n, int ticks)
{
    void *where;
    int result = ksmring_reserve(ring, n, &where, ticks);

    if (result < 0)
        return result;
    memcpy(where, message, n);
    ksmring_commit(ring, n);
    return 0;
}

int ksmring_drain(struct ksmring *ring, int ticks)
{
    struct patience patience = { .ticks = ticks };
    int result = enter(ring, KSMRING_WRITER, ticks); /* so that one process of this side waits, and no more */

    if (result < 0)
        return result;
    while (result == 0) {
        uint written = __atomic_load_n(&ring->side[KSMRING_WRITER]->at, __ATOMIC_RELAXED);
        uint read = __atomic_load_n(&ring->side[KSMRING_READER]->at, __ATOMIC_ACQUIRE);

        if (read == written)
            break;
        result = written - read > ring->ndata ? KSM_EINVAL
                                              : wait_for(ring, KSMRING_READER, read, written, &patience);
    }
    ksmring_done(ring, KSMRING_WRITER);
    return result;
}

/* Reading. */

int ksmring_find_message(struct ksmring *ring, int ticks)
{
    struct patience patience = { .ticks = ticks };
    int result = enter(ring, KSMRING_READER, ticks);

    if (result < 0)
        return result;
    while (result == 0 && (result = ksmring_look(ring)) == KSM_EAGAIN) {
        uint read = __atomic_load_n(&ring->side[KSMRING_READER]->at, __ATOMIC_RELAXED);

        result = wait_for(ring, KSMRING_WRITER, read, read + 1, &patience);
    }
    if (result < 0)
        ksmring_done(ring, KSMRING_READER);
    return result;
}

int ksmring_read(struct ksmring *ring, void *message, uint max, int ticks)
{
    const void *where;
    int n = ksmring_peek(ring, &where, ticks);

    if (n <= 0)
        return n;
    if ((uint)n > max) {
        ksmring_done(ring, KSMRING_READER);
        return KSM_ESIZE;
    }
    memcpy(message, where, (uint)n);
    ksmring_release(ring);
    return n;
}
