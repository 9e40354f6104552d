/*
 * guest.h - tests that run inside the system.
 *
 *      #include "guest.h"
 *
 *      TEST("a pipe gives back what went in")
 *      {
 *          ...
 *          check_eq(n, 5);
 *      }
 *      TAP_MAIN(NULL)
 *
 * Each test is a process of its own.  It passed if it returned or called exits(0), no check in it failed, and it
 * left nothing behind: pgused() and the totals of shared memory are what they were.  A check that does not hold
 * ends the process that made it, with a bad status; and, in a child, the test, which may wait for what the child will
 * not do.  See guest.c for the options of such a program.
 */
#ifndef GUEST_H
#define GUEST_H

#include "tap.h"
#include "ulib.h"

/* The program.  A test that has failed calls cleanup, in the process whose check did not hold; it may be NULL. */
#define TAP_MAIN(cleanup) \
    int main(int argc, char *argv[]) { return tap_main(argc, argv, cleanup); }
int tap_main(int argc, char *argv[], void (*cleanup)(void));

/* For tests that draw random numbers, and for those that run for a time; 0 seconds: the test chooses, below 20. */
extern int tap_seed, tap_seconds;

/* Here a check that does not hold ends the process. */
void tap_differs(const char *file, int line, const char *what, const char *got, const char *want,
                 const char *quote) __attribute__((noreturn));
/* For a handle, a pid or a count, or the error that came instead, which the message shows. */
#define check_positive(got)                                                                                \
    do {                                                                                                   \
        long tap_got = (long)(got);                                                                        \
        char tap_text[TAP_NUMBER_SIZE];                                                                    \
        if (tap_got <= 0)                                                                                  \
            tap_differs(__FILE__, __LINE__, #got, tap_number(tap_text, tap_got), "a positive number", ""); \
    } while (0)
/* Ends the test, for which this kernel has no means. */
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
/* Waits for n children in whatever order they end; all statuses are 0. */
void tap_join_all(uint n);
/* Children 0 to n - 1 call fn(number), all at once, until all have ended with status 0. */
void tap_run_all(uint n, void (*fn)(void *number));
/* Is a process killed that calls fn(arg)? */
bool tap_dies(void (*fn)(void *), void *arg);
/* Is a process killed that reads, or writes, the byte at p? */
bool tap_read_dies(const volatile void *p);
bool tap_write_dies(volatile void *p);

/* A gate lets one process pass each time that another one opens it. */
struct gate {
    int fds[2];
};
void gate_create(struct gate *g);
void gate_open(struct gate *g);
void gate_pass(struct gate *g);
void gate_destroy(struct gate *g);
/* Waits for what another process does.  There is no limit but the watchdog's. */
#define wait_until(condition) \
    do {                      \
        while (!(condition))  \
            sleep(1);         \
    } while (0)
/* Waits until the process sleeps in a call (or is gone). */
void tap_until_asleep(int pid);

/* Programs. */

/* A child that executes argv[0], a path, whose last part the program gets for its name.  Its input comes from `in`, its
   output and messages go to `out`; -1: as the test's own.  It has no other descriptors. */
int tap_start_program(char *argv[], int in, int out);
/* Everything that comes from fd until its end, as a string; what does not fit fails the test.  Its length. */
int read_all(int fd, char *text, int size);
/* Is part a part of text? */
bool contains(const char *text, const char *part);

#endif
