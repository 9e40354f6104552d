/*
 * fs_race_pipe.c - pipes between several threads.
 */
#include <string.h>

#include "fs_race.h"
#include "mm/page.h"

static struct file *reader, *writer;
static uint nbytes_read, nread_end;

static void send_bytes(void *arg)
{
    uint left = 30000, at = 0, seed = (uintptr_t)arg;
    uchar bytes[9000];

    while (left > 0) {
        uint n = 1 + fake_random(fake_random(2) ? 20 : sizeof(bytes));
        n = n < left ? n : left;
        for (uint i = 0; i < n; i++)
            bytes[i] = fsops_byte(seed, at + i);
        check_eq(file_write(writer, bytes, n), n);
        at += n;
        left -= n;
    }
    race_finished();
}

static void receive_bytes(void *unused)
{
    (void)unused;
    uchar bytes[9000];
    for (;;) {
        int n = file_read(reader, bytes, 1 + fake_random(sizeof(bytes)));
        check(n >= 0);
        if (n <= 0)
            break;
        for (int i = 0; i < n; i++) /* of one writer: in order */
            check_eq(bytes[i], fsops_byte(0, nbytes_read + i));
        nbytes_read += n;
    }
    nread_end++;
    race_finished();
}

static void run_pipe(void *unused)
{
    (void)unused;
    uint used = page_used();
    check_eq(pipe_create(&reader, &writer), 0);
    nbytes_read = 0;
    race_start(send_bytes, 0);
    race_start(receive_bytes, 0);
    while (race_nrunning() > 1)
        actor_yield();
    file_close(writer);
    race_wait_for_all();
    check_eq(nbytes_read, 30000);
    file_close(reader);
    check_eq(page_used(), used);
}

static void send_lines(void *arg)
{
    char line[4096];
    uint n = 1000 + 1000 * (uintptr_t)arg;

    memset(line, 'a' + (int)(uintptr_t)arg, n);
    for (uint i = 0; i < 20; i++)
        check_eq(file_write(writer, line, n), n);
    race_finished();
}

/* Up to a page goes in one piece, whatever others write. */
static void run_lines(void *unused)
{
    (void)unused;
    uint run = 0, total = 0;
    uchar last = 0, bytes[700];
    check_eq(pipe_create(&reader, &writer), 0);
    race_start_all(send_lines, 3);
    while (total < 20 * 6000) {
        int n = file_read(reader, bytes, 1 + fake_random(sizeof(bytes)));
        check(n > 0);
        if (n <= 0)
            break;
        total += n;
        for (int i = 0; i < n; i++) {
            if (bytes[i] != last) {
                check(last == 0 || run % (1000 * (last - 'a' + 1)) == 0);
                run = 0;
                last = bytes[i];
            }
            run++;
        }
    }
    race_wait_for_all();
    file_close(writer);
    check_eq(file_read(reader, bytes, 10), 0);
    file_close(reader);
}

/* Writers of short lines, who always find room, and one of a page. */
static uint nshort, nlong;

static void send_short_lines(void *unused)
{
    char line[100] = "";

    (void)unused;
    while (atomic_add(&nlong, 0) == 0 && atomic_add(&nshort, 1) < 4000)
        check_eq(file_write(writer, line, sizeof(line)), sizeof(line));
    race_finished();
}

static void send_long_line(void *unused)
{
    static char line[4096];

    (void)unused;
    while (atomic_add(&nshort, 0) < 200) /* the pipe is full */
        actor_yield();
    check_eq(file_write(writer, line, sizeof(line)), sizeof(line));
    atomic_add(&nlong, 1);
    race_finished();
}

static void drain(void *unused)
{
    char bytes[100];

    (void)unused;
    while (file_read(reader, bytes, sizeof(bytes)) > 0)
        for (uint i = 0; i < 10; i++) /* the pipe stays full */
            actor_yield();
    race_finished();
}

static void run_turns(void *unused)
{
    (void)unused;
    check_eq(pipe_create(&reader, &writer), 0);
    nshort = nlong = 0;
    race_start(drain, 0);
    race_start_all(send_short_lines, 3);
    race_start(send_long_line, 0);
    while (race_nrunning() > 1)
        actor_yield();
    file_close(writer);
    race_wait_for_all();
    check(nshort < 1000);
    file_close(reader);
}

/* Sleepers end when the other side closes, or when they are killed. */
static int sleeper_result;
static void sleep_reading(void *unused)
{
    char c;

    (void)unused;
    sleeper_result = file_read(reader, &c, 1);
    race_finished();
}

static void sleep_writing(void *unused)
{
    static char bytes[100000];

    (void)unused;
    sleeper_result = file_write(writer, bytes, sizeof(bytes));
    race_finished();
}

static void let_sleep(void)
{
    for (uint i = 0; i < 50; i++)
        actor_yield();
}

static void run_ends(void *unused)
{
    (void)unused;
    char c = 'x';
    uint used = page_used();
    check_eq(pipe_create(&reader, &writer), 0);
    check_eq(file_read(writer, &c, 1), -1);
    check_eq(file_write(reader, &c, 1), -1);
    check_eq(file_stat(reader, &(struct stat){ 0 }), -1);
    race_start(sleep_reading, 0);
    let_sleep();
    file_close(writer);
    race_wait_for_all();
    check_eq(sleeper_result, 0);
    file_close(reader);

    check_eq(pipe_create(&reader, &writer), 0);
    race_start(sleep_writing, 0);
    let_sleep();
    file_close(reader);
    race_wait_for_all();
    check_eq(sleeper_result, -1);
    check_eq(file_write(writer, &c, 1), -1);
    file_close(writer);

    for (uint i = 0; i < 2; i++) {
        check_eq(pipe_create(&reader, &writer), 0);
        struct actor *a = race_start(i ? sleep_writing : sleep_reading, 0);
        let_sleep();
        thread_kill(actor_thread(a));
        race_wait_for_all();
        check_eq(sleeper_result, -1);
        file_close(reader);
        file_close(writer);
    }
    check_eq(page_used(), used);
}

/* A killed process moves one more piece at most, though it would not have to wait. */
#define PIECE 4096
static char block[4 * PIECE]; /* all that a pipe holds */

static void write_killed(void *unused)
{
    (void)unused;
    thread_kill(thread_self());
    check_eq(file_write(writer, block, sizeof(block)), -1);
    race_finished();
}

static void read_killed(void *unused)
{
    (void)unused;
    thread_kill(thread_self());
    check(file_read(reader, block, sizeof(block)) <= PIECE);
    race_finished();
}

static void run_killed(void *unused)
{
    (void)unused;
    check_eq(pipe_create(&reader, &writer), 0);
    race_start(write_killed, 0);
    race_wait_for_all();
    check(file_read(reader, block, sizeof(block)) <= PIECE);
    check_eq(file_write(writer, block, sizeof(block)), sizeof(block));
    race_start(read_killed, 0);
    race_wait_for_all();
    file_close(writer);
    check(file_read(reader, block, sizeof(block)) >= (int)sizeof(block) - PIECE);
    file_close(reader);
}

TEST("pipes")
{
    race_seeds(&world_small, 2000, run_pipe, 30);
    race_seeds(&world_small, 2000, run_lines, 20);
    race_seeds(&world_small, 2000, run_ends, 10);
}

TEST("a process that is killed soon reads and writes no more of a pipe")
{
    race_seeds(&world_small, 2000, run_killed, 5);
}

TEST("short writes to a full pipe do not keep a long one waiting")
{
    race_seeds(&world_small, 2000, run_turns, 10);
}
