/* host.c - runs the tests of one program: see host.h. */
#include "host.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Failures so far, of all tests.  The memory is shared, so that those in children count. */
static unsigned *nfailures;
static unsigned nfailures_before; /* the test that is running */

static unsigned *counter(void)
{
    if (nfailures)
        return nfailures;
    nfailures = mmap(NULL, sizeof(*nfailures), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (nfailures == MAP_FAILED)
        abort();
    return nfailures;
}

unsigned tap_nfailures(void) { return *counter(); }

bool tap_failing(void) { return tap_nfailures() != nfailures_before; }

static void note(const char *fmt, va_list ap)
{
    printf("# ");
    vprintf(fmt, ap);
    printf("\n");
    fflush(stdout);
}

void tap_note(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    note(fmt, ap);
    va_end(ap);
}

void tap_fail(const char *fmt, ...)
{
    va_list ap;

    ++*counter();
    va_start(ap, fmt);
    note(fmt, ap);
    va_end(ap);
}

void tap_differs(const char *file, int line, const char *what, const char *got, const char *want,
                 const char *quote)
{
    tap_fail("%s:%d: %s is %s%s%s, not %s%s%s", file, line, what, quote, got, quote, quote, want, quote);
}

static bool selected(const struct tap_test *test, char *argv[])
{
    for (char **text = argv; *text; text++)
        if (strstr(test->title, *text))
            return true;
    return !argv[0];
}

static bool run(const struct tap_test *test, unsigned number, void (*before)(void), void (*after)(void))
{
    nfailures_before = tap_nfailures();
    if (before)
        before();
    test->run();
    if (after)
        after();
    printf("%sok %u - %s\n", tap_failing() ? "not " : "", number, test->title);
    return !tap_failing();
}

int tap_main(int argc, char *argv[], void (*before)(void), void (*after)(void))
{
    unsigned nrun = 0, nfailed = 0;

    (void)argc;
    setvbuf(stdout, NULL, _IOLBF, 0);
    tap_sort(__start_tap_tests, __stop_tap_tests);
    for (const struct tap_test *t = __start_tap_tests; t < __stop_tap_tests; t++)
        if (selected(t, argv + 1))
            nfailed += !run(t, ++nrun, before, after);
    printf("1..%u\n", nrun);
    return nfailed || !nrun;
}
