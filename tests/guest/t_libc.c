/*
 * t_libc.c - the parts of C's library that make system calls: streams, ends of programs.  The host tests the rest.
 */
#include "assert.h"
#include "fcntl.h"
#include "guest.h"

static char output[400];

/* Runs fn in a child whose descriptor 0 gives `input`; what it writes to `fd` goes to output.  Its status. */
static int run(void (*fn)(void *), int fd, const char *input)
{
    int in[2], out[2], pid;

    check(pipe(in) == 0 && pipe(out) == 0);
    check_eq(write(in[1], input, strlen(input)), strlen(input));
    close(in[1]);
    pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        close(0);
        check_eq(dup(in[0]), 0);
        close(fd);
        check_eq(dup(out[1]), fd);
        fn(NULL);
        exit(0);
    }
    close(in[0]);
    close(out[1]);
    read_all(out[0], output, sizeof(output));
    close(out[0]);
    return tap_status(pid);
}

static void copy_lines(void *arg)
{
    char line[6];
    int n = 0;

    (void)arg;
    while (fgets(line, sizeof(line), stdin)) {
        fputs(line, stdout);
        putchar('|');
        n++;
    }
    printf("%d", n);
    check(getchar() == EOF && getc(0) == EOF && fgetc(stdin) == EOF);
}

TEST("fgets reads lines, in pieces if they are too long")
{
    check_eq(run(copy_lines, 1, "ab\n\n12345678\nend"), 0);
    check_str(output, "ab\n|\n|12345|678\n|end|5");
}

static void read_nothing(void *arg)
{
    char line[2] = "x";

    (void)arg;
    check(fgets(line, 0, stdin) == NULL && line[0] == 'x');
    check(fgets(line, 1, stdin) == line && line[0] == 0);
    check(getchar() == 'a');
}

TEST("fgets with room for no character gives an empty string, and reads nothing")
{
    check_eq(run(read_nothing, 1, "a"), 0);
}

static void say_all(void *arg)
{
    int one = 1;

    (void)arg;
    printf("a%d", 1);
    printf(1, "b%d", 2);
    fprintf(stdout, "c%d", 3);
    fprintf(1, "d%d", 4);
    (printf)(one, "e\n");
    puts("f");
    check_eq(fputs("g", 1), 0);
    check_eq(putc('h', stdout), 'h');
    check_eq(fputc(0xE9, 1), 0xE9);
    check_eq(printf("%s", ""), 0);
    check_eq(printf("%.2f", 1.005), 4);
    check(printf(99, "x") == -1 && fputs("x", 99) == EOF && putc('x', 99) == EOF && fflush(stdout) == 0);
}

TEST("streams and descriptors are written alike, and a failure is reported")
{
    check_eq(run(say_all, 1, ""), 0);
    check_str(output, "a1b2c3d4e\nf\ngh\xE9"
                      "1.00");
}

static void exit_3(void *arg)
{
    (void)arg;
    exit(3);
}

static void exit_without(void *arg)
{
    (void)arg;
    exit();
}

TEST("exit and wait take a status or none")
{
    int status = 7, pid;

    check_eq(run(exit_3, 1, ""), 3);
    check_eq(run(exit_without, 1, ""), 0);
    pid = tap_start(exit_3, NULL);
    check_eq(wait(&status), pid);
    check_eq(status, 3);
    pid = tap_start(exit_3, NULL);
    check_eq(wait(0), pid);
    pid = tap_start(exit_3, NULL);
    check_eq(wait(), pid);
    check_eq(wait(0), -1);
}

static void assert_both(void *arg)
{
    assert(arg == NULL);
    assert(arg != NULL && "no");
}

TEST("assert lets a true condition pass, and ends the program with the one that failed")
{
    check_eq(run(assert_both, 2, ""), KILLED);
    check(contains(output, "t_libc.c:"));
    check(contains(output, "arg != NULL && \"no\""));
}

TAP_MAIN(NULL)
