/*
 * t_pipe.c - pipes: order, blocking, ends that close, and readers and writers that are killed.
 */
#include "fcntl.h"
#include "guest.h"
#include "stat.h"

static int ends[2];

static void open_pipe(void) { check_eq(pipe(ends), 0); }

TEST("a pipe gives out what was written, in order, and waits for no more than there is")
{
    char buf[16];

    open_pipe();
    check(ends[0] != ends[1]);
    check_eq(write(ends[1], "abc", 3), 3);
    check_eq(write(ends[1], "defg", 4), 4);
    check_eq(read(ends[0], buf, 5), 5);
    check(memcmp(buf, "abcde", 5) == 0);
    check_eq(read(ends[0], buf, sizeof(buf)), 2); /* what is there, without waiting for more */
    check(memcmp(buf, "fg", 2) == 0);
}

TEST("a pipe ends when its last writer has closed it")
{
    char c;

    open_pipe();
    int second = dup(ends[1]);
    check_eq(write(ends[1], "x", 1), 1);
    close(ends[1]);
    check_eq(read(ends[0], &c, 1), 1);
    check_eq(write(second, "y", 1), 1);
    close(second);
    check_eq(read(ends[0], &c, 1), 1);
    check_eq(c, 'y');
    check_eq(read(ends[0], &c, 1), 0);
    check_eq(read(ends[0], &c, 1), 0);
}

TEST("a pipe without a reader takes what it has room for, and then writing fails")
{
    static char bytes[4096];
    int n = 0;

    open_pipe();
    close(ends[0]);
    while (write(ends[1], bytes, sizeof(bytes)) == sizeof(bytes))
        n++;
    check(n >= 1 && n <= 16);
    check_eq(write(ends[1], bytes, 1), -1);
    check_eq(write(ends[1], bytes, 0), 0);
}

TEST("a pipe's read end cannot be written, nor its write end read")
{
    char c;

    open_pipe();
    check_eq(write(ends[0], "x", 1), -1);
    check_eq(read(ends[1], &c, 1), -1);
}

TEST("a pipe takes a length of 0, and refuses a negative one")
{
    char c;

    open_pipe();
    check_eq(write(ends[1], &c, 0), 0);
    check_eq(write(ends[1], "x", 1), 1);
    check_eq(read(ends[0], &c, 0), 0);
    check_eq(write(ends[1], &c, -1), -1);
    check_eq(read(ends[0], &c, -1), -1);
}

static void read_nothing(void *arg)
{
    check_eq(read(ends[0], arg, 0), 0);
    check_eq(read(ends[0], arg, 1), 1);
}

TEST("reading 0 bytes from an empty pipe waits for a writer")
{
    char c;
    int pid;

    open_pipe();
    pid = tap_start(read_nothing, &c);
    tap_until_asleep(pid);
    check_eq(write(ends[1], "x", 1), 1);
    tap_join(pid);
    close(ends[1]);
    check_eq(read(ends[0], &c, 0), 0);
}

#define MUCH 300000

static void write_much(void *arg)
{
    static uchar buf[5000];
    int n = 0, size = *(int *)arg;

    close(ends[0]);
    for (int step = 1; n < size; step = step * 3 % 4999 + 1) {
        if (step > size - n)
            step = size - n;
        for (int i = 0; i < step; i++)
            buf[i] = (n + i) * 7;
        check_eq(write(ends[1], buf, step), step);
        n += step;
    }
}

TEST("a pipe passes on much more than it holds, in pieces of all sizes")
{
    static uchar buf[4096];
    int n = 0, got, size = MUCH, pid;

    open_pipe();
    pid = tap_start(write_much, &size);
    close(ends[1]);
    while ((got = read(ends[0], buf, n * 5 % 4096 + 1)) > 0) {
        for (int i = 0; i < got; i++)
            check(buf[i] == (uchar)((n + i) * 7));
        n += got;
    }
    check_eq(n, MUCH);
    tap_join(pid);
}

static void write_block(void *arg)
{
    static char block[1000000];

    (void)arg;
    close(ends[0]);
    memset(block, 'b', sizeof(block));
    check_eq(write(ends[1], block, sizeof(block)), sizeof(block));
}

TEST("one write puts a megabyte through a pipe")
{
    static char buf[10000];
    int n = 0, got, pid;

    open_pipe();
    pid = tap_start(write_block, NULL);
    close(ends[1]);
    while ((got = read(ends[0], buf, sizeof(buf))) > 0) {
        for (int i = 0; i < got; i++)
            check(buf[i] == 'b');
        n += got;
    }
    check_eq(n, 1000000);
    tap_join(pid);
}

static void write_endlessly(void *arg)
{
    (void)arg;
    close(ends[0]);
    while (write(ends[1], "some bytes", 10) == 10)
        ;
}

TEST("a writer that waits for room fails when the reader goes")
{
    int pid;

    open_pipe();
    pid = tap_start(write_endlessly, NULL);
    tap_until_asleep(pid);
    close(ends[0]);
    tap_join(pid);
}

static void read_one(void *arg)
{
    char c;

    close(ends[1]);
    check_eq(read(ends[0], &c, 1), *(int *)arg);
}

TEST("a reader that waits gets the end of file when the last writer is killed")
{
    int zero = 0, reader, writer;

    open_pipe();
    reader = tap_start(read_one, &zero);
    writer = fork();
    if (writer == 0) {
        sleep(100000);
        exits(1);
    }
    close(ends[1]);
    tap_until_asleep(reader);
    kill(writer);
    for (int i = 0; i < 2; i++) { /* in whatever order they end */
        int status, pid = waits(&status);

        check(pid == reader || pid == writer);
        check_eq(status, pid == writer ? KILLED : 0);
    }
}

TEST("a reader and a writer that wait can be killed")
{
    int one = 1, pid;

    open_pipe();
    pid = tap_start(read_one, &one);
    tap_until_asleep(pid);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    pid = tap_start(write_endlessly, NULL);
    tap_until_asleep(pid);
    kill(pid);
    check_eq(tap_status(pid), KILLED);
}

static void write_letters(void *arg)
{
    char line[64];

    memset(line, *(char *)arg, sizeof(line));
    close(ends[0]);
    for (int i = 0; i < 200; i++)
        check_eq(write(ends[1], line, sizeof(line)), sizeof(line));
}

TEST("short writes of several writers do not mix in a pipe")
{
    char letters[4] = "abcd", line[64];
    int counts[4] = { 0 }, status;

    open_pipe();
    for (int i = 0; i < 4; i++)
        tap_start(write_letters, &letters[i]);
    close(ends[1]);
    for (;;) {
        int n = 0, got = 1;

        while (n < 64 && (got = read(ends[0], line + n, 64 - n)) > 0)
            n += got;
        if (n == 0)
            break;
        check_eq(n, 64);
        for (int i = 1; i < 64; i++)
            check(line[i] == line[0]);
        counts[line[0] - 'a']++;
    }
    for (int i = 0; i < 4; i++) {
        check_eq(counts[i], 200);
        check(waits(&status) > 0);
        check_eq(status, 0);
    }
}

TEST("a pipe that fails for lack of descriptors takes none")
{
    int n = 0, more[2] = { -5, -5 };

    while (pipe(ends) == 0)
        n++;
    check(n >= 6);
    while (dup(0) >= 0)
        ;
    close(3); /* one is not enough for two ends */
    check_eq(pipe(more), -1);
    check_eq(dup(0), 3);
    close(3);
    close(4);
    check_eq(pipe(more), 0);
    check(more[0] + more[1] == 7);
}

TEST("a pipe gets the lowest descriptors, the read end first")
{
    struct stat st;

    open_pipe();
    check_eq(ends[0], 3);
    check_eq(ends[1], 4);
    fstat(ends[0], &st);
    close(3);
    check_eq(dup(4), 3);
}

TAP_MAIN(NULL)
