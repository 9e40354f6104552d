/*
 * ksmring.h - a bounded queue of messages in shared memory, for one or many writers and one or many readers.
 *
 * Messages have any length from 1 byte up to half of the ring, and come out whole and in order.  A full
 * ring makes writers wait, an empty one readers; who need not wait does not enter the kernel unless
 * somebody sleeps.  A message is taken by one reader.  With one process on a side its calls take no lock;
 * with many the side has one, which passes on if its holder dies: of a message that was being written
 * nothing is seen, one that was being read is read again.
 *
 * Processes that join a side can be missed there: a reader that waits on an empty ring learns that all
 * writers have left, or died, and a writer that waits on a full one the same of the readers.
 *
 * Nothing in the shared part is trusted: sizes are checked against a private copy, and a ring that another
 * process has overwritten answers KSM_EINVAL, or gives wrong messages, but never makes a process reach
 * outside of it.
 *
 * The memory:  | header | side of readers | side of writers | names of members | data, a power of two |
 */
#ifndef KSMRING_H
#define KSMRING_H

#include "ksmlock.h"
#include "ksmspin.h"

#define KSMRING_TRY (-1) /* for ticks: don't wait, answer KSM_EAGAIN */

#define KSMRING_READER 0
#define KSMRING_WRITER 1

#define KSMRING_MAX_MEMBERS 65535u

struct ksmring_header {
    uint magic;
    uint ndata;
    uint nmembers[2]; /* by side: processes that may join it; 1: it takes no lock */
} __attribute__((aligned(64)));

struct ksmring_side {
    uint at;      /* bytes taken or written since the beginning, modulo 2^32 */
    uint waited;  /* somebody of the other side sleeps on this word while it is 1 */
    uint wanted;  /* ... until `at` is there */
    uint joined;  /* 1: a member has ever joined */
    uint died;    /* 1: a member died without leaving */
    uint present; /* members that have not left */
    struct ksmlock lock;
} __attribute__((aligned(64)));

/* A process's view of a ring.  Private; a child after fork() may go on with its copy, but has to join by
   itself. */
struct ksmring {
    struct ksmring_side *side[2];
    struct ksmself *member[2];
    uchar *data;
    uint ndata;
    uint nmembers[2];
    uint seen;     /* where the readers were when the writer looked last: looking costs a transfer */
    uint reserved; /* bytes from `at` to the end of the message that is being written */
    uint skipped;  /* of those, what is left out at the end of the data */
    uint taken;    /* bytes from `at` to the end of the message that is being read */
    struct ksmself *seat[2]; /* this process's entries among the members; NULL: it has not joined */
    struct ksmspin spin;
};

/* Bytes of memory that a ring takes which holds at least ndata bytes of messages with their lengths (4
   bytes each, rounded up to 4).  0 if there can't be one. */
uint ksmring_nbytes(uint ndata, uint nreaders, uint nwriters);

/* Makes an empty ring at memory, which is aligned to 64 and that large, and opens it.  Nobody else uses the
   memory meanwhile.  0, or KSM_EINVAL. */
int ksmring_create(struct ksmring *ring, void *memory, uint ndata, uint nreaders, uint nwriters);

/* Opens a ring that another process made in nbytes of memory.  0; KSM_EAGAIN: it is not made yet;
   KSM_EINVAL: this is no ring, or a larger one. */
int ksmring_open(struct ksmring *ring, void *memory, uint nbytes);

/* The longest message. */
uint ksmring_max(const struct ksmring *ring);

/* Joins or leaves a side.  0; KSM_ENOSPC: so many living processes as it may have are there; KSM_ENOENT:
   not a member. */
int ksmring_join(struct ksmring *ring, int side);
int ksmring_leave(struct ksmring *ring, int side);

/*
 * Room for a message of n bytes, in the ring itself; *where is aligned to 4.  ksmring_commit() sends the
 * first n of them (n may be smaller then; 0: nothing is sent).  Between the two nobody else can write.
 * 0, or
 * KSM_EAGAIN:     KSMRING_TRY, and it is full; or the caller has not joined and waited in vain (with 0 ticks
 *                 for half a second at most): it should look whether its peer lives
 * KSM_ETIMEDOUT:  the ticks ran out
 * KSM_ESIZE:      the message is too long
 * KSM_EINVAL:     a length of 0, or a damaged ring
 * KSM_EOWNERDEAD: all readers are gone, and one died
 * KSM_ENOENT:     all readers have left
 */
int ksmring_reserve(struct ksmring *ring, uint n, void **where, int ticks);
void ksmring_commit(struct ksmring *ring, uint n);

/*
 * The oldest message, in the ring itself; ksmring_release() takes it out.  Between the two nobody else can
 * read.  Returns its length; 0: all writers have left, and nothing will come; or an error as above
 * (KSM_EOWNERDEAD: all writers are gone, and one died).
 */
int ksmring_peek(struct ksmring *ring, const void **where, int ticks);
void ksmring_release(struct ksmring *ring);

/* Waits until the readers have taken all that was written.  0, KSM_ETIMEDOUT, KSM_EOWNERDEAD, KSM_ENOENT,
   KSM_EAGAIN as above. */
int ksmring_drain(struct ksmring *ring, int ticks);

/* The same by copies.  KSM_ESIZE from ksmring_read(): the message is longer than max, and still there. */
int ksmring_write(struct ksmring *ring, const void *message, uint n, int ticks);
int ksmring_read(struct ksmring *ring, void *message, uint max, int ticks);

#endif
