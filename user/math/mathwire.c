/*
 * mathwire.c - the client's side of the Math Server's segment.
 *
 * Getting a slot is the only part with several steps: take its lock, change `wanted`, and wait until the server has
 * made new rings and said so in `opened`.  From then on the client is the only writer of its requests and the only
 * reader of its replies.
 *
 * While it waits for a reply, a client checks twice a second, and when the server ends, that the server is alive, that
 * its slot is still its own and open, and that the server does not rest as if all were done.  So whatever others write
 * into the segment, a client waits at most for the lifetime of the process that it found named there as the server.
 */
#include "mathwire.h"

#include "ulib.h"

#define CHECK_TICKS   50 /* ticks between checks that the server lives */
#define RETRY_TICKS   3  /* ticks between searches for a segment */
#define OPEN_ATTEMPTS 5  /* at a slot that others damage */

static bool server_lives(const struct mathwire *wire) { return ksmself_lives(wire->server); }

/* Sets the slot's bit, and wakes the server if it sleeps.  What the server is to see was written before, with a full
   barrier. */
static void ring_bell(struct mathwire *wire)
{
    struct mathwire_header *shared = wire->shared;

    __atomic_fetch_or(wire->pending, wire->bit, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&shared->asleep, __ATOMIC_SEQ_CST) &&
        __atomic_exchange_n(&shared->asleep, 0, __ATOMIC_SEQ_CST))
        ksmwake(&shared->asleep, 1);
}

/* Is the slot's bit set?  Then this process has woken the server since it was, or the server is awake. */
static inline bool is_pending(const struct mathwire *wire)
{
    return __atomic_load_n(wire->pending, __ATOMIC_SEQ_CST) & wire->bit;
}

/* Finding the server. */

/* Attaches the segment of a living server and returns the number of its slots.  KSM_ENOENT: there is none now. */
static int attach(struct mathwire *wire, int id)
{
    struct ksminfo_t info;
    uint nslots;
    int result;

    wire->handle = ksmget(id, 0, KSM_OPEN);
    if (wire->handle < 0)
        return wire->handle;
    wire->shared = ksmattach(wire->handle, KSM_RDWR);
    result = ksmerror(wire->shared);
    if (result < 0) /* between two servers, the old segment may be gone */
        return result == KSM_EHANDLE ? KSM_ENOENT : result;
    result = ksminfo(wire->handle, &info);
    if (result < 0)
        goto no_server;
    result = KSM_EINVAL;
    if (info.ksmsz < mathwire_nbytes(1))
        goto no_server;
    result = KSM_ENOENT;
    wire->server = ksmself_load(&wire->shared->server.holder);
    wire->server.pid &= ~KSMLOCK_WAITED;
    nslots = __atomic_load_n(&wire->shared->nslots, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&wire->shared->version, __ATOMIC_ACQUIRE) != MATHWIRE_VERSION || nslots == 0 ||
        nslots > MATHWIRE_MAX_SLOTS || info.ksmsz < mathwire_nbytes(nslots) || !server_lives(wire))
        goto no_server;
    return (int)nslots;

no_server:
    ksmdetachat(wire->shared);
    return result;
}

static int find_server(struct mathwire *wire, int id, int ticks)
{
    int begin = uptime();

    for (;;) {
        int result = attach(wire, id);

        if (result != KSM_ENOENT || uptime() - begin >= ticks)
            return result;
        sleep(RETRY_TICKS);
    }
}

/* Getting a slot. */

static int take_free_slot(struct mathwire *wire, uint nslots)
{
    uint first = (uint)getpid();

    for (uint i = 0; i < nslots; i++) {
        uint index = (first + i) % nslots;
        int result = ksmlock_try(&wire->shared->slots[index].owner);

        if (result == 0 || result == KSM_EOWNERDEAD) {
            wire->pending = &wire->shared->pending[index / 32];
            wire->bit = 1u << index % 32;
            wire->slot = &wire->shared->slots[index];
            return 0;
        }
    }
    return KSM_EAGAIN;
}

static int take_slot(struct mathwire *wire, uint nslots)
{
    uint *waited = &wire->shared->slot_waited;

    for (;;) {
        if (take_free_slot(wire, nslots) == 0)
            return 0;
        __atomic_store_n(waited, 1, __ATOMIC_SEQ_CST);
        if (take_free_slot(wire, nslots) == 0)
            return 0;
        ksmwait(waited, 1, CHECK_TICKS);
        if (!server_lives(wire))
            return KSM_EOWNERDEAD;
    }
}

static void release_slot(struct mathwire *wire)
{
    uint *waited = &wire->shared->slot_waited;

    ksmlock_release(&wire->slot->owner);
    if (__atomic_load_n(waited, __ATOMIC_SEQ_CST) && __atomic_exchange_n(waited, 0, __ATOMIC_SEQ_CST))
        ksmwake(waited, (int)MATHWIRE_MAX_SLOTS);
}

/* Has the server make new rings. */
static int open_slot(struct mathwire *wire)
{
    struct mathwire_slot *slot = wire->slot;
    uint before = __atomic_load_n(&slot->opened, __ATOMIC_SEQ_CST);
    int result;

    wire->opened = before + 1;
    wire->nsent = wire->nreceived = 0;
    __atomic_store_n(&slot->wanted, wire->opened, __ATOMIC_SEQ_CST);
    for (;;) {
        uint opened;

        ring_bell(wire);
        ksmspin_changed(&wire->replies.spin, &slot->opened, before);
        opened = __atomic_load_n(&slot->opened, __ATOMIC_SEQ_CST);
        if (opened == wire->opened)
            break;
        if (opened != before)
            return KSM_EINVAL;
        if (ksmwaitpeer(&slot->opened, before, CHECK_TICKS, (int)wire->server.pid) == KSM_ETIMEDOUT) {
            /* After damage this may be the number that the server answered last. */
            wire->opened += 2;
            __atomic_store_n(&slot->wanted, wire->opened, __ATOMIC_SEQ_CST);
        }
        if (!server_lives(wire))
            return KSM_EOWNERDEAD;
    }
    result = ksmring_open(&wire->requests, slot->requests, sizeof(slot->requests));
    if (result == 0)
        result = ksmring_open(&wire->replies, slot->replies, sizeof(slot->replies));
    wire->requests.peer = wire->replies.peer = (int)wire->server.pid;
    return result < 0 ? KSM_EINVAL : 0;
}

int mathwire_open(struct mathwire *wire, int id, int ticks)
{
    int attempts = OPEN_ATTEMPTS, result;

    memset(wire, 0, sizeof(*wire));
    result = find_server(wire, id, ticks);
    if (result < 0)
        return result;
    result = take_slot(wire, (uint)result);
    if (result < 0)
        goto no_slot;
    do
        result = open_slot(wire);
    while (result == KSM_EINVAL && --attempts > 0);
    if (result < 0)
        goto not_open;
    return 0;

not_open:
    release_slot(wire);
no_slot:
    ksmdetachat(wire->shared);
    return result;
}

void mathwire_close(struct mathwire *wire)
{
    release_slot(wire);
    ksmdetachat(wire->shared);
}

/* Requests and replies. */

/* Why does no reply come?  0: no reason, it just takes time.  *idle: at the last look the server had nothing to do. */
static int look_around(struct mathwire *wire, bool *idle)
{
    struct ksmself me = ksmself(), owner = ksmself_load(&wire->slot->owner.holder);
    bool was_idle = *idle;

    if (!server_lives(wire))
        return KSM_EOWNERDEAD;
    owner.pid &= ~KSMLOCK_WAITED;
    if (!ksmself_same(owner, me) || __atomic_load_n(&wire->slot->opened, __ATOMIC_SEQ_CST) != wire->opened)
        return KSM_EINVAL;
    *idle = __atomic_load_n(&wire->shared->asleep, __ATOMIC_SEQ_CST) && !is_pending(wire);
    if (*idle && was_idle) /* it has looked since: others have moved a ring's position */
        return KSM_EINVAL;
    ring_bell(wire); /* others may have cleared the bit */
    return 0;
}

int mathwire_send(struct mathwire *wire, enum mathwire_kind kind, const char *text, uint n)
{
    struct mathwire_request *request;
    void *where;
    int result;

    if (mathwire_owed(wire) >= MATHWIRE_WINDOW)
        return KSM_EAGAIN;
    if (n > MATHWIRE_MAX_TEXT)
        n = MATHWIRE_MAX_TEXT;
    result = ksmring_reserve(&wire->requests, mathwire_request_nbytes(n), &where, KSMRING_TRY);
    if (result < 0)
        return result == KSM_EAGAIN && mathwire_owed(wire) == 0 ? KSM_EINVAL : result;
    request = where;
    request->number = wire->nsent++;
    request->kind = (ushort)kind;
    request->length = (ushort)n;
    request->text[n / 4] = 0;
    memcpy(request->text, text, n);
    request->check = mathwire_request_check(request, wire->opened);
    ksmring_commit(&wire->requests, mathwire_request_nbytes(n));
    if (!is_pending(wire))
        ring_bell(wire);
    return 0;
}

int mathwire_receive(struct mathwire *wire, struct math_result *result)
{
    struct mathwire_reply reply;
    const void *where;
    bool idle = false;
    int n;

    if (mathwire_owed(wire) == 0)
        return KSM_EAGAIN;
    while ((n = ksmring_peek(&wire->replies, &where, 0)) != (int)sizeof(reply)) {
        int error = n == KSM_EAGAIN ? look_around(wire, &idle) : KSM_EINVAL;

        if (error < 0)
            return error;
    }
    reply = *(const struct mathwire_reply *)where; /* once: others may write there */
    ksmring_release(&wire->replies);
    if (reply.number != wire->nreceived || reply.check != mathwire_reply_check(&reply, wire->opened))
        return KSM_EINVAL;
    wire->nreceived++;
    *result = reply.result;
    return 0;
}
