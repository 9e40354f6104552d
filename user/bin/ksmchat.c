/*
 * ksmchat.c - several people in one room.
 *
 *   ksmchat [-lr] [-p PEOPLE] ROOM NAME
 *
 * Each line of standard input goes to everybody else in the room, who see "NAME: LINE".  ROOM is an identifier,
 * a number or a name.  -p: begins when that many people are there.  -l: listens on after the end of the input,
 * until the others have reached the end of theirs.  Without it the end of the input is the end.
 *
 * A room is a segment with seats.  A seat belongs to the person that holds its lock, and has a ring with the lines
 * for that person; its generation changes with its owner, so that nobody gets what was meant for the one before.
 * Each person has two processes: one reads lines and sends them, the other reads the ring and prints, so a person
 * that sends can still be sent to.  The segment goes when the last one leaves, or dies.
 *
 * A person that does not read in time misses lines, rather than hold everybody up: the seat counts them, and the
 * person sees how many were lost.  Nothing in the segment is trusted: it may be another program's, or a
 * member may write anything there, and at worst lines are lost or the program ends with a message.
 *
 * -r: a robot comes along, so that one person can try it.
 */
#include "ksmlock.h"
#include "ksmring.h"
#include "mathexpr.h"
#include "procinfo.h"
#include "ulib.h"

#define NSEATS     64u
#define INBOX      2048u /* bytes of a ring */
#define NAME_SIZE  32
#define TEXT_SIZE  800         /* bytes: longer lines go in pieces */
#define MARK       0x63686174u /* "chat": the room is furnished */
#define LOOK_TICKS 5           /* between counts of the people */
#define DOOR_TICKS 500         /* for others to come in, before us */
#define ROOM_TICKS 50          /* for room in an inbox, of a person that has kept up with the last ... */
#define TRUST      32          /* ... so many messages */
#define END_TICKS  1000        /* for our second process to print what is there */

enum kind { LINE, COMES, LEAVES, END /* to the sender's own second process */ };

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
    uint nlost; /* messages to its owner that did not fit */
    uchar inbox[KSMRING_NBYTES(INBOX, NSEATS + 1)] __attribute__((aligned(64)));
};

struct room {
    uint mark;           /* MARK; 0: it is not furnished yet */
    struct ksmlock door; /* held while somebody comes */
    struct seat seats[NSEATS] __attribute__((aligned(64)));
};

/* What a person knows of another one's seat. */
struct other {
    struct ksmring inbox;
    bool joined;
    uint generation; /* of the person there */
    uint nkept_up;   /* messages to that person that fitted in a row */
};

struct person {
    const char *id; /* of the room */
    struct room *room;
    uint seat, generation;
    const char *name;
    struct other others[NSEATS];
};

/* Coming and going. */

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

/* Goes in, and holds the door. */
static void enter_room(struct person *person)
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

static void set_state(struct person *person, enum state state)
{
    __atomic_store_n(&person->room->seats[person->seat].state, state, __ATOMIC_SEQ_CST);
}

static void take_seat(struct person *person)
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

/* The number of living people, or of those that may still say something. */
static uint count_people(const struct room *room, bool talking)
{
    uint n = 0;

    for (uint i = 0; i < NSEATS; i++) {
        const struct seat *seat = &room->seats[i];
        uint state = __atomic_load_n(&seat->state, __ATOMIC_ACQUIRE);

        n += (state == TALKS || (state == LISTENS && !talking)) && is_taken(seat);
    }
    return n;
}

/* Talking. */

/* What we know of the person in a seat; NULL: its inbox is damaged, or full of writers. */
static struct other *look_at(struct person *person, uint index, uint generation)
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

/* A person that keeps up may take its time; one that does not loses the message. */
static void send_to(struct person *person, uint index, struct message *message, uint n)
{
    struct seat *seat = &person->room->seats[index];
    struct other *other;

    message->generation = __atomic_load_n(&seat->generation, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&seat->state, __ATOMIC_ACQUIRE) == EMPTY || ksmlock_holder(&seat->owner) == 0)
        return;
    other = look_at(person, index, message->generation);
    if (!other)
        return;
    if (ksmring_write(&other->inbox, message, MESSAGE_HEAD + n,
                      other->nkept_up < TRUST ? KSMRING_TRY : ROOM_TICKS)) {
        __atomic_fetch_add(&seat->nlost, 1, __ATOMIC_RELAXED);
        other->nkept_up = 0;
    } else {
        other->nkept_up++;
    }
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

/* The second process. */

/* Opens the inbox.  Its last reader, of a person that died, may take a moment to go. */
static void open_inbox(const struct person *person, struct ksmring *ring)
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

static void print_message(struct message *message, int n)
{
    make_printable(message->name, strlen(message->name));
    make_printable(message->text, (uint)n);
    if (message->kind == LINE)
        must_print("%s: %.*s\n", message->name, n, message->text);
    else if (message->kind != END)
        must_print("* %s %s\n", message->name, message->kind == COMES ? "comes" : "leaves");
}

/* Prints how many messages were lost since the last report; returns how many in all. */
static uint report_lost(const uint *nlost, uint told)
{
    uint now = __atomic_load_n(nlost, __ATOMIC_RELAXED);

    if (now != told)
        must_print("* %u lost\n", now - told);
    return now;
}

/* Prints what comes in until the first process tells it to end, or has died. */
static void listen(const struct person *person, struct ksmself first)
{
    const uint *nlost = &person->room->seats[person->seat].nlost;
    struct message message;
    struct ksmring ring;
    uint told = 0;

    open_inbox(person, &ring);
    for (;;) {
        int n = ksmring_read(&ring, &message, sizeof(message), 100);

        if (n == KSM_EINVAL || n == KSM_ESIZE)
            fail(1, "%s: the segment is damaged", ksmid_show(person->id));
        if (n < (int)MESSAGE_HEAD) {
            if (!ksmself_lives(first))
                exits(1);
            if (n != KSM_ETIMEDOUT)
                sleep(LOOK_TICKS); /* nobody else is there now */
            continue;
        }
        message.name[NAME_SIZE - 1] = 0;
        if (message.generation != person->generation)
            continue;
        print_message(&message, n - (int)MESSAGE_HEAD);
        told = report_lost(nlost, told);
        if (message.kind == END)
            break;
    }
    ksmring_leave(&ring, KSMRING_READER);
    exits(0);
}

/* Tells the second process to end, and waits for that; it may be stuck.  Returns its status. */
static int end_listener(struct person *person, int pid)
{
    struct message message = { .kind = END, .generation = person->generation };
    struct other *self = look_at(person, person->seat, person->generation);
    struct procinfo info;
    int begin = uptime(), status = 1;

    if (!self || ksmring_write(&self->inbox, &message, MESSAGE_HEAD, END_TICKS) < 0)
        kill(pid);
    while (procinfo(pid, &info) == 0 && uptime() - begin < END_TICKS)
        sleep(LOOK_TICKS);
    kill(pid);
    for (int ended = 0; ended >= 0 && ended != pid;) /* there may be a robot, too */
        ended = waits(&status);
    return status;
}

/* A robot, for a person that is alone. */

#define ROBOT "robot"

/* What the robot says to a line. */
static void answer(const char *name, const char *line, char *say, uint size)
{
    struct math_result result;
    uint n = strlen(line);

    math_evaluate(line, (int)n, &result);
    if (result.status == MATH_OK)
        snprintf(say, size, "%s is %.10g", line, result.value);
    else if (result.status < MATH_OPERAND) {
        n = (uint)snprintf(say, size, "I cannot compute that: ");
        math_message(&result, say + n);
    } else if (strncmp(line, "I ", 2) == 0)
        snprintf(say, size, "why do you say that you %s?", line + 2);
    else if (n > 0 && line[n - 1] == '?')
        snprintf(say, size, "I only know sums, like 6*7.  What do you think, %s?", name);
    else
        snprintf(say, size, "you say \"%s\", %s: tell me more, or give me a sum", line, name);
}

/* false: that was all, since the person leaves. */
static bool react(struct person *robot, struct message *message, uint n)
{
    char say[TEXT_SIZE + NAME_SIZE + 100];

    message->text[n < TEXT_SIZE ? n : TEXT_SIZE - 1] = 0;
    if (message->kind == COMES)
        snprintf(say, sizeof(say), "hello, %s: I am process %d, in the same segment as you", message->name,
                 getpid());
    else if (message->kind == LINE)
        answer(message->name, message->text, say, sizeof(say));
    if (message->kind != COMES && message->kind != LINE)
        return message->kind != LEAVES;
    n = strlen(say);
    broadcast(robot, LINE, say, n < TEXT_SIZE ? n : TEXT_SIZE);
    return true;
}

/* Talks until its person leaves, or has died. */
static void be_robot(struct person *robot, struct ksmself person)
{
    struct message message;
    struct ksmring ring;
    bool stays = true;

    robot->name = ROBOT;
    enter_room(robot);
    take_seat(robot);
    open_inbox(robot, &ring);
    set_state(robot, LISTENS); /* nobody waits for the end of what it has to say */
    while (stays && ksmself_lives(person)) {
        int n = ksmring_read(&ring, &message, sizeof(message), 100);

        message.name[NAME_SIZE - 1] = 0;
        if (n >= (int)MESSAGE_HEAD && message.generation == robot->generation)
            stays = react(robot, &message, (uint)n - MESSAGE_HEAD);
        else if (n < 0 && n != KSM_ETIMEDOUT)
            sleep(LOOK_TICKS);
    }
    ksmring_leave(&ring, KSMRING_READER);
    set_state(robot, EMPTY);
    ksmlock_release(&robot->room->seats[robot->seat].owner);
    exits(0);
}

/* Returns its pid. */
static int start_robot(struct person *person)
{
    struct ksmself me = ksmself();
    int pid = fork();

    if (pid < 0)
        fail(1, "no process");
    if (pid == 0)
        be_robot(person, me);
    return pid;
}

static void wait_for_people(const struct person *person, int people, int robot)
{
    struct procinfo info;

    while ((int)count_people(person->room, false) < people) {
        if (robot > 0 && procinfo(robot, &info) < 0)
            fail(1, "the robot has died");
        sleep(LOOK_TICKS);
    }
}

/* The robot has heard all, and its answers are in our inbox. */
static void end_robot(int robot)
{
    struct procinfo info;

    for (int begin = uptime(); procinfo(robot, &info) == 0 && uptime() - begin < END_TICKS;)
        sleep(LOOK_TICKS);
    kill(robot);
}

static void usage(void)
{
    fail(2, "usage: ksmchat [-lr] [-p PEOPLE] ROOM NAME, at most %d characters of NAME and %u PEOPLE",
         NAME_SIZE - 1, NSEATS);
}

/* What the command line asks for. */
struct options {
    bool stays; /* -l */
    bool robot;
    int people;
};

/* Fills in the room and the name, too. */
static void parse_options(int argc, char *argv[], struct options *options, struct person *person)
{
    int option;

    while ((option = getopt(argc, argv, "lrp:")) >= 0) {
        if (option == 'l')
            options->stays = true;
        else if (option == 'r')
            options->robot = true;
        else if (option != 'p' || !parse_number(optarg, &options->people) || options->people < 0 ||
                 options->people > (int)NSEATS)
            usage();
    }
    if (argc - optind != 2 || strlen(argv[optind + 1]) >= NAME_SIZE)
        usage();
    if (options->robot && options->people < 2)
        options->people = 2;
    person->id = argv[optind];
    person->name = argv[optind + 1];
}

/* Has the second process read the inbox; returns its pid. */
static int start_listener(const struct person *person)
{
    struct ksmself me = ksmself();
    int pid = fork();

    if (pid < 0)
        fail(1, "no process");
    if (pid == 0)
        listen(person, me);
    return pid;
}

int main(int argc, char *argv[])
{
    static struct person person;
    struct options options = { 0 };

    parse_options(argc, argv, &options, &person);
    int robot = options.robot ? start_robot(&person) : 0;
    enter_room(&person);
    take_seat(&person);
    int listener = start_listener(&person);
    if (robot)
        wait_for_people(&person, options.people, robot);
    broadcast(&person, COMES, "", 0);
    if (count_people(person.room, false) < 2)
        must_print("* nobody else is here yet\n");
    wait_for_people(&person, options.people, robot);
    talk(&person);
    set_state(&person, LISTENS);
    while (options.stays && count_people(person.room, true) > 0)
        sleep(LOOK_TICKS);
    broadcast(&person, LEAVES, "", 0);
    if (robot)
        end_robot(robot);
    int status = end_listener(&person, listener);
    set_state(&person, EMPTY);
    ksmlock_release(&person.room->seats[person.seat].owner);
    return status == 0 ? 0 : 1;
}
