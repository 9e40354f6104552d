/*
 * corners.c - where xv6's calls do what nobody would guess, and programs for xv6 may count on it; prints TAP.
 *
 *   corners               the tests
 *   corners arguments ... what exec() is seen to have left on the stack
 *   corners unknown       makes calls that there are not
 *   corners hungry        asks for memory until there is none
 */
#include "foreign.h"

#define MOST_ARGUMENTS 32

static int nargs;
static char **args;

/* Waits for the child that it makes of this program with n arguments in all: 1 if that ran, 0 if exec() failed. */
static int runs_with(int n)
{
    static char *argv[42] = { "corners", "arguments" };
    int fds[2];
    char c = 0;

    for (int i = 2; i < n; i++)
        argv[i] = "x";
    argv[n] = 0;
    pipe(fds);
    if (fork() == 0) {
        close(fds[0]);
        exec("corners", argv);
        write(fds[1], "n", 1);
        exit();
    }
    close(fds[1]);
    int failed = read(fds[0], &c, 1);
    close(fds[0]);
    wait();
    return !failed;
}

TEST("exec takes 32 arguments")
{
    check(runs_with(3));
    check(runs_with(MOST_ARGUMENTS));
    for (int n = MOST_ARGUMENTS + 1; n <= 40; n++)
        check(!runs_with(n));
}

TEST("strings of arguments begin at multiples of 4, the first one highest")
{
    for (int i = 0; i < nargs; i++) {
        check_eq((unsigned)args[i] % 4, 0);
        if (i > 0)
            check_eq(args[i - 1] - args[i], (length(args[i]) + 4) / 4 * 4);
    }
    check_eq((unsigned)args[0] + (length(args[0]) + 4) / 4 * 4, (unsigned)sbrk(0));
    check_eq((unsigned)&args[nargs + 1], (unsigned)args[nargs - 1]);
}

TEST("kill(0) succeeds and kills nobody")
{
    check_eq(kill(0), 0);
    check_eq(kill(-1), -1);
}

TEST("sbrk below 0 returns the old break, and leaves it there")
{
    char *start = sbrk(0);

    check_eq(sbrk(-(int)start - 1), start);
    check_eq(sbrk((int)0x80000000), start);
    check_eq(sbrk(0), start);
    check_eq(sbrk(0x7fffffff), -1);
}

TEST("sleep(-1) does not end")
{
    int fds[2];
    char c;

    pipe(fds);
    int pid = fork();
    if (pid == 0) {
        write(fds[1], "a", 1);
        sleep(-1);
        write(fds[1], "b", 1);
        exit();
    }
    close(fds[1]);
    check_eq(read(fds[0], &c, 1), 1);
    sleep(260); /* once round the kernel's wheel of timers */
    check_eq(kill(pid), 0);
    check_eq(read(fds[0], &c, 1), 0);
    check_eq(wait(), pid);
    close(fds[0]);
}

static void unknown(void)
{
    static const int numbers[] = { 0, 22, 25, 63, 64, 99, 448, 511, 600, 1024, 1536, -1, (int)0x80000200 };

    for (unsigned i = 0; i < COUNT(numbers); i++)
        if (foreign_call(numbers[i], 0, 0, 0) != -1)
            say("it is known\n");
    say("done\n");
}

static void hungry(void)
{
    while (sbrk(1 << 20) != (char *)-1)
        ;
    say("done\n");
}

int main(int argc, char *argv[])
{
    nargs = argc;
    args = argv;
    if (argc == 1)
        run_tests();
    if (argv[1][0] == 'u')
        unknown();
    if (argv[1][0] == 'h')
        hungry();
    exit();
}
