/*
 * ksmring.h - a bounded queue of messages in shared memory, for one or many writers and one or many readers.
 *
 * A message has any length from 1 byte up to half of the ring, and comes out whole and in order.  A full ring
 * makes writers wait, an empty one readers; a call that need not wait enters the kernel only when somebody sleeps.
 * One reader takes each message.  A side with one process takes no lock.  A side with many has one, which passes
 * on if its holder dies: a message that was being written is never seen, one that was being read is read again.
 *
 * A side knows the processes that have joined it.  A reader that waits on an empty ring learns that all writers
 * have left, or died, and a writer that waits on a full one learns the same of the readers.  To a process that has
 * joined, the end of no other matters (§11.7).
 *
 * Nothing in the shared part is trusted: sizes are checked against a private copy.  A ring that another process
 * has overwritten answers KSM_EINVAL, gives wrong messages, or has a member wait in vain while the other side lives,
 * but never makes a process reach outside of it.
 *
 * The memory:  | header | side of readers | side of writers | names of members | data, a power of two |
 */
#ifndef KSMRING_H
#define KSMRING_H

#include "ksmlock.h"
#include "ksmspin.h"

#define KSMRING_TRY (-1) /* for ticks: don't wait, return KSM_EAGAIN */

#define KSMRING_READER 0
#define KSMRING_WRITER 1

#define KSMRING_MAX_MEMBERS 65535u

/* Written once, by the process that makes the ring. */
struct ksmring_header {
    uint magic;
    uint ndata;
    uint nmembers[2]; /* by side: the processes that may join it; 1: it takes no lock */
} __attribute__((aligned(64)));

/* Fields:  s changed by this side alone, under `lock` if it has many members   A atomic */
struct ksmring_side {
    uint at;      /* [s] bytes taken or written since the beginning, modulo 2^32 */
    uint waited;  /* [A] a process of the other side sleeps on this word while it is 1 */
    uint wanted;  /* [A] ... until `at` is there */
    uint joined;  /* [A] 0: no member has joined yet; changes each time that one joins */
    uint died;    /* [A] 1: a member died without leaving */
    uint present; /* [A] members that have not left */
    struct ksmlock lock;
} __attribute__((aligned(64)));

/* A process's own view of a ring.  After fork() the child may use its copy, but has to join by itself. */
struct ksmring {
    struct ksmring_side *side[2];
    struct ksmself *member[2];
    uchar *data;
    uint ndata;
    uint max; /* bytes of the longest message */
    uint nmembers[2];
    struct ksmself *seat[2]; /* this process's entry on each side; NULL: it has not joined */
    /* The member of a side whose end this process waits for, and its entry. */
    struct ksmself watched[2], *watched_seat[2];
    int peer; /* a caller that has not joined may set it: whose end ends a wait, as for ksmwaitpeer() */
    /* Writing: `room` bytes from `put` on are known to be free. */
    uchar *put;
    uint room;
    uint skipped; /* bytes left out at the end of the data, to be committed with the next message */
    /* Reading: `ready` bytes from `get` on are known to be written. */
    uchar *get;
    uint ready;
    uint passed; /* bytes left out at the end of the data, to be released with the next message */
    uint taken;  /* bytes of the message that is being read */
    struct ksmspin spin;
};

/* Bytes of memory for a ring with ndata bytes of data, a power of two from 64 up, and that many members on both
   sides together. */
#define KSMRING_NBYTES(ndata, nmembers)                                \
    (sizeof(struct ksmring_header) + 2 * sizeof(struct ksmring_side) + \
     ((nmembers) * sizeof(struct ksmself) + 63) / 64 * 64 + (ndata))

/* The same for at least ndata bytes: of messages with their lengths (4 bytes each), each rounded up to 4.  0 if
   there can't be such a ring.  Sleeps: no. */
uint ksmring_nbytes(uint ndata, uint nreaders, uint nwriters);

/* Makes an empty ring at memory, which is aligned to 64 and that large, and opens it.  No other process uses the
   memory meanwhile.  0, or KSM_EINVAL.  Sleeps: no. */
MUST_CHECK int ksmring_create(struct ksmring *ring, void *memory, uint ndata, uint nreaders, uint nwriters);

/* Opens a ring that another process made in nbytes of memory.  0; KSM_EAGAIN: it is not made yet;
   KSM_EINVAL: this is no ring, or a larger one.  Sleeps: no. */
MUST_CHECK int ksmring_open(struct ksmring *ring, void *memory, uint nbytes);

/* The longest message, in bytes.  Sleeps: no. */
uint ksmring_max(const struct ksmring *ring);

/* Joins or leaves a side.  0; KSM_ENOSPC: the side has all the living members it may have; KSM_ENOENT: not a
   member.  Sleeps: no. */
MUST_CHECK int ksmring_join(struct ksmring *ring, int side);
int ksmring_leave(struct ksmring *ring, int side);

/*
 * Room for a message of n bytes, in the ring itself; *where is aligned to 4.  ksmring_commit() sends the first n
 * of them (n may be smaller then; 0: nothing is sent).  Between the two no other process can write.  0, or
 * KSM_EAGAIN:     KSMRING_TRY, and it is full; or a caller that has not joined waited in vain (with 0 ticks
 *                 half a second at most), and should look whether its peer lives
 * KSM_ETIMEDOUT:  the ticks ran out
 * KSM_ESIZE:      the message is too long
 * KSM_EINVAL:     a length of 0, or a damaged ring
 * KSM_EOWNERDEAD: all readers are gone, and one died
 * KSM_ENOENT:     all readers have left
 * Sleeps: may; commit: no.
 */
MUST_CHECK static inline int ksmring_reserve(struct ksmring *ring, uint n, void **where, int ticks);
static inline void ksmring_commit(struct ksmring *ring, uint n);

/*
 * The oldest message, in the ring itself; ksmring_release() takes it out.  Between the two no other process can
 * read.  Returns its length; 0: all writers have left, and nothing will come; or an error as above
 * (KSM_EOWNERDEAD: all writers are gone, and one died).  Sleeps: may; release: no.
 */
MUST_CHECK static inline int ksmring_peek(struct ksmring *ring, const void **where, int ticks);
static inline void ksmring_release(struct ksmring *ring);

/*
 * For a reader that is alone on its side and takes many messages with one look at what was written.  ksmring_look()
 * is that look: 0; KSM_EAGAIN: nothing is there; or KSM_EINVAL.  ksmring_more(): may a peek find another message?
 * False only if it would have to look again; always true where the data begin again.  Sleeps: no.
 */
MUST_CHECK static inline int ksmring_look(struct ksmring *ring);
MUST_CHECK static inline int ksmring_more(const struct ksmring *ring);

/* Waits until the readers have taken all that was written; meanwhile no other process can write.  0, KSM_ETIMEDOUT,
   KSM_EOWNERDEAD, KSM_ENOENT, KSM_EAGAIN as above; KSM_EINVAL between reserve and commit.  Sleeps: may. */
MUST_CHECK int ksmring_drain(struct ksmring *ring, int ticks);

/* The same by copies.  KSM_ESIZE from ksmring_read(): the message is longer than max, and still there.
   Sleeps: may. */
MUST_CHECK int ksmring_write(struct ksmring *ring, const void *message, uint n, int ticks);
MUST_CHECK int ksmring_read(struct ksmring *ring, void *message, uint max, int ticks);

#include "ksmring_impl.h"

#endif
