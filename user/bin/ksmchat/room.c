/*
 * room.c - a room: its seats, who sits there, and messages to them.
 *
 * Nothing in the segment is trusted: it may be another program's, or a member may write anything there.
 */
#include "room.h"

#include "procinfo.h"

#define MARK       0x63686174u /* "chat": the room is furnished */
#define DOOR_TICKS 500         /* for others to come in, before us */
#define ROOM_TICKS 50          /* for all inboxes that have no room for a message, together */
#define TRUST      32          /* only for people that have kept up with this many messages */

/* Attaches the segment; its handle, and its size in *nbytes. */
static int attach_room(struct person *person, uint *nbytes)
{
    const char *id = person->id;

    for (;;) {
        int handle = ksmget_parse(id, sizeof(struct room), KSM_CREATE), error = handle;
        struct room *room = handle < 0 ? NULL : ksmattach(handle, KSM_RDWR);
        struct ksminfo_t info = { 0 };

        if (handle > 0)
            error = ksmerror(room);
        if (handle > 0 && error == 0)
            error = ksminfo(handle, &info);
        if (error == KSM_EHANDLE)
            continue; /* the last one has just left */
        if (error == KSM_ESIZE)
            fail(1, "%s: the segment is used by another program", ksmid_show(id));
        if (error < 0)
            fail(1, "%s: %s", ksmid_show(id), ksmstrerror(error));
        *nbytes = info.ksmsz;
        person->room = room;
        return handle;
    }
}

/* The first person makes the rings, once: later owners of a seat use its ring as it is.  Returns whether they are
   there. */
static bool furnish(struct room *room)
{
    if (room->mark == MARK)
        return true;
    for (uint i = 0; i < NSEATS; i++) {
        struct ksmring ring;

        if (ksmring_create(&ring, room->seats[i].inbox, INBOX, 1, NSEATS) < 0)
            return false;
    }
    __atomic_store_n(&room->mark, MARK, __ATOMIC_RELEASE);
    return true;
}

void enter_room(struct person *person)
{
    uint nbytes, mark;
    int handle = attach_room(person, &nbytes), result;

    mark = nbytes < sizeof(struct room) ? ~0u : __atomic_load_n(&person->room->mark, __ATOMIC_ACQUIRE);
    if (nbytes != sizeof(struct room) || (mark != MARK && mark != 0))
        fail(1, "%s: the segment is used by another program", ksmid_show(person->id));
    ksmdelete(handle); /* it goes with the last of us */
    result = ksmlock_acquire(&person->room->door, DOOR_TICKS);
    if (result != 0 && result != KSM_EOWNERDEAD) /* a dead one may have furnished in part: it is done again */
        fail(1, "%s: nobody opens: %s", ksmid_show(person->id), ksmstrerror(result));
    if (!furnish(person->room))
        fail(1, "%s: the room can't be furnished", ksmid_show(person->id));
}

void set_state(struct person *person, enum state state)
{
    __atomic_store_n(&person->room->seats[person->seat].state, state, __ATOMIC_SEQ_CST);
}

void take_seat(struct person *person)
{
    struct room *room = person->room;

    for (uint i = 0; i < NSEATS; i++) {
        struct seat *seat = &room->seats[i];
        int result = ksmlock_try(&seat->owner);

        if (result != 0 && result != KSM_EOWNERDEAD)
            continue;
        person->seat = i;
        person->generation = ++seat->generation;
        seat->nlost = 0;
        set_state(person, TALKS);
        ksmlock_release(&room->door);
        return;
    }
    ksmlock_release(&room->door);
    fail(1, "%s: the room is full", ksmid_show(person->id));
}

/* Does a living ksmchat hold the seat?  A hostile writer may have put any other process there. */
static bool is_taken(const struct seat *seat)
{
    struct procinfo me, info;
    int pid = ksmlock_holder(&seat->owner);

    return pid > 0 && procinfo(pid, &info) == 0 && procinfo(getpid(), &me) == 0 &&
           strcmp(info.name, me.name) == 0;
}

uint count_people(const struct room *room, bool talking)
{
    uint n = 0;

    for (uint i = 0; i < NSEATS; i++) {
        const struct seat *seat = &room->seats[i];
        uint state = __atomic_load_n(&seat->state, __ATOMIC_ACQUIRE);

        n += (state == TALKS || (state == LISTENS && !talking)) && is_taken(seat);
    }
    return n;
}

void leave_room(struct person *person)
{
    set_state(person, EMPTY);
    ksmlock_release(&person->room->seats[person->seat].owner);
}

bool lives(int pid)
{
    struct procinfo info;

    return procinfo(pid, &info) == 0;
}

void await_end(int pid)
{
    int begin = uptime();

    while (lives(pid) && uptime() - begin < END_TICKS)
        sleep(LOOK_TICKS);
    kill(pid);
}

/* Messages. */

struct other *look_at(struct person *person, uint index, uint generation)
{
    struct other *other = &person->others[index];
    struct seat *seat = &person->room->seats[index];

    if (!other->joined) {
        if (ksmring_open(&other->inbox, seat->inbox, sizeof(seat->inbox)) < 0 ||
            ksmring_join(&other->inbox, KSMRING_WRITER) < 0)
            return NULL;
        other->joined = true;
    }
    if (other->generation != generation) { /* a new person, of whom we think well */
        other->generation = generation;
        other->nkept_up = TRUST;
    }
    return other;
}

/* A person that keeps up may take its time, while some is left; one that does not loses the message. */
static void send_to(struct person *person, uint index, struct message *message, uint n, int begin)
{
    struct seat *seat = &person->room->seats[index];
    int left = begin + ROOM_TICKS - uptime();
    struct other *other;

    message->generation = __atomic_load_n(&seat->generation, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&seat->state, __ATOMIC_ACQUIRE) == EMPTY || ksmlock_holder(&seat->owner) == 0)
        return;
    other = look_at(person, index, message->generation);
    if (!other)
        return;
    if (ksmring_write(&other->inbox, message, MESSAGE_HEAD + n,
                      other->nkept_up < TRUST || left <= 0 ? KSMRING_TRY : left)) {
        __atomic_fetch_add(&seat->nlost, 1, __ATOMIC_RELAXED);
        other->nkept_up = 0;
    } else {
        other->nkept_up++;
    }
}

void broadcast(struct person *person, enum kind kind, const char *text, uint n)
{
    struct message message = { .kind = kind };
    int begin = uptime();

    strcpy(message.name, person->name);
    memcpy(message.text, text, n);
    for (uint i = 0; i < NSEATS; i++)
        if (i != person->seat)
            send_to(person, i, &message, n, begin);
}

/* The last reader, of a person that died, may take a moment to go. */
void open_inbox(const struct person *person, struct ksmring *ring)
{
    struct seat *seat = &person->room->seats[person->seat];
    int error = ksmring_open(ring, seat->inbox, sizeof(seat->inbox));

    for (int tries = 0; error == 0 && tries < END_TICKS; tries += LOOK_TICKS) {
        error = ksmring_join(ring, KSMRING_READER);
        if (error == 0)
            return;
        if (error == KSM_ENOSPC)
            error = 0;
        sleep(LOOK_TICKS);
    }
    fail(1, "%s: the segment is damaged", ksmid_show(person->id));
}
