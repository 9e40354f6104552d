/*
 * mathwire.h - how mathserver and its clients talk: the segment that they share, and the client's side of it.
 *
 *      | header | slot 0: requests, replies | slot 1 | ...
 *
 * Each client has a slot for itself: two rings (ksmring.h), one for each way, and a lock that says whose it
 * is; the slot of a dead client goes to the next who wants one.  A client that has sent something sets its
 * slot's bit in the header, and wakes the server if it sleeps.  With both awake a request and its reply
 * take no system call.
 *
 * The server's lock in the header is held by the living server.  It, and nobody else, makes the rings of a
 * slot, when a client has changed the slot's `wanted`, and answers in `opened`; what is found damaged it
 * closes (`opened` differs again), and the client asks anew.  Neither side believes anything that is written
 * there.
 */
#ifndef MATHWIRE_H
#define MATHWIRE_H

#include "ksmlock.h"
#include "ksmring.h"
#include "mathexpr.h"

#define MATHWIRE_NAME      "math" /* of the segment, if the user gives none */
#define MATHWIRE_VERSION   0x4d530001u
#define MATHWIRE_MAX_SLOTS 1024u
#define MATHWIRE_MAX_TEXT  (MATH_MAX_LENGTH + 1) /* a longer text is cut: it is too long all the same */

#define MATHWIRE_REQUESTS 4096u /* bytes of a slot's ring of requests */
#define MATHWIRE_REPLIES  4096u
#define MATHWIRE_WINDOW   64u /* replies that a client may be owed: their ring never gets full */

enum mathwire_kind {
    MATHWIRE_COMPUTE,
    MATHWIRE_END, /* the server is to end when it has served what is there */
};

struct mathwire_request {
    uint number; /* of the reply too */
    uint kind;
    char text[MATHWIRE_MAX_TEXT];
};
#define MATHWIRE_REQUEST_HEAD 8u /* bytes before the text */

struct mathwire_reply {
    uint number;
    ushort status; /* of struct math_result */
    ushort column;
    double value;
};

struct mathwire_slot {
    struct ksmlock owner;
    uint wanted;
    uint opened;
    /* One reader and one writer each. */
    uchar requests[KSMRING_NBYTES(MATHWIRE_REQUESTS, 2)] __attribute__((aligned(64)));
    uchar replies[KSMRING_NBYTES(MATHWIRE_REPLIES, 2)] __attribute__((aligned(64)));
};

struct mathwire_header {
    uint version; /* 0: the server is not ready */
    uint nslots;
    struct ksmlock server;
    uint asleep __attribute__((aligned(64))); /* the server sleeps on this word while it is 1 */
    uint slot_waited;                         /* clients that want a slot sleep on this word while it is 1 */
    uint pending[MATHWIRE_MAX_SLOTS / 32] __attribute__((aligned(64))); /* slots with something in them */
    struct mathwire_slot slots[] __attribute__((aligned(64)));
};

static inline uint mathwire_nbytes(uint nslots)
{
    return sizeof(struct mathwire_header) + nslots * sizeof(struct mathwire_slot);
}

/* The client's side. */

struct mathwire {
    int handle;
    struct mathwire_header *shared;
    struct mathwire_slot *slot;
    uint index;
    uint opened; /* what the slot's word must stay */
    struct ksmself server;
    struct ksmring requests, replies;
    uint nsent, nreceived;
};

/*
 * Finds the server of that segment and gets a slot; waits at most that many ticks for the server, and for a
 * free slot as long as the server lives.  0; KSM_ENOENT: there is no server; KSM_EOWNERDEAD: the server died
 * or ended meanwhile; KSM_EINVAL: the segment is not a Math Server's; or what ksmattach() said.
 */
int mathwire_open(struct mathwire *mail, int id, int ticks);
void mathwire_close(struct mathwire *mail);

/*
 * Sends a request.  0; KSM_EAGAIN: replies must be received first; KSM_EOWNERDEAD; KSM_EINVAL: the slot was
 * damaged: close it, and send again what has no reply yet.
 */
int mathwire_send(struct mathwire *mail, enum mathwire_kind kind, const char *text, uint n);

/* Waits for the oldest reply that is owed.  0; KSM_EAGAIN: none is owed; else as above. */
int mathwire_receive(struct mathwire *mail, struct math_result *result);

/* Requests without a reply yet. */
static inline uint mathwire_owed(const struct mathwire *mail) { return mail->nsent - mail->nreceived; }

#endif
