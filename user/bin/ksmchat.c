/*
 * ksmchat.c - several people in one room.
 *
 *   ksmchat [-p PEOPLE] [-l] ROOM NAME
 *
 * Each line of standard input goes to everybody else in the room, who see "NAME: LINE".  ROOM is an identifier,
 * a number or a name.  -p: begins when that many people are there.  -l: listens on after the end of the input,
 * until the others have reached the end of theirs.  Without it the end of the input is the end.
 *
 * A room is a segment with seats.  A seat belongs to the person that holds its lock, and has a ring with the lines
 * for that person; its generation changes with its owner, so that nobody gets what was meant for the one before.
 * Each person has two processes: one reads lines and sends them, the other reads the ring and prints, so a person
 * that sends can still be sent to.  The segment goes when the last one leaves, or dies.
 */
#include "ksmlock.h"
#include "ksmring.h"
#include "ulib.h"

#define NSEATS     64u
#define INBOX      2048u /* bytes of a ring */
#define NAME_SIZE  32
#define TEXT_SIZE  800 /* bytes: longer lines go in pieces */
#define READY      0x63686174u
#define LOOK_TICKS 5 /* between counts of the people */

enum kind { LINE, COMES, LEAVES, END /* to one's own second process */ };

enum state { EMPTY, TALKS, LISTENS };

struct message {
    uint generation;
    uint kind;
    char name[NAME_SIZE];
    char text[TEXT_SIZE];
};
#define MESSAGE_HEAD (sizeof(struct message) - TEXT_SIZE)

struct seat {
    struct ksmlock owner;
    uint generation;
    uint state; /* enum state */
    uchar inbox[KSMRING_NBYTES(INBOX, NSEATS + 1)] __attribute__((aligned(64)));
};

struct room {
    struct ksmlock door; /* held while somebody comes */
    uint ready;
    struct seat seats[NSEATS] __attribute__((aligned(64)));
};

struct person {
    struct room *room;
    uint seat, generation;
    const char *name;
    struct ksmring inboxes[NSEATS];
    bool joined[NSEATS];
};

/* Coming and going. */

static struct room *enter_room(const char *id)
{
    for (;;) {
        int handle = ksmget(ksmid_parse(id), sizeof(struct room), KSM_CREATE);
        struct room *room = handle < 0 ? NULL : ksmattach(handle, KSM_RDWR);

        if (handle >= 0 && ksmerror(room) == KSM_EHANDLE)
            continue; /* the last one has just left */
        if (handle < 0 || ksmerror(room) < 0)
            fail(1, "%s: %s", id, ksmstrerror(handle < 0 ? handle : ksmerror(room)));
        ksmdelete(handle);
        return room;
    }
}

/* The first person makes the rings, once: later owners of a seat use its ring as it is. */
static void furnish(struct room *room)
{
    struct ksmring ring;

    if (room->ready == READY)
        return;
    for (uint i = 0; i < NSEATS; i++)
        ksmring_create(&ring, room->seats[i].inbox, INBOX, 1, NSEATS);
    __atomic_store_n(&room->ready, READY, __ATOMIC_RELEASE);
}

static void set_state(struct person *person, enum state state)
{
    __atomic_store_n(&person->room->seats[person->seat].state, state, __ATOMIC_SEQ_CST);
}

static void take_seat(struct person *person)
{
    struct room *room = person->room;

    ksmlock_acquire(&room->door, 0); /* if its holder died, furnish() begins again or is done */
    furnish(room);
    for (uint i = 0; i < NSEATS; i++) {
        struct seat *seat = &room->seats[i];

        if (ksmlock_try(&seat->owner) == KSM_EAGAIN)
            continue;
        person->seat = i;
        person->generation = ++seat->generation;
        set_state(person, TALKS);
        ksmlock_release(&room->door);
        return;
    }
    ksmlock_release(&room->door);
    fail(1, "the room is full");
}

/* The number of living people, or of those that may still say something. */
static uint count_people(const struct room *room, bool talking)
{
    uint n = 0;

    for (uint i = 0; i < NSEATS; i++) {
        const struct seat *seat = &room->seats[i];
        uint state = __atomic_load_n(&seat->state, __ATOMIC_ACQUIRE);

        n += (state == TALKS || (state == LISTENS && !talking)) && ksmlock_holder(&seat->owner) != 0;
    }
    return n;
}

static struct ksmring *inbox_of(struct person *person, uint index)
{
    struct ksmring *ring = &person->inboxes[index];
    struct seat *seat = &person->room->seats[index];

    if (!person->joined[index]) {
        if (ksmring_open(ring, seat->inbox, sizeof(seat->inbox)) < 0 ||
            ksmring_join(ring, KSMRING_WRITER) < 0)
            return NULL;
        person->joined[index] = true;
    }
    return ring;
}

/* Talking. */

/* Waits while that inbox is full.  Sends nothing to a person that is gone. */
static void send_to(struct person *person, uint index, struct message *message, uint n)
{
    struct seat *seat = &person->room->seats[index];
    struct ksmring *ring;

    message->generation = __atomic_load_n(&seat->generation, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&seat->state, __ATOMIC_ACQUIRE) == EMPTY || ksmlock_holder(&seat->owner) == 0)
        return;
    ring = inbox_of(person, index);
    if (ring)
        ksmring_write(ring, message, MESSAGE_HEAD + n, 0);
}

static void broadcast(struct person *person, enum kind kind, const char *text, uint n)
{
    struct message message = { .kind = kind };

    strcpy(message.name, person->name);
    memcpy(message.text, text, n);
    for (uint i = 0; i < NSEATS; i++)
        if (i != person->seat)
            send_to(person, i, &message, n);
}

static void talk(struct person *person)
{
    struct line_reader reader = LINE_READER(0);
    char *line;
    uint n;

    while ((line = line_next(&reader, &n)) != NULL)
        do {
            uint part = n < TEXT_SIZE ? n : TEXT_SIZE;

            broadcast(person, LINE, line, part);
            line += part;
            n -= part;
        } while (n > 0);
}

/* The second process: prints what comes in until the first tells it to end, or has died. */
static void listen(const struct person *person, struct ksmself first)
{
    struct seat *seat = &person->room->seats[person->seat];
    struct message message;
    struct ksmring ring;

    ksmring_open(&ring, seat->inbox, sizeof(seat->inbox));
    ksmring_join(&ring, KSMRING_READER);
    for (;;) {
        int n = ksmring_read(&ring, &message, sizeof(message), 100);

        if (n == KSM_EINVAL)
            fail(1, "the segment is damaged");
        if (n < (int)MESSAGE_HEAD) {
            if (!ksmself_lives(first))
                exits(1);
            if (n != KSM_ETIMEDOUT && n != KSM_EAGAIN)
                sleep(1); /* nobody else is there now */
            continue;
        }
        if (message.generation != person->generation)
            continue;
        message.name[NAME_SIZE - 1] = 0;
        if (message.kind == END)
            break;
        if (message.kind == LINE)
            printf(1, "%s: %.*s\n", message.name, n - (int)MESSAGE_HEAD, message.text);
        else
            printf(1, "* %s %s\n", message.name, message.kind == COMES ? "comes" : "leaves");
    }
    ksmring_leave(&ring, KSMRING_READER);
    exits(0);
}

static void end_listener(struct person *person)
{
    struct message message = { .kind = END };

    send_to(person, person->seat, &message, 0);
}

static void usage(void)
{
    fail(2, "usage: ksmchat [-p PEOPLE] [-l] ROOM NAME, a NAME of at most %d characters", NAME_SIZE - 1);
}

int main(int argc, char *argv[])
{
    static struct person person;
    int people = 0, i = 1, pid, status;
    bool stay = false;
    struct ksmself me;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "-l") == 0)
            stay = true;
        else if (strcmp(argv[i], "-p") != 0 || ++i == argc || !parse_number(argv[i], &people))
            usage();
    }
    if (argc - i != 2 || strlen(argv[i + 1]) >= NAME_SIZE)
        usage();
    person.name = argv[i + 1];
    person.room = enter_room(argv[i]);
    take_seat(&person);
    me = ksmself();
    pid = fork();
    if (pid < 0)
        fail(1, "no process");
    if (pid == 0)
        listen(&person, me);
    broadcast(&person, COMES, "", 0);
    while ((int)count_people(person.room, false) < people)
        sleep(LOOK_TICKS);
    talk(&person);
    set_state(&person, LISTENS);
    while (stay && count_people(person.room, true) > 0)
        sleep(LOOK_TICKS);
    broadcast(&person, LEAVES, "", 0);
    end_listener(&person);
    waits(&status);
    set_state(&person, EMPTY);
    ksmlock_release(&person.room->seats[person.seat].owner);
    return 0;
}
