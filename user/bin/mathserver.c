/*
 * mathserver.c - computes expressions for any number of clients, through shared memory (mathwire.h).
 *
 *   mathserver [-i ID] [-n SLOTS]      an ID is a number or a name; SLOTS clients are served at once
 *
 * It refuses to start beside a living server, takes over from a dead one, and ends when a client asks it to
 * (mathclient -q).  The server marks the segment for deletion as soon as it has attached it, so the segment goes with
 * the last process that uses it, however that one ends.
 *
 * The server looks for slots whose bit is set, serves them, and sleeps after a short spin when there are none.  What it
 * must know of a slot is kept in its own memory; of what is in the segment it takes copies.  It writes the fields of
 * the header before each look at the slots, of which there is one a second at least: others may have overwritten them.
 */
#include "mathwire.h"
#include "procinfo.h"
#include "ulib.h"

#define DEFAULT_SLOTS 32
#define BATCH         32 /* requests of one slot before the next slot's turn */
#define HEAL_TICKS    100
#define NEW_TICKS     (3 * HEAL_TICKS) /* in which a server gives way to another one */
#define CLOSED        0x40000000u      /* added to a slot's `opened`; no client waits for the sum */

/* What the server knows of a slot by itself. */
struct service {
    bool open;
    uint wanted; /* the client's number that was answered last */
    struct ksmring requests, replies;
};

struct server {
    struct mathwire_header *shared;
    struct ksmself me;
    int begun; /* tick at which it got the lock */
    uint nslots;
    struct service *services;
    struct ksmspin spin;
    bool end;
};

/* One slot. */

static void open_slot(struct service *service, struct mathwire_slot *slot, uint wanted)
{
    service->open = ksmring_create(&service->requests, slot->requests, MATHWIRE_REQUESTS, 1, 1) == 0 &&
                    ksmring_create(&service->replies, slot->replies, MATHWIRE_REPLIES, 1, 1) == 0;
    service->wanted = wanted;
    __atomic_store_n(&slot->opened, wanted, __ATOMIC_SEQ_CST);
    ksmwake(&slot->opened, 1);
}

/* Closes a slot whose rings are damaged, so that its client asks for new ones. */
static void close_slot(struct service *service, struct mathwire_slot *slot)
{
    uint *waited = &service->replies.side[KSMRING_WRITER]->waited;

    service->open = false;
    __atomic_store_n(&slot->opened, service->wanted + CLOSED, __ATOMIC_SEQ_CST);
    __atomic_store_n(waited, 0, __ATOMIC_SEQ_CST);
    ksmwake(waited, 1);
}

/* Copies the next request of a slot.  Returns 0, KSM_EAGAIN if there is none, or KSM_EINVAL. */
static int next_request(struct service *service, struct mathwire_request *request)
{
    const void *where;
    int n = ksmring_peek(&service->requests, &where, KSMRING_TRY);

    if (n < 0)
        return n;
    if (n < (int)mathwire_request_nbytes(0) || n > (int)sizeof(*request))
        return KSM_EINVAL;
    memcpy(request, where, (uint)n);
    ksmring_release(&service->requests);
    if (mathwire_request_nbytes(request->length) != (uint)n ||
        request->check != mathwire_request_check(request, service->wanted))
        return KSM_EINVAL;
    return 0;
}

/* Computes a request, and sends the reply.  Returns 0, or KSM_EINVAL. */
static int answer(struct server *server, struct service *service, const struct mathwire_request *request)
{
    struct math_result result;
    struct mathwire_reply *reply;
    void *where;
    int error;

    switch (request->kind) {
    case MATHWIRE_COMPUTE:
        math_evaluate((const char *)request->text, request->length, &result);
        break;
    case MATHWIRE_END:
        server->end = true;
        result = (struct math_result){ 0 };
        break;
    default:
        return KSM_EINVAL;
    }
    error = ksmring_reserve(&service->replies, sizeof(struct mathwire_reply), &where, KSMRING_TRY);
    if (error < 0)
        return error == KSM_EAGAIN ? 0 : error; /* a client that does not read its replies loses them */
    reply = where;
    reply->number = request->number;
    reply->result = result;
    reply->check = mathwire_reply_check(reply, service->wanted);
    ksmring_commit(&service->replies, sizeof(struct mathwire_reply));
    return 0;
}

static void set_pending(struct server *server, uint index)
{
    __atomic_fetch_or(&server->shared->pending[index / 32], 1u << index % 32, __ATOMIC_SEQ_CST);
}

static void serve_slot(struct server *server, uint index)
{
    struct mathwire_slot *slot = &server->shared->slots[index];
    struct service *service = &server->services[index];
    uint wanted = __atomic_load_n(&slot->wanted, __ATOMIC_ACQUIRE);
    int error;

    if (wanted != service->wanted)
        open_slot(service, slot, wanted);
    if (!service->open)
        return;
    /* The slot's bit was cleared before: whatever this look does not show sets it again. */
    error = ksmring_look(&service->requests);
    for (int i = 0; error == 0 && i < BATCH; i++) {
        struct mathwire_request request;

        error = next_request(service, &request);
        if (error == 0)
            error = answer(server, service, &request);
        if (error == 0 && !ksmring_more(&service->requests))
            return;
    }
    if (error == 0)
        set_pending(server, index);
    else if (error != KSM_EAGAIN)
        close_slot(service, slot);
}

/* All slots. */

static void serve_all(struct server *server)
{
    for (uint i = 0; i * 32 < server->nslots; i++) {
        uint *word = &server->shared->pending[i];
        uint bits = __atomic_load_n(word, __ATOMIC_RELAXED);

        if (bits == 0)
            continue;
        for (bits = __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST); bits; bits &= bits - 1) {
            uint index = 32 * i + (uint)__builtin_ctz(bits);

            if (index < server->nslots)
                serve_slot(server, index);
        }
    }
}

static bool is_pending(const struct server *server)
{
    for (uint i = 0; i * 32 < server->nslots; i++)
        if (__atomic_load_n(&server->shared->pending[i], __ATOMIC_SEQ_CST))
            return true;
    return false;
}

/* Does the lock name another living server, which had it before it was damaged and this one took it?  That one has
   written its name again by then.  Later a server gives way to nobody: any client could write another server's name. */
static bool gives_way(const struct server *server, struct ksmself holder)
{
    struct procinfo me, other;

    return uptime() - server->begun < NEW_TICKS && (int)holder.pid > 0 && procinfo(getpid(), &me) == 0 &&
           procinfo((int)holder.pid, &other) == 0 && other.start == holder.start &&
           strcmp(me.name, other.name) == 0;
}

/* Writes the fields of the header. */
static void heal(struct server *server)
{
    struct mathwire_header *shared = server->shared;
    struct ksmself holder = ksmself_load(&shared->server.holder);

    if (!ksmself_same(holder, server->me)) {
        if (gives_way(server, holder))
            fail(1, "a server is running already, process %u", holder.pid);
        ksmself_replace(&shared->server.holder, holder, server->me);
    }
    __atomic_store_n(&shared->nslots, server->nslots, __ATOMIC_RELAXED);
    __atomic_store_n(&shared->version, MATHWIRE_VERSION, __ATOMIC_RELEASE);
}

/* Sleeps until a slot is pending. */
static void rest(struct server *server)
{
    uint *asleep = &server->shared->asleep;

    for (uint looks = ksmspin_begin(&server->spin); looks > 0; looks--)
        if (is_pending(server)) {
            ksmspin_end(&server->spin, 1);
            return;
        }
    ksmspin_end(&server->spin, 0);
    __atomic_store_n(asleep, 1, __ATOMIC_SEQ_CST);
    if (!is_pending(server))
        ksmwaitpeer(asleep, 1, HEAL_TICKS, -1);
    __atomic_store_n(asleep, 0, __ATOMIC_RELAXED);
}

static void serve(struct server *server)
{
    for (;;) {
        bool ending = server->end; /* once more: what was sent before the request to end */

        heal(server);
        serve_all(server);
        if (ending)
            return;
        if (!server->end)
            rest(server);
    }
}

/* Start and end. */

/* The number of slots in a segment of that size; 0 if it is not a Math Server's. */
static uint slots_in(uint nbytes)
{
    uint nslots;

    if (nbytes < mathwire_nbytes(1))
        return 0;
    nslots = (nbytes - mathwire_nbytes(0)) / sizeof(struct mathwire_slot);
    return nslots <= MATHWIRE_MAX_SLOTS && mathwire_nbytes(nslots) == nbytes ? nslots : 0;
}

/* Finds or creates the segment, and attaches it.  Returns its handle, or an error. */
static int attach(struct server *server, const char *id, uint nslots)
{
    for (;;) {
        struct ksminfo_t info = { 0 };
        int handle = ksmget_parse(id, mathwire_nbytes(nslots), KSM_CREATE);
        int error;

        if (handle == KSM_ESIZE) /* what a dead server left may be smaller */
            handle = ksmget_parse(id, 0, KSM_OPEN);
        if (handle == KSM_ENOENT)
            continue;
        if (handle < 0)
            return handle;
        server->shared = ksmattach(handle, KSM_RDWR);
        error = ksmerror(server->shared);
        if (error == KSM_EHANDLE) /* it was marked, and its last attachment is gone */
            continue;
        if (error == 0)
            error = ksminfo(handle, &info);
        if (error < 0)
            return error;
        server->nslots = slots_in(info.ksmsz);
        return handle;
    }
}

static void begin(struct server *server, const char *name, uint nslots)
{
    int handle = attach(server, name, nslots);
    struct mathwire_header *shared = server->shared;
    int result;

    if (handle < 0)
        fail(1, "%s: %s", ksmid_show(name), ksmstrerror(handle));
    if (server->nslots == 0)
        fail(1, "%s: another program uses the segment", ksmid_show(name));
    result = ksmlock_try(&shared->server);
    if (result == KSM_EAGAIN)
        fail(1, "%s: a server is running already, process %d", ksmid_show(name),
             ksmlock_holder(&shared->server));
    server->begun = uptime();
    ksmdelete(handle);
    server->services = calloc(server->nslots, sizeof(struct service));
    if (!server->services)
        fail(1, "out of memory");
    memset(shared->pending, 0, sizeof(shared->pending));
    for (uint i = 0; i < server->nslots; i++) {
        uint wanted = shared->slots[i].opened + CLOSED;

        server->services[i].wanted = wanted;
        shared->slots[i].opened = shared->slots[i].wanted = wanted;
    }
    __atomic_store_n(&shared->asleep, 0, __ATOMIC_SEQ_CST);
}

/* Clients that wait find the lock free, and are woken when this process ends. */
static void end(struct server *server)
{
    __atomic_store_n(&server->shared->version, 0, __ATOMIC_SEQ_CST);
    ksmlock_release(&server->shared->server);
}

static void usage(void)
{
    fail(2, "usage: mathserver [-i ID] [-n SLOTS], with 1 to %u SLOTS", MATHWIRE_MAX_SLOTS);
}

int main(int argc, char *argv[])
{
    struct server server = { .me = ksmself() };
    const char *name = MATHWIRE_NAME;
    int nslots = DEFAULT_SLOTS, option;

    while ((option = getopt(argc, argv, "i:n:")) >= 0) {
        if (option == 'i')
            name = optarg;
        else if (option != 'n' || !parse_number(optarg, &nslots) || nslots < 1 ||
                 nslots > (int)MATHWIRE_MAX_SLOTS)
            usage();
    }
    if (optind < argc)
        usage();
    begin(&server, name, (uint)nslots);
    serve(&server);
    end(&server);
    return 0;
}
