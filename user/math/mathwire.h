/*
 * mathwire.h - how mathserver and its clients talk: the segment that they share, and the client's side of it.
 *
 *      | header | slot 0: requests, replies | slot 1 | ...
 *
 * Each client has a slot of its own: two rings (ksmring.h), one for each direction, and a lock that names its owner.
 * The slot of a dead client goes to the next that wants one.  A client that has sent something sets its slot's bit in
 * the header, and wakes the server if it sleeps.  While both are awake, a request and its reply take no system call.
 *
 * The living server holds the lock in the header.  Only the server makes the rings of a slot: when a client has changed
 * the slot's `wanted`, it makes new ones and copies the number to `opened`.  It closes a slot that it finds damaged by
 * changing `opened`, and the client asks for new rings.  Neither side trusts anything that is written there.
 *
 * Any process that knows the identifier can attach the segment, so the fields that both sides use are read once and
 * checked.  Each message carries a check value: what another program overwrites by accident is noticed, and asked
 * again.
 */
#ifndef MATHWIRE_H
#define MATHWIRE_H

#include <stddef.h>

#include "ksmlock.h"
#include "ksmring.h"
#include "mathexpr.h"
#include "mustcheck.h"

#define MATHWIRE_NAME      "math" /* of the segment, unless the user names another */
#define MATHWIRE_VERSION   0x4d530003u
#define MATHWIRE_MAX_SLOTS 1024u
#define MATHWIRE_MAX_TEXT  (MATH_MAX_LENGTH + 1) /* longer texts are cut to this, which is too long as well */

#define MATHWIRE_REQUESTS 4096u /* bytes of a slot's ring of requests */
#define MATHWIRE_REPLIES  4096u
#define MATHWIRE_WINDOW \
    64u /* requests without a reply that a client may have: the ring of replies never fills */

enum mathwire_kind {
    MATHWIRE_COMPUTE,
    MATHWIRE_END, /* end, after serving what is pending */
};

struct mathwire_request {
    uint check;  /* mathwire_request_check() */
    uint number; /* of the reply too */
    ushort kind;
    ushort length;                        /* of the text */
    uint text[MATHWIRE_MAX_TEXT / 4 + 1]; /* the text, and zeroes to the end of its last word */
};

struct mathwire_reply {
    uint check; /* mathwire_reply_check() */
    uint number;
    struct math_result result;
};

/* Bytes of a request whose text has that length.  Sleeps: no. */
static inline uint mathwire_request_nbytes(uint length)
{
    return offsetof(struct mathwire_request, text[length / 4 + 1]);
}

/*
 * Check values.  A change of one word of a message always changes its check value, and any other change by accident is
 * missed once in 2^32 times.  They begin with the slot's `opened`: where two clients believe that a slot is theirs,
 * neither takes the other's messages for its own.  Whoever means to deceive can compute them.  Sleeps: no.
 */
static inline uint mathwire_mix(uint check, uint word) { return (check ^ word) * 0x01000193u; }

static inline uint mathwire_request_check(const struct mathwire_request *request, uint opened)
{
    uint check = mathwire_mix(opened, request->number ^ ((uint)request->length << 16 | request->kind));
    const uint *word = request->text, *last = word + request->length / 4;

    do
        check = mathwire_mix(check, *word);
    while (word++ < last);
    return check;
}

static inline uint mathwire_reply_check(const struct mathwire_reply *reply, uint opened)
{
    const uint *word = (const uint *)&reply->result; /* three */

    return mathwire_mix(mathwire_mix(mathwire_mix(opened, reply->number ^ word[2]), word[0]), word[1]);
}

/* Fields:  C written by the client that holds `owner`   S written by the server   * by both */
struct mathwire_slot {
    struct ksmlock owner; /* [C] */
    uint wanted;          /* [C] changed to ask for new rings */
    uint opened;          /* [S] equal to `wanted` when they are ready */
    /* [*] One reader and one writer each. */
    uchar requests[KSMRING_NBYTES(MATHWIRE_REQUESTS, 2)] __attribute__((aligned(64)));
    uchar replies[KSMRING_NBYTES(MATHWIRE_REPLIES, 2)] __attribute__((aligned(64)));
};

/* Fields:  S written by the server   C written by clients   * by both */
struct mathwire_header {
    uint version;                             /* [S] 0: the server is not ready */
    uint nslots;                              /* [S] */
    struct ksmlock server;                    /* [S] */
    uint asleep __attribute__((aligned(64))); /* [*] the server sleeps on this word while it is 1 */
    uint slot_waited; /* [C] clients that want a slot sleep on this word while it is 1 */
    /* [*] a bit for each slot: it has requests, or wants new rings */
    uint pending[MATHWIRE_MAX_SLOTS / 32] __attribute__((aligned(64)));
    struct mathwire_slot slots[] __attribute__((aligned(64)));
};

static inline uint mathwire_nbytes(uint nslots)
{
    return sizeof(struct mathwire_header) + nslots * sizeof(struct mathwire_slot);
}

/* The client's side.  Private to the process; a child must not use its parent's. */
struct mathwire {
    int handle;
    struct mathwire_header *shared;
    struct mathwire_slot *slot;
    uint *pending; /* the word of the header with the slot's bit */
    uint bit;
    uint opened; /* what the slot's `opened` must stay */
    struct ksmself server;
    struct ksmring requests, replies;
    uint nsent, nreceived;
};

/*
 * Finds the server of segment `id` and gets a slot.  Waits at most `ticks` ticks for the server, and for a free slot as
 * long as the server lives.  0, or
 * KSM_ENOENT:     there is no server
 * KSM_EOWNERDEAD: the server died or ended meanwhile
 * KSM_EINVAL:     the segment is not a Math Server's, or others damage it
 * or an error of ksmget() or ksmattach().  Sleeps: may.
 */
MUST_CHECK int mathwire_open(struct mathwire *wire, int id, int ticks);

/* Gives the slot back and detaches the segment.  Sleeps: may. */
void mathwire_close(struct mathwire *wire);

/*
 * Sends a request of n bytes of text.  0, or
 * KSM_EAGAIN:     receive replies first
 * KSM_EINVAL:     the slot was damaged: close it, open another, and send again what has no reply yet
 * Sleeps: may.
 */
MUST_CHECK int mathwire_send(struct mathwire *wire, enum mathwire_kind kind, const char *text, uint n);

/*
 * Waits for the reply to the oldest request that has none.  0, or
 * KSM_EAGAIN:     every request has its reply
 * KSM_EOWNERDEAD: the server died or ended
 * KSM_EINVAL:     as above
 * Sleeps: may.
 */
MUST_CHECK int mathwire_receive(struct mathwire *wire, struct math_result *result);

/* Requests without a reply.  Sleeps: no. */
static inline uint mathwire_owed(const struct mathwire *wire) { return wire->nsent - wire->nreceived; }

#endif
