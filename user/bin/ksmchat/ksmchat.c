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
#include "robot.h"

/* false: the input could not be read to its end. */
static bool talk(struct person *person)
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
    if (reader.failed)
        warn("input: read error");
    return !reader.failed;
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
    int status = 1;

    if (!self || ksmring_write(&self->inbox, &message, MESSAGE_HEAD, END_TICKS) < 0)
        kill(pid);
    await_end(pid);
    for (int ended = 0; ended >= 0 && ended != pid;) /* there may be a robot, too */
        ended = waits(&status);
    return status;
}

static void wait_for_people(const struct person *person, int people, int robot)
{
    while ((int)count_people(person->room, false) < people) {
        if (robot > 0 && !lives(robot))
            fail(1, "the robot has died");
        sleep(LOOK_TICKS);
    }
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
    bool all = talk(&person);
    set_state(&person, LISTENS);
    while (options.stays && count_people(person.room, true) > 0) {
        sleep(LOOK_TICKS);
        set_state(&person, LISTENS); /* others may have written there: two people would wait for each other */
    }
    broadcast(&person, LEAVES, "", 0);
    if (robot)
        await_end(robot);
    int status = end_listener(&person, listener);
    leave_room(&person);
    return all && status == 0 ? 0 : 1;
}
