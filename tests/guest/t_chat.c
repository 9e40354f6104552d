/*
 * t_chat.c - ksmchat, as a program: everyone sees what the others say, nobody waits for the dead, and a foreign or
 * hostile segment is refused or survived.
 */
#include "chance.h"
#include "ksmlock.h"
#include "ksmring.h"
#include "procinfo.h"
#include "program.h"

#define OUTPUT_SIZE (128 * 1024)
#define NLINES      200
#define BATCH       20 /* lines, which fit into an inbox: no listener is too slow for them */

static char output[OUTPUT_SIZE]; /* what a member printed */

struct chatter {
    int in, out;
};

static struct chatter start_chatter(char *people, char *name)
{
    char *argv[] = { "/ksmchat", "-l", "-p", people, segment_id, name, NULL };
    struct chatter chatter;
    int in[2], out[2];

    check_eq(pipe(in), 0);
    check_eq(pipe(out), 0);
    tap_start_program(argv, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    chatter.in = in[1];
    chatter.out = out[0];
    return chatter;
}

static void say(const struct chatter *chatter, const char *text)
{
    check_eq(write_all(chatter->in, text, (int)strlen(text)), 0);
}

/* Reads what a member prints until both have come. */
static void listen_for(int fd, const char *one, const char *two)
{
    int n = 0, got;

    output[0] = 0;
    while (!contains(output, one) || !contains(output, two)) {
        got = read(fd, output + n, OUTPUT_SIZE - 1 - n);
        check(got > 0);
        n += got;
        output[n] = 0;
    }
}

/* Reads what a member prints until it ends. */
static void read_rest(const struct chatter *chatter)
{
    read_all(chatter->out, output, sizeof(output));
    close(chatter->out);
}

TEST("ksmchat shows each member what the others say, and not its own lines")
{
    static char *names[] = { "ann", "bob", "cyd" };
    static const char *said[] = { "hello from ann\n", "hello from bob\n", "hello from cyd\n" };
    struct chatter chatters[3];

    segment_choose();
    for (int i = 0; i < 3; i++)
        chatters[i] = start_chatter("3", names[i]);
    for (int i = 0; i < 3; i++) {
        say(&chatters[i], said[i]);
        close(chatters[i].in);
    }
    for (int i = 0; i < 3; i++) {
        read_rest(&chatters[i]);
        for (int k = 0; k < 3; k++)
            check_eq(contains(output, said[k]), k != i);
    }
    tap_join_all(3);
    check(!segment_exists());
}

TEST("ksmchat keeps what others write from controlling the terminal")
{
    struct chatter ann, bob;

    segment_choose();
    bob = start_chatter("2", "bob");
    listen_for(bob.out, "* nobody else is here yet\n", "");
    ann = start_chatter("2", "a\033n\nn"); /* so bob learns that she comes */
    say(&ann, "\033[2J\tb\xc3\xa4h\a\n");
    listen_for(bob.out, "* a?n?n comes\n", "\na?n?n: ?[2J\tb\xc3\xa4h?\n");
    close(ann.in);
    close(bob.in);
    tap_join_all(2);
    close(ann.out);
    close(bob.out);
}

TEST("ksmchat tells at once that nobody else is in the room")
{
    struct chatter first, second;

    segment_choose();
    first = start_chatter("1", "ann");
    listen_for(first.out, "* nobody else is here yet\n", "");
    second = start_chatter("2", "bob");
    listen_for(first.out, "* bob comes\n", "");
    close(first.in);
    close(second.in);
    read_rest(&second);
    check(!contains(output, "nobody else"));
    close(first.out);
    close(second.out);
    tap_join_all(2);
}

TEST("ksmchat loses no line, and keeps their order")
{
    struct chatter talker, listener;
    char line[24];

    segment_choose();
    talker = start_chatter("2", "t");
    listener = start_chatter("2", "l");
    for (int i = 0; i < NLINES; i++) {
        const char *at = output;

        snprintf(line, sizeof(line), "t: line %d\n", i);
        say(&talker, line + 3);
        if (i % BATCH < BATCH - 1)
            continue;
        listen_for(listener.out, line, "");
        for (int k = i - BATCH + 1; k <= i; k++) {
            snprintf(line, sizeof(line), "t: line %d\n", k);
            check((at = strstr(at, line)));
        }
    }
    close(talker.in);
    close(listener.in);
    read_rest(&listener);
    close(talker.out);
    tap_join_all(2);
}

TEST("ksmchat goes on without a member that was killed")
{
    char *argv[] = { "/ksmchat", segment_id, "dead", NULL };
    struct chatter talker, listener;
    int pid, in[2], out[2], status;

    segment_choose();
    check_eq(pipe(in), 0);
    check_eq(pipe(out), 0);
    pid = tap_start_program(argv, in[0], out[1]);
    talker = start_chatter("3", "t");
    listener = start_chatter("3", "l");
    say(&talker, "one\n");
    say(&listener, "here\n");
    listen_for(out[0], "t: one\n", "l: here\n"); /* both have seen that all three are there */
    kill(pid);
    say(&talker, "two\n");
    close(talker.in);
    close(listener.in);
    read_rest(&listener);
    check(contains(output, "t: one\n"));
    check(contains(output, "t: two\n"));
    close(talker.out);
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
    }
    for (int i = 0; i < 3; i++) {
        check(waits(&status) > 0);
        check(status == 0 || status == KILLED);
    }
    wait_until(!segment_exists()); /* the second process of the dead member is init's to wait for */
}

TEST("ksmchat is not held up by a member that does not read, which learns how much it missed")
{
    struct chatter talker, listener, mute;
    const int nlines = 3 * NLINES;
    int status;

    segment_choose();
    mute = start_chatter("3", "m");
    talker = start_chatter("3", "t");
    listener = start_chatter("3", "l");
    for (int i = 0; i < nlines; i++) { /* together more than a pipe and an inbox hold */
        char line[80];

        snprintf(line, sizeof(line), "%060d\n", i);
        say(&talker, line);
        listen_for(listener.out, line, "");
    }
    close(talker.in);
    close(mute.in);
    close(listener.in);
    read_rest(&listener); /* nobody reads what the mute one prints */
    check(!contains(output, "lost"));
    for (int i = 0; i < 2; i++) { /* a member does not wait for the mute one, whose input has ended as well */
        check(waits(&status) > 0);
        check_eq(status, 0);
    }
    read_rest(&mute);
    check(contains(output, " lost\n"));
    check(waits(&status) > 0);
    check(!segment_exists());
}

TEST("ksmchat refuses the segment of another program, and leaves it as it is")
{
    char *argv[] = { "/ksmchat", segment_id, "joe", NULL };
    static const uint sizes[] = { 4096, 1u << 20 };

    for (uint i = 0; i < COUNT(sizes); i++) {
        struct ksminfo_t info;
        uint *words;
        int handle;

        segment_choose();
        handle = segment_create(sizes[i]);
        words = ksmattach(handle);
        check_eq(ksmerror(words), 0);
        program_expect_refusal(argv, "another program");
        for (uint k = 0; k < sizes[i] / sizeof(uint); k++)
            check_eq(words[k], 0);
        check_eq(ksminfo(handle, &info), 0);
        check_eq(info.marked, 0);
        ksmdetach(words);
        ksmdelete(handle);
    }
}

/* Writes into every word of a room: random numbers, or that init sits there. */
static void spoil(bool plausible)
{
    struct ksminfo_t info;
    int handle = ksmget(ksmid_parse(segment_id), 0, KSM_OPEN);
    uint *words = ksmattach(handle), random = chance_start(1, plausible);
    struct procinfo init;

    check_eq(ksmerror(words), 0);
    check_eq(ksminfo(handle, &info), 0);
    check_eq(procinfo(1, &init), 0);
    for (uint i = 0; i < info.ksmsz / sizeof(uint); i++)
        words[i] = !plausible ? chance(&random, ~0u) : i % 2 == 0 ? 1 : init.start;
    ksmdetach(words);
}

/* Two in a room of their own, who have heard each other. */
static void start_both(struct chatter chatters[2])
{
    segment_choose();
    for (int i = 0; i < 2; i++)
        chatters[i] = start_chatter("2", i ? "b" : "a");
    for (int i = 0; i < 2; i++)
        say(&chatters[i], "here\n");
    for (int i = 0; i < 2; i++)
        listen_for(chatters[i].out, "here\n", "here\n");
}

static void spoil_room(bool plausible)
{
    struct chatter chatters[2];
    int status;

    start_both(chatters);
    spoil(plausible);
    for (int i = 0; i < 2; i++) {
        say(&chatters[i], "still here\n");
        close(chatters[i].in);
    }
    for (int i = 0; i < 2; i++)
        read_rest(&chatters[i]);
    for (int i = 0; i < 2; i++) {
        check(waits(&status) > 0);
        check(status == 0 || status == 1);
    }
    wait_until(!segment_exists());
}

TEST("ksmchat comes to its end in a room that a hostile program fills with garbage") { spoil_room(false); }

TEST("ksmchat comes to its end in a room that a hostile program fills with a member who never ends")
{
    spoil_room(true);
}

/* What ksmchat has in its segment. */
#define NSEATS     64u
#define INBOX      2048u
#define ROOM_TICKS 50u
enum { TALKS = 1, LISTENS };
struct seat {
    struct ksmlock owner;
    uint generation;
    uint state;
    uint nlost;
    uchar inbox[KSMRING_NBYTES(INBOX, NSEATS + 1)] __attribute__((aligned(64)));
};
struct room {
    uint mark;
    struct ksmlock door;
    struct seat seats[NSEATS] __attribute__((aligned(64)));
};

static struct room *attach_room(void)
{
    struct ksminfo_t info;
    int handle = ksmget(ksmid_parse(segment_id), 0, KSM_OPEN);
    struct room *room = ksmattach(handle);

    check_eq(ksmerror(room), 0);
    check_eq(ksminfo(handle, &info), 0);
    check_eq(info.ksmsz, sizeof(*room));
    return room;
}

/* Sits down in all free seats, and writes there without an end, so that nobody else can. */
static void hold_seats(struct room *room)
{
    struct ksmring ring;
    void *where;

    for (uint i = 0; i < NSEATS; i++) {
        struct seat *seat = &room->seats[i];

        if (ksmlock_try(&seat->owner) != 0)
            continue;
        check_eq(ksmring_open(&ring, seat->inbox, sizeof(seat->inbox)), 0);
        check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
        check_eq(ksmring_reserve(&ring, 1, &where, KSMRING_TRY), 0);
        seat->generation++;
        seat->state = TALKS;
    }
}

TEST("ksmchat waits for all that have no room together no longer than for one of them")
{
    struct chatter chatters[2];
    struct room *room;
    int begin;

    start_both(chatters);
    room = attach_room();
    hold_seats(room);
    begin = uptime();
    for (int i = 0; i < 2; i++) {
        say(&chatters[i], "still here\n");
        close(chatters[i].in);
    }
    tap_join_all(2);
    check((uint)(uptime() - begin) < (NSEATS - 2) * ROOM_TICKS); /* a wait for each takes that long */
    for (int i = 0; i < 2; i++)
        close(chatters[i].out);
    ksmdetach(room);
}

TEST("ksmchat comes to its end though somebody has written that those still talk who wait for each other")
{
    struct chatter chatters[3];
    struct room *room;

    segment_choose();
    for (int i = 0; i < 3; i++)
        chatters[i] = start_chatter("3", i == 0 ? "a" : i == 1 ? "b" : "c");
    for (int i = 0; i < 3; i++)
        say(&chatters[i], "here\n");
    listen_for(chatters[2].out, "a: here\n", "b: here\n");
    room = attach_room();
    close(chatters[0].in);
    close(chatters[1].in);
    for (uint i = 0, nlisten = 0; nlisten < 2; i = (i + 1) % 3) {
        if (__atomic_load_n(&room->seats[i].state, __ATOMIC_ACQUIRE) == LISTENS) {
            room->seats[i].state = TALKS;
            nlisten++;
        }
        sleep(1);
    }
    close(chatters[2].in);
    tap_join_all(3);
    for (int i = 0; i < 3; i++)
        close(chatters[i].out);
    ksmdetach(room);
}

TEST("ksmchat's robot leaves no digit out of a sum that it knows exactly")
{
    char *argv[] = { "/ksmchat", "-r", segment_id, "ann", NULL };
    static const char sum[] = "123456*789012\n";
    struct program program;
    int in[2];

    segment_choose();
    check_eq(pipe(in), 0);
    check_eq(write_all(in[1], sum, sizeof(sum) - 1), 0);
    close(in[1]);
    program = program_start(argv, in[0]);
    close(in[0]);
    check_eq(program_finish(&program), 0);
    check(contains(program_output, "\nrobot: 123456*789012 is 97408265472\n"));
}

TEST("ksmchat says so when its input can't be read")
{
    char *argv[] = { "/ksmchat", segment_id, "ann", NULL };
    struct program program;
    int to_nobody[2];

    segment_choose();
    check_eq(pipe(to_nobody), 0);
    program = program_start(argv, to_nobody[1]); /* it is for writing alone */
    close(to_nobody[0]);
    close(to_nobody[1]);
    check_eq(program_finish(&program), 1);
    check(contains(program_output, "\nksmchat: input: read error\n"));
}

TEST("ksmchat refuses wrong usage")
{
    char *wrong[][6] = {
        { "/ksmchat", "room", NULL },
        { "/ksmchat", "-p", "x", "room", NULL },
        { "/ksmchat", "-p", "65", "room", "ann", NULL },
        { "/ksmchat", "room", "a-name-that-is-longer-than-it-may-be", NULL },
    };

    program_expect_usage_errors(wrong, COUNT(wrong));
}

TAP_MAIN(NULL)
