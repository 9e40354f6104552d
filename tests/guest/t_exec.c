/*
 * t_exec.c - exec: what a new program gets, and files that are no programs.
 *
 * Started as `t_exec --new WHAT ...` it is the program that the tests run.
 */
#include "chance.h"
#include "fcntl.h"
#include "guest.h"
#include "param.h"

#define SELF "/t_exec"

/* The compiler keeps a local variable of this alignment where it is only if main() was called aligned. */
static bool aligned_stack(void)
{
    volatile char local[16] __attribute__((aligned(16)));

    local[0] = 1;
    return (uint)local % 16 == 0;
}

static int new_program(int argc, char **argv)
{
    if (strcmp(argv[2], "echo") == 0) {
        for (int i = 3; i < argc; i++) {
            if (argv[i][0] != 'a' + i % 26 || strlen(argv[i]) != (uint)i)
                return 200;
        }
        return argv[argc] == NULL ? argc : 201;
    }
    if (strcmp(argv[2], "stack") == 0)
        return aligned_stack() ? 0 : 202;
    if (strcmp(argv[2], "fds") == 0)
        return write(argv[3][0] - '0', "x", 1) == 1 ? 0 : 203;
    return 204;
}

static int run_new(char **argv)
{
    int pid = fork(), status;

    check(pid >= 0);
    if (pid == 0) {
        exec(SELF, argv);
        exits(250);
    }
    check_eq(waits(&status), pid);
    return status;
}

TEST("exec passes on all arguments as they are, on an aligned stack")
{
    char *argv[MAXARG + 2] = { SELF, "--new", "echo" }, text[MAXARG + 1][MAXARG + 2];

    for (int i = 3; i <= MAXARG; i++) {
        memset(text[i], 'a' + i % 26, i);
        text[i][i] = 0;
    }
    for (int n = 3; n < MAXARG; n += 4) {
        for (int i = 3; i < n; i++)
            argv[i] = text[i];
        argv[n] = NULL;
        check_eq(run_new(argv), n);
    }
    check_eq(run_new((char *[]){ SELF, "--new", "stack", NULL }), 0);
}

TEST("exec refuses too many arguments, or too long ones")
{
    static char *many[2000], *one[3];
    static char long_one[200000];

    for (int i = 0; i < 1999; i++)
        many[i] = "x";
    check_eq(exec(SELF, many), -1);
    memset(long_one, 'x', sizeof(long_one) - 1);
    one[0] = SELF;
    one[1] = long_one;
    check_eq(exec(SELF, one), -1);
    check_eq(exec(long_one, one), -1);
}

static void make_file(const char *name, const void *bytes, int n)
{
    int fd = open(name, O_CREATE | O_WRONLY);

    check(fd >= 0);
    check_eq(write(fd, bytes, n), n);
    close(fd);
}

TEST("exec refuses what is no program, and changes nothing")
{
    static char start[512];
    char *argv[] = { "x", NULL };
    int fd = open(SELF, O_RDONLY), marker = 77;

    check_eq(read(fd, start, sizeof(start)), sizeof(start));
    close(fd);
    make_file("t_exec.tmp", start, 40); /* ends in the header */
    check_eq(exec("t_exec.tmp", argv), -1);
    unlink("t_exec.tmp");
    make_file("t_exec.tmp", start, sizeof(start)); /* its segments are beyond its end */
    check_eq(exec("t_exec.tmp", argv), -1);
    unlink("t_exec.tmp");
    make_file("t_exec.tmp", "", 0);
    check_eq(exec("t_exec.tmp", argv), -1);
    unlink("t_exec.tmp");
    for (uint at = 0; at < 52; at++) { /* every byte of the header, wrong */
        int pid, status;

        start[at] ^= 0xFF;
        make_file("t_exec.tmp", start, sizeof(start));
        start[at] ^= 0xFF;
        pid = fork();
        if (pid == 0) {
            exec("t_exec.tmp", argv);
            exits(3);
        }
        check_eq(waits(&status), pid);
        check(status == 3 || status == KILLED); /* refused, or it ran into nothing */
        unlink("t_exec.tmp");
    }
    check_eq(exec("no-such-file", argv), -1);
    check_eq(exec(".", argv), -1);
    check_eq(exec("console", argv), -1);
    check_eq(exec("", argv), -1);
    check_eq(marker, 77);
}

/* Runs it, but not for long: its code may have become an endless loop. */
static void run_bounded(char *path)
{
    int status, pid = fork(), killer;

    check(pid >= 0);
    if (pid == 0) {
        exec(path, (char *[]){ "x", NULL });
        exits(3);
    }
    killer = fork();
    check(killer >= 0);
    if (killer == 0) {
        sleep(100);
        kill(pid);
        exits(0);
    }
    while (waits(&status) != pid)
        ;
    kill(killer);
    wait();
}

TEST("programs whose headers, segment tables and marks lie end themselves at most")
{
    static const uint lies[] = { 0,          1,          4,          52,         0x1000,    0x7FFFF000,
                                 0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0xFFFFFFFC, 0xFFFFFFFF };
    static uint program[16384]; /* a debug build's are larger */
    uint random = 7;
    int fd = open("/true", O_RDONLY), n = read(fd, program, sizeof(program));

    check(n > 512 && n < (int)sizeof(program));
    close(fd);
    for (int i = 0; i < 300; i++) {
        uint at[3], was[3];

        for (int k = 0; k < 3; k++) { /* word 0 is the magic number, which stays */
            at[k] = 6 + chance(&random, 45);
            was[k] = program[at[k]];
            program[at[k]] =
                chance(&random, 2) ? lies[chance(&random, COUNT(lies))] : was[k] ^ 1u << chance(&random, 32);
        }
        make_file("t_exec.tmp", program, n);
        for (int k = 2; k >= 0; k--)
            program[at[k]] = was[k];
        run_bounded("t_exec.tmp");
        unlink("t_exec.tmp");
    }
}

TEST("open files stay open across exec")
{
    int ends[2], status;
    char number[2] = "0", c;

    check_eq(pipe(ends), 0);
    number[0] += ends[1];
    check_eq(run_new((char *[]){ SELF, "--new", "fds", number, NULL }), 0);
    check_eq(read(ends[0], &c, 1), 1);
    check_eq(c, 'x');
    check_eq(waits(&status), -1);
}

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "--new") == 0)
        return new_program(argc, argv);
    return tap_main(argc, argv, NULL);
}
