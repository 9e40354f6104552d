/*
 * tap.h - the words that all tests in C share, in the system, on the host and in programs built for xv6.
 *
 *      TEST("§5.1 detach takes the newest")
 *      {
 *          check(handle > 0);
 *          check_eq(ksmdetach(handle), 0);
 *          check_str(name, "sh");
 *      }
 *
 * A check that does not hold prints one line, which is the same everywhere:
 *
 *      # FILE:LINE: EXPRESSION is GOT, not WANT
 *
 * and the test has failed.  What happens next is the environment's: in the system the process ends; on the host and in
 * programs built for xv6 the test goes on, so that one run shows all that is wrong.  Include guest.h, host.h or
 * foreign.h, never this file alone.
 */
#ifndef TAP_H
#define TAP_H

struct tap_test {
    const char *title;
    void (*run)(void);
    const char *file;
    int line; /* in the source: the tests of a file run in its order */
};

/* The linker puts the tests of a program side by side, in whatever order the compiler left; it may have none. */
extern struct tap_test __start_tap_tests[] __attribute__((weak)), __stop_tap_tests[] __attribute__((weak));

#define TEST(title)        TAP_TEST(title, __COUNTER__)
#define TAP_TEST(title, n) TAP_TEST_(title, n)
/* clang-format off */
#define TAP_TEST_(title, n)                                                         \
    static void tap_run_##n(void);                                                  \
    static struct tap_test tap_test_##n                                             \
        __attribute__((section("tap_tests"), used, aligned(sizeof(void *)))) =      \
        { title, tap_run_##n, __FILE__, __LINE__ };                                 \
    static void tap_run_##n(void)
/* clang-format on */

/* Each environment's own: prints the line, with quote around both values, and the test has failed. */
void tap_differs(const char *file, int line, const char *what, const char *got, const char *want,
                 const char *quote);

#define check(condition)                                                      \
    do {                                                                      \
        if (!(condition))                                                     \
            tap_differs(__FILE__, __LINE__, #condition, "false", "true", ""); \
    } while (0)
/* Two integers or two pointers. */
#define check_eq(got, want)                                                     \
    do {                                                                        \
        long tap_got = (long)(got), tap_want = (long)(want);                    \
        if (tap_got != tap_want)                                                \
            tap_differs_by_number(__FILE__, __LINE__, #got, tap_got, tap_want); \
    } while (0)
/* Two strings, which may be NULL. */
#define check_str(got, want)                                                  \
    do {                                                                      \
        const char *tap_got = (got), *tap_want = (want);                      \
        if (!tap_same_text(tap_got, tap_want))                                \
            tap_differs_by_text(__FILE__, __LINE__, #got, tap_got, tap_want); \
    } while (0)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the macros need, without any library. */

#define TAP_NUMBER_SIZE 64

/* Writes the digits of n, and a 0 after them; where that is. */
static inline char *tap_digits(char *to, unsigned long n, unsigned base)
{
    char reversed[24];
    int ndigits = 0;

    do
        reversed[ndigits++] = "0123456789abcdef"[n % base];
    while (n /= base);
    while (ndigits)
        *to++ = reversed[--ndigits];
    *to = 0;
    return to;
}

/* Decimal; from a page's size on also hexadecimal, since it may be an address or a set of flags. */
static inline const char *tap_number(char text[TAP_NUMBER_SIZE], long n)
{
    char *end = text;

    if (n < 0)
        *end++ = '-';
    end = tap_digits(end, n < 0 ? -(unsigned long)n : (unsigned long)n, 10);
    if (n < 4096 && n > -4096)
        return text;
    for (const char *s = " (0x"; *s; s++)
        *end++ = *s;
    end = tap_digits(end, (unsigned long)n, 16);
    end[0] = ')';
    end[1] = 0;
    return text;
}

static inline void tap_differs_by_number(const char *file, int line, const char *what, long got, long want)
{
    char got_text[TAP_NUMBER_SIZE], want_text[TAP_NUMBER_SIZE];

    tap_differs(file, line, what, tap_number(got_text, got), tap_number(want_text, want), "");
}

static inline void tap_differs_by_text(const char *file, int line, const char *what, const char *got,
                                       const char *want)
{
    tap_differs(file, line, what, got ? got : "(null)", want ? want : "(null)", "\"");
}

static inline int tap_same_text(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* In the order of the sources. */
static inline void tap_sort(struct tap_test *first, struct tap_test *end)
{
    for (struct tap_test *t = first + 1; t < end; t++) {
        struct tap_test moved = *t, *to = t;

        for (; to > first && tap_same_text(to[-1].file, moved.file) && to[-1].line > moved.line; to--)
            *to = to[-1];
        *to = moved;
    }
}

#endif
