/*
 * tap.h - a test program in a dozen lines: a list of tests, each a function; results in TAP.
 *
 * CHECK() reports a failure and goes on, so that one run shows all that is wrong.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>

struct test {
    const char *name;
    void (*run)(void);
};

static bool tap_failed;

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            tap_failed = true;                                                 \
        }                                                                      \
    } while (0)

#define CHECK_INT(got, want)                                                                \
    do {                                                                                    \
        long got_ = (long)(got), want_ = (long)(want);                                      \
        if (got_ != want_) {                                                                \
            printf("# %s:%d: %s is %ld, not %ld\n", __FILE__, __LINE__, #got, got_, want_); \
            tap_failed = true;                                                              \
        }                                                                                   \
    } while (0)

/* Runs them all, with before() and after() around each; what main() returns. */
static inline int tap_run(const struct test *tests, unsigned n, void (*before)(void), void (*after)(void))
{
    unsigned nfailed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%u\n", n);
    for (unsigned i = 0; i < n; i++) {
        tap_failed = false;
        before();
        tests[i].run();
        after();
        printf("%sok %u - %s\n", tap_failed ? "not " : "", i + 1, tests[i].name);
        nfailed += tap_failed;
    }
    return nfailed != 0;
}

#endif
