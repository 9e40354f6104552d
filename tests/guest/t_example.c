/*
 * t_example.c - ksmcat and ksmchat from outside: what goes in comes out, and nobody waits for a dead process.
 */
#include "fcntl.h"
#include "guest.h"
#include "ksm.h"

#define FILE_SIZE   300000u /* more than the ring, and no multiple of anything */
#define OUTPUT_SIZE 8192
#define NLINES      200

static char id[16];

static void choose_id(void) { snprintf(id, sizeof(id), "%d", getpid() + 0x6578616d); }

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

/* Reads from fd to its end, and expects the file, as often as `times` says. */
static void expect_file(int fd, uint times)
{
    static uchar block[4096];
    uint at = 0;
    int n;

    while ((n = read(fd, block, sizeof(block))) > 0)
        for (int i = 0; i < n; i++, at++)
            check(block[i] == byte_at(at % FILE_SIZE));
    check_eq(n, 0);
    check_eq(at, times * FILE_SIZE);
}

/* Waits for n children, in any order, which all end with status 0. */
static void expect_ends(int n)
{
    while (n-- > 0) {
        int status;

        check(waits(&status) > 0);
        check_eq(status, 0);
    }
}

TEST("ksmcat: files come out as they are")
{
    char *argv[] = { "/ksmcat", "example.tmp", "example.tmp", NULL };
    int fds[2];

    make_file("example.tmp");
    check_eq(pipe(fds), 0);
    tap_start_program(argv, -1, fds[1]);
    close(fds[1]);
    expect_file(fds[0], 2);
    expect_ends(1);
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
    tap_until_asleep(tap_start_program(receiver_first ? receiver : sender, -1, fds[1]));
    tap_start_program(receiver_first ? sender : receiver, -1, fds[1]);
    close(fds[1]);
    expect_file(fds[0], 1);
    expect_ends(2);
    check_eq(unlink("example.tmp"), 0);
    check_eq(ksmget(ksmid_parse(id), 0, KSM_OPEN), KSM_ENOENT);
}

TEST("ksmcat: sender first") { send_and_receive(false); }

TEST("ksmcat: receiver first") { send_and_receive(true); }

TEST("ksmcat: a sender whose receiver is killed ends")
{
    char *sender[] = { "/ksmcat", "-s", id, "example.tmp", NULL };
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    int fds[2], first, second, status, ended;
    char byte;

    choose_id();
    make_file("example.tmp");
    check_eq(pipe(fds), 0);
    first = tap_start_program(sender, -1, -1);
    second = tap_start_program(receiver, -1, fds[1]); /* nobody empties the pipe, so it can't finish */
    check_eq(read(fds[0], &byte, 1), 1);
    kill(second);
    for (int i = 0; i < 2; i++) {
        ended = waits(&status);
        check(ended == first || ended == second);
        check_eq(status, ended == first ? 1 : KILLED);
    }
    check_eq(unlink("example.tmp"), 0);
}

TEST("ksmcat: a receiver whose sender is killed ends")
{
    char *sender[] = { "/ksmcat", "-s", id, NULL };
    char *receiver[] = { "/ksmcat", "-r", id, NULL };
    int fds[2], first, second, status, ended;

    choose_id();
    check_eq(pipe(fds), 0);
    first = tap_start_program(sender, fds[0], -1); /* waits for input that does not come */
    tap_until_asleep(first);
    second = tap_start_program(receiver, -1, -1);
    tap_until_asleep(second);
    kill(first);
    for (int i = 0; i < 2; i++) {
        ended = waits(&status);
        check(ended == first || ended == second);
        check_eq(status, ended == second ? 1 : KILLED);
    }
}

TEST("ksmcat: a missing file")
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

/* Reads what a chatter prints until it ends. */
static void hear(const struct chatter *chatter, char *output)
{
    int n = 0, got;

    while (n < OUTPUT_SIZE - 1 && (got = read(chatter->out, output + n, OUTPUT_SIZE - 1 - n)) > 0)
        n += got;
    output[n] = 0;
    close(chatter->out);
}

static bool contains(const char *text, const char *part)
{
    for (; *text; text++)
        if (strncmp(text, part, strlen(part)) == 0)
            return true;
    return false;
}

/* Reads from fd until that line, which other lines may precede. */
static void hear_until(int fd, const char *line)
{
    uint n = strlen(line), at = 0;
    char c;

    while (at < n) {
        check_eq(read(fd, &c, 1), 1);
        at = c == line[at] ? at + 1 : c == line[0];
    }
}

TEST("ksmchat: each member hears the others, and not itself")
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
        hear(&chatters[i], output);
        for (int k = 0; k < 3; k++)
            check_eq(contains(output, said[k]), k != i);
    }
    expect_ends(3);
    check_eq(ksmget(ksmid_parse(id), 0, KSM_OPEN), KSM_ENOENT);
}

TEST("ksmchat: no line is lost or out of order")
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
    hear(&listener, output);
    for (int i = 0; i < NLINES; i++) {
        char line[24];

        snprintf(line, sizeof(line), "t: line %d\n", i);
        while (*at && strncmp(at, line, strlen(line)) != 0)
            at++;
        check(*at);
    }
    close(talker.out);
    expect_ends(2);
}

TEST("ksmchat: the room goes on without a member that was killed")
{
    static char output[OUTPUT_SIZE];
    char *argv[] = { "/ksmchat", id, "dead", NULL };
    struct chatter talker, listener;
    int pid, in[2], out[2], status, nended = 0;

    choose_id();
    check_eq(pipe(in), 0);
    check_eq(pipe(out), 0);
    pid = tap_start_program(argv, in[0], out[1]);
    talker = start_chatter("3", "t");
    listener = start_chatter("3", "l");
    say(&talker, "one\n");
    hear_until(out[0], "t: one\n");
    kill(pid);
    say(&talker, "two\n");
    close(talker.in);
    close(listener.in);
    hear(&listener, output);
    check(contains(output, "t: one\n") && contains(output, "t: two\n"));
    close(talker.out);
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
    }
    while (nended < 3) {
        check(waits(&status) > 0);
        check(status == 0 || status == KILLED);
        nended++;
    }
    /* The killed one's second process is not a child of this one, but it ends soon. */
    for (int i = 0; i < 500 && ksmget(ksmid_parse(id), 0, KSM_OPEN) != KSM_ENOENT; i++)
        sleep(1);
    check_eq(ksmget(ksmid_parse(id), 0, KSM_OPEN), KSM_ENOENT);
}

TEST("wrong usage is refused")
{
    char *wrong[][5] = {
        { "/ksmchat", "room", NULL },
        { "/ksmchat", "-p", "x", "room", NULL },
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
