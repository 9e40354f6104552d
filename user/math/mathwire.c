/*
 * mathwire.c - the client's side of the Math Server's segment.
 *
 * Getting a slot is the only part with several steps: take its lock, change `wanted`, wait until the server
 * has made new rings and said so in `opened`.  From then on the client is the only writer of its requests
 * and the only reader of its replies.
 *
 * A wait for a reply looks at its end of the world twice a second, and whenever a process that had the
 * segment ended: is the server alive, is the slot still ours and open?  So nothing that others write there
 * keeps a client for ever.
 */
#include "mathwire.h"

#include "ulib.h"

#define SLICE 50 /* ticks between looks at the server */
#define RETRY 3  /* ticks between looks for a segment */

static bool server_lives(const struct mathwire *mail) { return ksmself_lives(mail->server); }

/* Wakes the server if it sleeps.  What it should see was written with a full barrier. */
static void ring_bell(struct mathwire *mail)
{
    struct mathwire_header *shared = mail->shared;

    __atomic_fetch_or(&shared->pending[mail->index / 32], 1u << mail->index % 32, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&shared->asleep, __ATOMIC_SEQ_CST) &&
        __atomic_exchange_n(&shared->asleep, 0, __ATOMIC_SEQ_CST))
        ksmwake(&shared->asleep, 1);
}

/* Finding the server. */

/* Attaches the segment of a living server.  KSM_ENOENT: not now. */
static int attach(struct mathwire *mail, int id)
{
    struct ksminfo_t info;
    uint nslots;
    int result;

    mail->handle = ksmget(id, 0, KSM_OPEN);
    if (mail->handle < 0)
        return mail->handle;
    mail->shared = ksmattach(mail->handle, KSM_RDWR);
    result = ksmerror(mail->shared);
    if (result < 0) /* between two servers the old segment may be gone */
        return result == KSM_EHANDLE ? KSM_ENOENT : result;
    result = ksminfo(mail->handle, &info);
    if (result < 0)
        goto detach;
    result = KSM_EINVAL;
    if (info.ksmsz < mathwire_nbytes(1))
        goto detach;
    result = KSM_ENOENT;
    mail->server = ksmself_load(&mail->shared->server.holder);
    mail->server.pid &= ~KSMLOCK_WAITED;
    nslots = __atomic_load_n(&mail->shared->nslots, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&mail->shared->version, __ATOMIC_ACQUIRE) != MATHWIRE_VERSION || nslots == 0 ||
        nslots > MATHWIRE_MAX_SLOTS || info.ksmsz < mathwire_nbytes(nslots) || !server_lives(mail))
        goto detach;
    return (int)nslots;

detach:
    ksmdetachat(mail->shared);
    return result;
}

static int find_server(struct mathwire *mail, int id, int ticks)
{
    int begin = uptime();

    for (;;) {
        int result = attach(mail, id);

        if (result != KSM_ENOENT || uptime() - begin >= ticks)
            return result;
        sleep(RETRY);
    }
}

/* Getting a slot. */

static int take_free_slot(struct mathwire *mail, uint nslots)
{
    uint first = (uint)getpid();

    for (uint i = 0; i < nslots; i++) {
        uint index = (first + i) % nslots;
        int result = ksmlock_try(&mail->shared->slots[index].owner);

        if (result == 0 || result == KSM_EOWNERDEAD) {
            mail->index = index;
            mail->slot = &mail->shared->slots[index];
            return 0;
        }
    }
    return KSM_EAGAIN;
}

static int take_slot(struct mathwire *mail, uint nslots)
{
    uint *waited = &mail->shared->slot_waited;

    for (;;) {
        if (take_free_slot(mail, nslots) == 0)
            return 0;
        __atomic_store_n(waited, 1, __ATOMIC_SEQ_CST);
        if (take_free_slot(mail, nslots) == 0)
            return 0;
        ksmwait(waited, 1, SLICE);
        if (!server_lives(mail))
            return KSM_EOWNERDEAD;
    }
}

static void give_slot_back(struct mathwire *mail)
{
    uint *waited = &mail->shared->slot_waited;

    ksmlock_release(&mail->slot->owner);
    if (__atomic_load_n(waited, __ATOMIC_SEQ_CST) && __atomic_exchange_n(waited, 0, __ATOMIC_SEQ_CST))
        ksmwake(waited, (int)MATHWIRE_MAX_SLOTS);
}

/* Has the server make new rings. */
static int open_slot(struct mathwire *mail)
{
    struct mathwire_slot *slot = mail->slot;
    uint before = __atomic_load_n(&slot->opened, __ATOMIC_SEQ_CST);
    int result;

    mail->opened = before + 1;
    mail->nsent = mail->nreceived = 0;
    __atomic_store_n(&slot->wanted, mail->opened, __ATOMIC_SEQ_CST);
    for (;;) {
        uint opened;

        ring_bell(mail);
        ksmspin_changed(&mail->replies.spin, &slot->opened, before);
        opened = __atomic_load_n(&slot->opened, __ATOMIC_SEQ_CST);
        if (opened == mail->opened)
            break;
        if (opened != before)
            return KSM_EINVAL;
        if (ksmwait(&slot->opened, before, SLICE) == KSM_ETIMEDOUT) {
            /* After damage the wish may be the one that the server fulfilled last. */
            mail->opened += 2;
            __atomic_store_n(&slot->wanted, mail->opened, __ATOMIC_SEQ_CST);
        }
        if (!server_lives(mail))
            return KSM_EOWNERDEAD;
    }
    result = ksmring_open(&mail->requests, slot->requests, sizeof(slot->requests));
    if (result == 0)
        result = ksmring_open(&mail->replies, slot->replies, sizeof(slot->replies));
    return result < 0 ? KSM_EINVAL : 0;
}

int mathwire_open(struct mathwire *mail, int id, int ticks)
{
    int attempts = 5, result;

    memset(mail, 0, sizeof(*mail));
    result = find_server(mail, id, ticks);
    if (result < 0)
        return result;
    result = take_slot(mail, (uint)result);
    if (result < 0)
        goto detach;
    do
        result = open_slot(mail);
    while (result == KSM_EINVAL && --attempts > 0);
    if (result < 0)
        goto give_back;
    return 0;

give_back:
    give_slot_back(mail);
detach:
    ksmdetachat(mail->shared);
    return result;
}

void mathwire_close(struct mathwire *mail)
{
    give_slot_back(mail);
    ksmdetachat(mail->shared);
}

/* Requests and replies. */

/* What keeps a reply from coming?  0: nothing, it takes its time. */
static int look_around(struct mathwire *mail)
{
    struct ksmself me = ksmself(), owner = ksmself_load(&mail->slot->owner.holder);

    if (!server_lives(mail))
        return KSM_EOWNERDEAD;
    owner.pid &= ~KSMLOCK_WAITED;
    if (!ksmself_same(owner, me) || __atomic_load_n(&mail->slot->opened, __ATOMIC_SEQ_CST) != mail->opened)
        return KSM_EINVAL;
    ring_bell(mail); /* the bit may have been wiped out */
    return 0;
}

int mathwire_send(struct mathwire *mail, enum mathwire_kind kind, const char *text, uint n)
{
    struct mathwire_request *request;
    void *where;
    int result;

    if (mathwire_owed(mail) >= MATHWIRE_WINDOW)
        return KSM_EAGAIN;
    if (n > MATHWIRE_MAX_TEXT)
        n = MATHWIRE_MAX_TEXT;
    result = ksmring_reserve(&mail->requests, MATHWIRE_REQUEST_HEAD + n, &where, KSMRING_TRY);
    if (result < 0)
        return result == KSM_EAGAIN && mathwire_owed(mail) == 0 ? KSM_EINVAL : result;
    request = where;
    request->number = mail->nsent++;
    request->kind = kind;
    memcpy(request->text, text, n);
    ksmring_commit(&mail->requests, MATHWIRE_REQUEST_HEAD + n);
    ring_bell(mail);
    return 0;
}

int mathwire_receive(struct mathwire *mail, struct math_result *result)
{
    struct mathwire_reply reply;
    int n;

    if (mathwire_owed(mail) == 0)
        return KSM_EAGAIN;
    for (;;) {
        n = ksmring_read(&mail->replies, &reply, sizeof(reply), 0);
        if (n == (int)sizeof(reply) && reply.number == mail->nreceived)
            break;
        if (n != KSM_EAGAIN)
            return KSM_EINVAL;
        n = look_around(mail);
        if (n < 0)
            return n;
    }
    mail->nreceived++;
    *result = (struct math_result){ reply.value, reply.status, reply.column };
    return 0;
}
