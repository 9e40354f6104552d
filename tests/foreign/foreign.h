/*
 * foreign.h - what a program needs that was built for xv6 and not for this system.
 *
 * Programs of tests/foreign are linked as xv6 links its own: one read-write-execute segment at address 0, entered at
 * main() with no start-up code, calling the kernel by the 21 numbers alone.
 */
#ifndef FOREIGN_H
#define FOREIGN_H

#include "tap.h"

#define CALL0(name, nr) \
    static inline int name(void) { return foreign_call(nr, 0, 0, 0); }

/* The arguments lie above a return address, as the kernel finds them under a C stub's frame.  They are in registers of
   their own, because "r" can be %esp, which each push changes. */
static inline int foreign_call(int nr, int a, int b, int c)
{
    int result;

    asm volatile("pushl %%edx; pushl %%ecx; pushl %%ebx; pushl $0; int $0x40; addl $16, %%esp"
                 : "=a"(result)
                 : "0"(nr), "b"(a), "c"(b), "d"(c)
                 : "memory", "cc");
    return result;
}

CALL0(fork, 1)
CALL0(wait, 3)
CALL0(getpid, 11)
CALL0(uptime, 14)
static inline __attribute__((noreturn)) void exit(void)
{
    for (;;)
        foreign_call(2, 0x5a5a5a5a, 0, 0); /* xv6 passes no status: whatever lies there */
}
static inline int pipe(int *fds) { return foreign_call(4, (int)fds, 0, 0); }
static inline int read(int fd, void *buf, int n) { return foreign_call(5, fd, (int)buf, n); }
static inline int kill(int pid) { return foreign_call(6, pid, 0, 0); }
static inline int exec(const char *path, char **argv) { return foreign_call(7, (int)path, (int)argv, 0); }
static inline int fstat(int fd, void *st) { return foreign_call(8, fd, (int)st, 0); }
static inline int chdir(const char *path) { return foreign_call(9, (int)path, 0, 0); }
static inline int dup(int fd) { return foreign_call(10, fd, 0, 0); }
static inline char *sbrk(int n) { return (char *)foreign_call(12, n, 0, 0); }
static inline int sleep(int ticks) { return foreign_call(13, ticks, 0, 0); }
static inline int open(const char *path, int mode) { return foreign_call(15, (int)path, mode, 0); }
static inline int write(int fd, const void *buf, int n) { return foreign_call(16, fd, (int)buf, n); }
static inline int mknod(const char *path, int major, int minor)
{
    return foreign_call(17, (int)path, major, minor);
}
static inline int unlink(const char *path) { return foreign_call(18, (int)path, 0, 0); }
static inline int link(const char *old, const char *new) { return foreign_call(19, (int)old, (int)new, 0); }
static inline int mkdir(const char *path) { return foreign_call(20, (int)path, 0, 0); }
static inline int close(int fd) { return foreign_call(21, fd, 0, 0); }

static inline unsigned length(const char *s)
{
    unsigned n = 0;

    while (s[n])
        n++;
    return n;
}
static inline void say(const char *s) { write(1, s, length(s)); }

static inline void say_number(int n)
{
    char digits[12];
    int i = sizeof(digits);

    do
        digits[--i] = '0' + n % 10;
    while (n /= 10);
    write(1, digits + i, sizeof(digits) - i);
}

/* The tests of this program, in their order; a check that does not hold is reported, and the test goes on. */

static int checks_failed;

void tap_differs(const char *file, int line, const char *what, const char *got, const char *want,
                 const char *quote)
{
    const char *parts[] = { " ", what, " is ", quote, got, quote, ", not ", quote, want, quote, "\n" };

    say("# ");
    say(file);
    say(":");
    say_number(line);
    say(":");
    for (unsigned i = 0; i < COUNT(parts); i++)
        say(parts[i]);
    checks_failed++;
}

static inline void run_test(const struct tap_test *test, int number)
{
    checks_failed = 0;
    test->run();
    say(checks_failed ? "not ok " : "ok ");
    say_number(number);
    say(" - foreign: ");
    say(test->title);
    say("\n");
}

static inline __attribute__((noreturn)) void run_tests(void)
{
    int n = 0;

    tap_sort(__start_tap_tests, __stop_tap_tests);
    for (const struct tap_test *test = __start_tap_tests; test < __stop_tap_tests; test++)
        run_test(test, ++n);
    say("1..");
    say_number(n);
    say("\n");
    exit();
}

#endif
