/*
 * t_stream.c - ksmcat, as a program: what goes in comes out, nobody waits for the dead, and a foreign or hostile
 * segment is refused or survived.
 */
#include "fcntl.h"
#include "ksmring.h"
#include "program.h"

#define FILE_SIZE 300000u /* more than the ring, and no multiple of anything */
#define PATIENCE  110     /* ticks: more than GREETING_TICKS of ksmcat.c */

static uchar byte_at(uint offset) { return (uchar)(offset * 2654435761u >> 24); }

static void make_file(const char *path, uint nbytes)
{
    static uchar block[4096];
    int fd = open(path, O_CREATE | O_WRONLY);

    check(fd >= 0);
    for (uint at = 0; at < nbytes; at += sizeof(block)) {
        uint n = nbytes - at < sizeof(block) ? nbytes - at : sizeof(block);

        for (uint i = 0; i < n; i++)
            block[i] = byte_at(at + i);
        check_eq(write(fd, block, (int)n), (int)n);
    }
    close(fd);
}

/* Reads all that comes from fd, which is the file, perhaps several times, and no message of the programs'. */
static void expect_bytes(int fd, uint nbytes)
{
    static uchar block[4096 + 1];
    uint at = 0;
    int n;

    while ((n = read(fd, block, sizeof(block) - 1)) > 0) {
        block[n] = 0;
        for (int i = 0; i < n; i++, at++) {
            if (block[i] != byte_at(at % FILE_SIZE))
                tap_note("at %d of %d, %d left: %s", at, nbytes, n - i, block + i);
            check_eq(block[i], byte_at(at % FILE_SIZE));
        }
    }
    check_eq(n, 0);
    check_eq(at, nbytes);
}

TEST("ksmcat puts files out as they are")
{
    char *argv[] = { "/ksmcat", "stream.tmp", "stream.tmp", NULL };
    int fds[2];

    make_file("stream.tmp", FILE_SIZE);
    check_eq(pipe(fds), 0);
    tap_start_program(argv, -1, fds[1]);
    close(fds[1]);
    expect_bytes(fds[0], 2 * FILE_SIZE);
    tap_join_all(1);
    check_eq(unlink("stream.tmp"), 0);
}

static void deliver(uint nbytes, bool receiver_first)
{
    char *sender[] = { "/ksmcat", "-s", segment_id, "stream.tmp", NULL };
    char *receiver[] = { "/ksmcat", "-r", segment_id, NULL };
    int fds[2];

    segment_choose();
    make_file("stream.tmp", nbytes);
    check_eq(pipe(fds), 0);
    if (receiver_first)
        tap_until_asleep(tap_start_program(receiver, -1, fds[1]));
    tap_start_program(sender, -1, fds[1]);
    if (!receiver_first) {
        wait_until(segment_exists());
        tap_start_program(receiver, -1, fds[1]);
    }
    close(fds[1]);
    expect_bytes(fds[0], nbytes);
    tap_join_all(2);
    check_eq(unlink("stream.tmp"), 0);
    check(!segment_exists());
}

TEST("ksmcat delivers a file if the sender comes first") { deliver(FILE_SIZE, false); }

TEST("ksmcat delivers a file if the receiver comes first") { deliver(FILE_SIZE, true); }

TEST("ksmcat delivers an empty file if the sender comes first") { deliver(0, false); }

TEST("ksmcat delivers an empty file if the receiver comes first") { deliver(0, true); }

/* As a sender that is held up for longer than ksmcat waits for another program. */
static void hesitate(void)
{
    int end = uptime() + PATIENCE;

    wait_until(uptime() - end >= 0);
}

TEST("ksmcat waits for a sender that is held up before it makes the ring, and before it greets")
{
    char *receiver[] = { "/ksmcat", "-r", segment_id, NULL };
    uint nbytes = ksmring_nbytes(256 * 1024, 1, 1);
    struct ksmring ring;
    uchar *segment;
    int fds[2], handle;
    char c;

    segment_choose();
    check_eq(pipe(fds), 0);
    handle = segment_create(nbytes);
    segment = ksmattach(handle);
    check_eq(ksmerror(segment), 0);
    ksmdelete(handle);
    tap_start_program(receiver, -1, fds[1]);
    close(fds[1]);
    hesitate();
    check_eq(ksmring_create(&ring, segment, 256 * 1024, 1, 1), 0);
    check_eq(ksmring_join(&ring, KSMRING_WRITER), 0);
    hesitate();
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
    char *sender[] = { "/ksmcat", "-s", segment_id, "stream.tmp", NULL };
    char *receiver[] = { "/ksmcat", "-r", segment_id, NULL };
    int fds[2], first, second;
    char c;

    segment_choose();
    make_file("stream.tmp", FILE_SIZE); /* the sender can't come to its end: ring and pipe hold less */
    check_eq(pipe(fds), 0);
    first = tap_start_program(sender, -1, -1);
    second = tap_start_program(receiver, -1, fds[1]);
    check_eq(read(fds[0], &c, 1), 1);
    kill(second);
    expect_killed_and_noticed(second, first);
    check_eq(unlink("stream.tmp"), 0);
}

TEST("a ksmcat that receives ends when its sender is killed")
{
    char *sender[] = { "/ksmcat", "-s", segment_id, NULL };
    char *receiver[] = { "/ksmcat", "-r", segment_id, NULL };
    int in[2], out[2], first, second;
    char c;

    segment_choose();
    check_eq(pipe(in), 0);
    check_eq(pipe(out), 0);
    first = tap_start_program(sender, in[0], -1); /* waits for more input, which does not come */
    second = tap_start_program(receiver, -1, out[1]);
    check_eq(write(in[1], "x", 1), 1);
    check_eq(read(out[0], &c, 1), 1);
    kill(first);
    expect_killed_and_noticed(first, second);
}

TEST("a second ksmcat that receives is refused, and the first one gets everything")
{
    char *sender[] = { "/ksmcat", "-s", segment_id, NULL };
    char *receiver[] = { "/ksmcat", "-r", segment_id, NULL };
    int in[2], out[2], messages[2], second, status;
    char c;

    segment_choose();
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

TEST("ksmcat refuses a segment of zeroes, of another program, or with less in it than its header says")
{
    static uchar memory[8192] __attribute__((aligned(64)));
    char *receiver[] = { "/ksmcat", "-r", segment_id, NULL };
    struct ksmring ring;
    uchar *segment;
    int handle;

    segment_choose();
    handle = segment_create(4096);
    segment = ksmattach(handle);
    check_eq(ksmerror(segment), 0);
    program_expect_refusal(receiver, "another program");
    memset(segment, 'x', 4096);
    program_expect_refusal(receiver, "another program");
    check_eq(ksmring_create(&ring, memory, 4096, 1, 1), 0);
    memcpy(segment, memory, 4096);
    program_expect_refusal(receiver, "another program");
    check_eq(ksmring_create(&ring, segment, 1024, 1, 1), 0); /* a ring, and nobody greets */
    program_expect_refusal(receiver, "another program");
    check_eq(ksmring_write(&ring, "ksmdog", 7, KSMRING_TRY), 0);
    program_expect_refusal(receiver, "another program");
    ksmdetach(segment);
    ksmdelete(handle);
}

TEST("ksmcat reports a missing file")
{
    program_expect_refusal((char *[]){ "/ksmcat", "no-such-file", NULL }, "no-such-file: cannot open");
}

TEST("ksmcat refuses wrong usage")
{
    char *wrong[][6] = {
        { "/ksmcat", "-r", NULL },
        { "/ksmcat", "-x", "7", NULL },
    };

    program_expect_usage_errors(wrong, COUNT(wrong));
}

TAP_MAIN(NULL)
