/*
 * t_example.c - ksmcat and ksmchat, as programs: what goes in comes out, nobody waits for the dead, and a foreign or
 * hostile segment is refused or survived.
 */
#include "chance.h"
#include "fcntl.h"
#include "guest.h"
#include "ksmlock.h"
#include "ksmring.h"
#include "procinfo.h"

#define FILE_SIZE   300000u /* more than the ring, and no multiple of anything */
#define OUTPUT_SIZE 8192
#define NLINES      200
#define PATIENCE    110 /* ticks: longer than ksmcat waits for another program */

static char id[16];

static void choose_id(void) { snprintf(id, sizeof(id), "%d", getpid() + 0x6578616d); }

static bool segment_exists(void) { return ksmget(ksmid_parse(id), 0, KSM_OPEN) != KSM_ENOENT; }

static uchar byte_at(uint offset) { return (uchar)(offset * 2654435761u >> 24); }

static void make_file(const char *path)
{
    static uchar block[4096];
    int fd = open(path, O_CREATE | O_WRONLY);

    check(fd >= 0);
    for (uint at = 0; at < FILE_SIZE; at += sizeof(block)) {
        uint n = FILE_SIZE - at < sizeof(block) ? FILE_SIZE - at : sizeof(block);

        for (uint i = 0; i < n; i++)
            block[i] = byte_at(at + i);
        check_eq(write(fd, block, (int)n), (int)n);
    }
    close(fd);
}

/* Reads all that comes from fd, which is `times` the file, and no message of the programs'. */
static void expect_file(int fd, uint times)
{
    static uchar block[4096 + 1];
    uint at = 0;
    int n;

    while ((n = read(fd, block, sizeof(block) - 1)) > 0) {
        block[n] = 0;
        for (int i = 0; i < n; i++, at++) {
            if (block[i] != byte_at(at % FILE_SIZE))
                tap_note("at %d of %d, %d left: %s", at, times * FILE_SIZE, n - i, block + i);
            check_eq(block[i], byte_at(at % FILE_SIZE));
        }
    }
    check_eq(n, 0);
    check_eq(at, times * FILE_SIZE);
}

TEST("ksmcat puts files out as they are")
{
    char *argv[] = { "/ksmcat", "example.tmp", "example.tmp", NULL };
    int fds[2];

    make_file("example.tmp");
    check_eq(pipe(fds), 0);
    tap_start_program(argv, -1, fds[1]);
    close(fds[1]);
    expect_file(fds[0], 2);
    tap_join_all(1);
    check_eq(unlink("example.tmp"), 0);
}

static void send_and_receive(bool receiver_first)
{
    char *sender[] = { "/ksmcat", "-s", id, "example.tmp", NULL };
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    int fds[2];

    choose_id();
    make_file("example.tmp");
    check_eq(pipe(fds), 0);
    if (receiver_first)
        tap_until_asleep(tap_start_program(receiver, -1, fds[1]));
    tap_start_program(sender, -1, fds[1]);
    if (!receiver_first) {
        wait_until(segment_exists());
        tap_start_program(receiver, -1, fds[1]);
    }
    close(fds[1]);
    expect_file(fds[0], 1);
    tap_join_all(2);
    check_eq(unlink("example.tmp"), 0);
    check(!segment_exists());
}

TEST("ksmcat delivers a file if the sender comes first") { send_and_receive(false); }

TEST("ksmcat delivers a file if the receiver comes first") { send_and_receive(true); }

TEST("ksmcat waits for a sender that is held up before it makes the ring, and before it greets")
{
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    uint nbytes = ksmring_nbytes(256 * 1024, 1, 1);
    struct ksmring ring;
    uchar *segment;
    int fds[2], handle, end;
    char c;

    choose_id();
    check_eq(pipe(fds), 0);
    handle = ksmget(ksmid_parse(id), nbytes, KSM_MUSTNOTEXIST);
    check_positive(handle);
    segment = ksmattach(handle);
    check_eq(ksmerror(segment), 0);
    ksmdelete(handle);
    tap_start_program(receiver, -1, fds[1]);
    close(fds[1]);
    end = uptime() + PATIENCE;
    wait_until(uptime() - end >= 0);
    check_eq(ksmring_create(&ring, segment, 256 * 1024, 1, 1), 0);
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    end = uptime() + PATIENCE;
    wait_until(uptime() - end >= 0);
    check_eq(ksmring_write(&ring, "ksmcat", 7, 0), 0);
    check_eq(ksmring_write(&ring, "x", 1, 0), 0);
    check_eq(read(fds[0], &c, 1), 1);
    check_eq(c, 'x');
    check_eq(ksmring_drain(&ring, 0), 0);
    ksmring_leave(&ring, KSMRING_WRITER);
    check_eq(read(fds[0], &c, 1), 0);
    tap_join_all(1);
    ksmdetach(segment);
}

/* Of two children one was killed, and the other noticed. */
static void expect_killed_and_noticed(int killed, int other)
{
    for (int i = 0; i < 2; i++) {
        int status, ended = waits(&status);

        check(ended == killed || ended == other);
        check_eq(status, ended == killed ? KILLED : 1);
    }
}

TEST("a ksmcat that sends ends when its receiver is killed")
{
    char *sender[] = { "/ksmcat", "-s", id, "example.tmp", NULL };
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    int fds[2], first, second;
    char c;

    choose_id();
    make_file("example.tmp"); /* larger than ring and pipe together: the sender cannot come to its end */
    check_eq(pipe(fds), 0);
    first = tap_start_program(sender, -1, -1);
    second = tap_start_program(receiver, -1, fds[1]);
    check_eq(read(fds[0], &c, 1), 1);
    kill(second);
    expect_killed_and_noticed(second, first);
    check_eq(unlink("example.tmp"), 0);
}

TEST("a ksmcat that receives ends when its sender is killed")
{
    char *sender[] = { "/ksmcat", "-s", id, NULL };
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    int in[2], out[2], first, second;
    char c;

    choose_id();
    check_eq(pipe(in), 0);
    check_eq(pipe(out), 0);
    first = tap_start_program(sender, in[0], -1); /* waits for more input, which does not come */
    second = tap_start_program(receiver, -1, out[1]);
    check_eq(write(in[1], "x", 1), 1);
    check_eq(read(out[0], &c, 1), 1);
    kill(first);
    expect_killed_and_noticed(first, second);
}

static void send_nothing(bool receiver_first)
{
    char *sender[] = { "/ksmcat", "-s", id, "empty.tmp", NULL };
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    int fds[2];
    char c;

    choose_id();
    close(open("empty.tmp", O_CREATE | O_WRONLY));
    check_eq(pipe(fds), 0);
    if (receiver_first)
        tap_until_asleep(tap_start_program(receiver, -1, fds[1]));
    tap_start_program(sender, -1, fds[1]);
    if (!receiver_first) {
        wait_until(segment_exists());
        tap_start_program(receiver, -1, fds[1]);
    }
    close(fds[1]);
    check_eq(read(fds[0], &c, 1), 0);
    tap_join_all(2);
    check_eq(unlink("empty.tmp"), 0);
    check(!segment_exists());
}

TEST("ksmcat delivers an empty file if the sender comes first") { send_nothing(false); }

TEST("ksmcat delivers an empty file if the receiver comes first") { send_nothing(true); }

TEST("a second ksmcat that receives is refused, and the first one gets everything")
{
    char *sender[] = { "/ksmcat", "-s", id, NULL };
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    int in[2], out[2], messages[2], second, status;
    char c;

    choose_id();
    check_eq(pipe(in), 0);
    check_eq(pipe(out), 0);
    check_eq(pipe(messages), 0);
    tap_start_program(sender, in[0], -1);
    tap_start_program(receiver, -1, out[1]);
    close(in[0]);
    close(out[1]);
    check_eq(write(in[1], "x", 1), 1);
    check_eq(read(out[0], &c, 1), 1);
    second = tap_start_program(receiver, -1, messages[1]);
    check_eq(waits(&status), second);
    check_eq(status, 1);
    check_eq(write(in[1], "y", 1), 1);
    close(in[1]);
    check_eq(read(out[0], &c, 1), 1);
    check_eq(c, 'y');
    check_eq(read(out[0], &c, 1), 0);
    tap_join_all(2);
}

/* A program that finds this segment, of 4 KB or more, says so and ends. */
static void expect_refusal(char *const argv[], const char *what)
{
    static char text[OUTPUT_SIZE];
    int fds[2], status;

    check_eq(pipe(fds), 0);
    tap_start_program(argv, -1, fds[1]);
    close(fds[1]);
    read_all(fds[0], text, sizeof(text));
    close(fds[0]);
    check(waits(&status) > 0);
    check_eq(status, 1);
    check(contains(text, what));
}

TEST("ksmcat refuses a segment of zeroes, of another program, and one with less in it than its header says")
{
    static uchar memory[8192] __attribute__((aligned(64)));
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    struct ksmring ring;
    uchar *segment;
    int handle;

    choose_id();
    handle = ksmget(ksmid_parse(id), 4096);
    check_positive(handle);
    segment = ksmattach(handle);
    check_eq(ksmerror(segment), 0);
    expect_refusal(receiver, "another program");
    memset(segment, 'x', 4096);
    expect_refusal(receiver, "another program");
    check_eq(ksmring_create(&ring, memory, 4096, 1, 1), 0);
    memcpy(segment, memory, 4096);
    expect_refusal(receiver, "another program");
    check_eq(ksmring_create(&ring, segment, 1024, 1, 1), 0); /* a ring, and nobody greets */
    expect_refusal(receiver, "another program");
    check_eq(ksmring_write(&ring, "ksmdog", 7, KSMRING_TRY), 0);
    expect_refusal(receiver, "another program");
    ksmdetach(segment);
    ksmdelete(handle);
}

TEST("ksmcat reports a missing file")
{
    char *argv[] = { "/ksmcat", "no-such-file", NULL };
    int fds[2], status;

    check_eq(pipe(fds), 0);
    tap_start_program(argv, -1, fds[1]);
    check(waits(&status) > 0);
    check_eq(status, 1);
}

/* The chat. */

struct chatter {
    int in, out;
};

static struct chatter start_chatter(char *people, char *name)
{
    char *argv[] = { "/ksmchat", "-l", "-p", people, id, name, NULL };
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
    static char heard[OUTPUT_SIZE];
    int n = 0, got;

    heard[0] = 0;
    while (!contains(heard, one) || !contains(heard, two)) {
        got = read(fd, heard + n, OUTPUT_SIZE - 1 - n);
        check(got > 0);
        n += got;
        heard[n] = 0;
    }
}

TEST("ksmchat shows each member what the others say, and not its own lines")
{
    static char output[OUTPUT_SIZE];
    static char *names[] = { "ann", "bob", "cyd" };
    static const char *said[] = { "hello from ann\n", "hello from bob\n", "hello from cyd\n" };
    struct chatter chatters[3];

    choose_id();
    for (int i = 0; i < 3; i++)
        chatters[i] = start_chatter("3", names[i]);
    for (int i = 0; i < 3; i++) {
        say(&chatters[i], said[i]);
        close(chatters[i].in);
    }
    for (int i = 0; i < 3; i++) {
        read_all(chatters[i].out, output, sizeof(output));
        close(chatters[i].out);
        for (int k = 0; k < 3; k++)
            check_eq(contains(output, said[k]), k != i);
    }
    tap_join_all(3);
    check(!segment_exists());
}

TEST("ksmchat keeps what others write from controlling the terminal")
{
    struct chatter ann, bob;

    choose_id();
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
    static char output[OUTPUT_SIZE];
    struct chatter first, second;

    choose_id();
    first = start_chatter("1", "ann");
    listen_for(first.out, "* nobody else is here yet\n", "");
    second = start_chatter("2", "bob");
    listen_for(first.out, "* bob comes\n", "");
    close(first.in);
    close(second.in);
    read_all(second.out, output, sizeof(output));
    check(!contains(output, "nobody else"));
    close(first.out);
    close(second.out);
    tap_join_all(2);
}

TEST("ksmchat loses no line, and keeps their order")
{
    static char output[OUTPUT_SIZE];
    struct chatter talker, listener;
    const char *at = output;

    choose_id();
    talker = start_chatter("2", "t");
    listener = start_chatter("2", "l");
    for (int i = 0; i < NLINES; i++) {
        char line[16];

        snprintf(line, sizeof(line), "line %d\n", i);
        say(&talker, line);
    }
    close(talker.in);
    close(listener.in);
    read_all(listener.out, output, sizeof(output));
    close(listener.out);
    for (int i = 0; i < NLINES; i++) {
        char line[24];

        snprintf(line, sizeof(line), "t: line %d\n", i);
        while (*at && strncmp(at, line, strlen(line)) != 0)
            at++;
        check(*at);
    }
    close(talker.out);
    tap_join_all(2);
}

TEST("ksmchat goes on without a member that was killed")
{
    static char output[OUTPUT_SIZE];
    char *argv[] = { "/ksmchat", id, "dead", NULL };
    struct chatter talker, listener;
    int pid, in[2], out[2], status;

    choose_id();
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
    read_all(listener.out, output, sizeof(output));
    close(listener.out);
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
    static char output[16 * OUTPUT_SIZE];
    struct chatter talker, listener, mute;
    const int nlines = 3 * NLINES;
    int status;

    choose_id();
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
    read_all(listener.out, output, sizeof(output)); /* nobody reads what the mute one prints */
    check(!contains(output, "lost"));
    for (int i = 0; i < 2; i++) { /* a member does not wait for the mute one, whose input has ended as well */
        check(waits(&status) > 0);
        check_eq(status, 0);
    }
    read_all(mute.out, output, sizeof(output));
    check(contains(output, " lost\n"));
    check(waits(&status) > 0);
    check(!segment_exists());
}

TEST("ksmchat refuses the segment of another program, and leaves it as it is")
{
    char *argv[] = { "/ksmchat", id, "joe", NULL };
    static const uint sizes[] = { 4096, 1u << 20 };

    for (uint i = 0; i < COUNT(sizes); i++) {
        struct ksminfo_t info;
        uint *words;
        int handle;

        choose_id();
        handle = ksmget(ksmid_parse(id), sizes[i]);
        check_positive(handle);
        words = ksmattach(handle);
        check_eq(ksmerror(words), 0);
        expect_refusal(argv, "another program");
        for (uint k = 0; k < sizes[i] / sizeof(uint); k++)
            check_eq(words[k], 0);
        check_eq(ksminfo(handle, &info), 0);
        check_eq(info.marked, 0);
        ksmdetach(words);
        ksmdelete(handle);
    }
}

/* Writes into every word of a room: what random() says, or that init sits there. */
static void spoil(bool plausible)
{
    struct ksminfo_t info;
    int handle = ksmget(ksmid_parse(id), 0, KSM_OPEN);
    uint *words = ksmattach(handle), random = chance_start(1, plausible);
    struct procinfo init;

    check_eq(ksmerror(words), 0);
    check_eq(ksminfo(handle, &info), 0);
    check_eq(procinfo(1, &init), 0);
    for (uint i = 0; i < info.ksmsz / sizeof(uint); i++)
        words[i] = !plausible ? chance(&random, ~0u) : i % 2 == 0 ? 1 : init.start;
    ksmdetach(words);
}

static void spoil_room(bool plausible)
{
    static char output[OUTPUT_SIZE];
    struct chatter chatters[2];
    int status;

    choose_id();
    for (int i = 0; i < 2; i++)
        chatters[i] = start_chatter("2", i ? "b" : "a");
    for (int i = 0; i < 2; i++)
        say(&chatters[i], "here\n");
    for (int i = 0; i < 2; i++)
        listen_for(chatters[i].out, "here\n", "here\n");
    spoil(plausible);
    for (int i = 0; i < 2; i++) {
        say(&chatters[i], "still here\n");
        close(chatters[i].in);
    }
    for (int i = 0; i < 2; i++)
        read_all(chatters[i].out, output, sizeof(output));
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
#define NSEATS 64u
#define INBOX  2048u
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
    int handle = ksmget(ksmid_parse(id), 0, KSM_OPEN);
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

    choose_id();
    for (int i = 0; i < 2; i++)
        chatters[i] = start_chatter("2", i ? "b" : "a");
    for (int i = 0; i < 2; i++)
        say(&chatters[i], "here\n");
    for (int i = 0; i < 2; i++)
        listen_for(chatters[i].out, "here\n", "here\n");
    room = attach_room();
    hold_seats(room);
    begin = uptime();
    for (int i = 0; i < 2; i++) {
        say(&chatters[i], "still here\n");
        close(chatters[i].in);
    }
    tap_join_all(2);
    check(uptime() - begin < 1500); /* 62 waits of half a second are more */
    for (int i = 0; i < 2; i++)
        close(chatters[i].out);
    ksmdetach(room);
}

TEST("ksmchat comes to its end though somebody has written that those still talk who wait for each other")
{
    struct chatter chatters[3];
    struct room *room;

    choose_id();
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

/* The counter. */

/* Where the counter stands in the end for two that count to n each, as either says it. */
static uint count_together(char *n)
{
    char *argv[] = { "/counter", n, NULL }, said[256] = { 0 };
    int fds[2], got, total = 0;
    const char *at = said;
    uint most = 0;

    check_eq(pipe(fds), 0);
    tap_start_program(argv, -1, fds[1]);
    tap_start_program(argv, -1, fds[1]);
    close(fds[1]);
    while ((got = read(fds[0], said + total, (int)sizeof(said) - 1 - total)) > 0)
        total += got;
    close(fds[0]);
    while ((at = strstr(at, "stands at "))) {
        at += strlen("stands at ");
        most = (uint)atoi(at) > most ? (uint)atoi(at) : most;
    }
    return most;
}

TEST("counter waits until two others are done with their counter")
{
    char *many[] = { "/counter", NULL }, *one[] = { "/counter", "1", NULL };
    int fds[2];
    uint most;

    check_eq(pipe(fds), 0);
    tap_start_program(many, -1, fds[1]);
    tap_start_program(one, -1, fds[1]);
    close(fds[1]);
    check(wait() > 0); /* the two have met, and the other one goes on */
    most = count_together("5");
    check(5 <= most && most <= 10);
    tap_join_all(3);
    close(fds[0]);
}

TEST("ksmcat and ksmchat refuse wrong usage")
{
    char *wrong[][6] = {
        { "/ksmchat", "room", NULL },
        { "/ksmchat", "-p", "x", "room", NULL },
        { "/ksmchat", "-p", "65", "room", "ann", NULL },
        { "/ksmchat", "room", "a-name-that-is-longer-than-it-may-be", NULL },
        { "/ksmcat", "-r", NULL },
        { "/ksmcat", "-x", "7", NULL },
    };
    int fds[2], status;

    check_eq(pipe(fds), 0);
    for (uint i = 0; i < COUNT(wrong); i++) {
        tap_start_program(wrong[i], -1, fds[1]);
        check(waits(&status) > 0);
        check_eq(status, 2);
    }
}

TAP_MAIN(NULL)
