/*
 * tap.h - tests that run inside the system, and print TAP.
 *
 *      #include "tap.h"
 *
 *      TEST("pipe: what went in comes out")
 *      {
 *          ...
 *          check(n == 5);
 *      }
 *      TAP_MAIN(NULL)
 *
 * Each test is a process of its own.  It passed if it returned or called exits(0), no check() in it
 * failed, and it left nothing behind: pgused() and the totals of shared memory are what they were.  See
 * tap.c for the options.
 */
#ifndef TAP_H
#define TAP_H

#include "ulib.h"

struct tap_test {
    const char *name;
    void (*run)(void);
    int line; /* in the source: tests run in its order */
};

#define TEST(title)        TAP_TEST(title, __COUNTER__)
#define TAP_TEST(title, n) TAP_TEST_(title, n)
#define TAP_TEST_(title, n)                                                                          \
    static void tap_run_##n(void);                                                                   \
    static struct tap_test tap_test_##n                                                              \
        __attribute__((section(".tap_tests"), used, aligned(4))) = { title, tap_run_##n, __LINE__ }; \
    static void tap_run_##n(void)

/* The program.  cleanup is called in a test that has failed, before it ends; it may be NULL. */
#define TAP_MAIN(cleanup) \
    int main(int argc, char *argv[]) { return tap_main(argc, argv, cleanup); }
int tap_main(int argc, char *argv[], void (*cleanup)(void));

/* For tests that draw numbers, and for those that run for a time: 0: as long as they like, below 20 seconds. */
extern int tap_seed, tap_seconds;

/* Ends the test, and it has failed, if the condition does not hold. */
#define check(condition)                                \
    do {                                                \
        if (!(condition))                               \
            tap_failed(__FILE__, __LINE__, #condition); \
    } while (0)
/* The same for two integers, which are shown. */
#define check_eq(got, want)                                           \
    do {                                                              \
        int tap_got = (int)(got), tap_want = (int)(want);             \
        if (tap_got != tap_want)                                      \
            tap_differs(__FILE__, __LINE__, #got, tap_got, tap_want); \
    } while (0)
void tap_failed(const char *file, int line, const char *what) __attribute__((noreturn));
void tap_differs(const char *file, int line, const char *what, int got, int want) __attribute__((noreturn));
/* Ends the test, which this kernel has no means for. */
void tap_skip(void) __attribute__((noreturn));
/* A comment line. */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Processes of a test. */

#define KILLED (-1) /* status of a process that did not end by itself */

/* A child that calls fn(arg) and ends with status 0. */
int tap_start(void (*fn)(void *), void *arg);
/* Waits for this child, and no other may die before it; its status. */
int tap_status(int pid);
/* The same, and its status is 0. */
void tap_join(int pid);
/* Does a process die that calls fn(arg)? */
bool tap_dies(void (*fn)(void *), void *arg);
/* Does a process die that reads, or writes, the byte at p? */
bool tap_read_dies(const volatile void *p);
bool tap_write_dies(volatile void *p);

/* A gate lets one process through for each time that another opens it. */
struct gate {
    int fds[2];
};
void gate_create(struct gate *g);
void gate_open(struct gate *g);
void gate_pass(struct gate *g);
void gate_destroy(struct gate *g);
/* Waits until the process sleeps in a call (or is gone). */
void tap_until_asleep(int pid);

#endif
