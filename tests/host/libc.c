/*
 * libc.c - the programs' library against the host's, on random input.
 */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chance.h"
#include "host.h"

#define ROUNDS 50000

/* Ours, under the names that host.mk gives them. */
int our_snprintf(char *dst, size_t size, const char *fmt, ...);
double our_strtod(const char *s, char **end);
/* The width of long is the machine's, so only the functions of long long are compared. */
long long our_strtoll(const char *s, char **end, int base);
unsigned long long our_strtoull(const char *s, char **end, int base);
void our_qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
void *our_bsearch(const void *key, const void *base, size_t n, size_t size,
                  int (*compare)(const void *, const void *));
char *strchr_or_end(const char *s, int c);
char *our_strrchr(const char *s, int c);
char *our_strstr(const char *s, const char *part);
char *our_strpbrk(const char *s, const char *set);
size_t our_strspn(const char *s, const char *set);
size_t our_strcspn(const char *s, const char *set);
size_t our_strnlen(const char *s, size_t n);
char *our_strncpy(char *dst, const char *src, size_t n);
char *our_strncat(char *dst, const char *src, size_t n);
char *our_strcat(char *dst, const char *src);
char *our_strtok(char *s, const char *separators);
int our_strcmp(const char *a, const char *b);
int our_strncmp(const char *a, const char *b, size_t n);
int our_memcmp(const void *a, const void *b, size_t n);
void *our_memchr(const void *s, int c, size_t n);
void *our_memmove(void *dst, const void *src, int n);
void *our_memcpy(void *dst, const void *src, size_t n);
void *our_memset(void *dst, int c, unsigned n);
int our_getopt(int argc, char *const argv[], const char *options);
extern char *our_optarg;
extern int our_optind, our_optopt;

/* What the sources link with, and no test reaches. */
void our_free(void *p) { free(p); }
void *our_malloc(unsigned n) { return malloc(n); }

/* getopt() complains by this. */
static unsigned nwarned;
void warn(const char *fmt, ...)
{
    (void)fmt;
    nwarned++;
}

static unsigned state = 4711;

static uint64_t random_bits(void)
{
    uint64_t high = chance_next(&state);

    return high << 32 | chance_next(&state);
}

/* Up to n - 1 characters out of a few. */
static void random_text(char *text, int n, const char *letters)
{
    int length = (int)chance(&state, (unsigned)n);

    for (int i = 0; i < length; i++)
        text[i] = letters[chance(&state, (unsigned)strlen(letters))];
    text[length] = 0;
}

/* Hexadecimal digits are capitals here, as in xv6: only %X is compared. */
static void random_conversion(char *fmt, const char *letters)
{
    char flags[6], width[8] = "", precision[8] = "";

    random_text(flags, sizeof(flags), "-0+ #");
    if (chance(&state, 2))
        snprintf(width, sizeof(width), "%u", 1 + chance(&state, 30));
    if (chance(&state, 2))
        snprintf(precision, sizeof(precision), ".%u", chance(&state, 25));
    sprintf(fmt, "<%%%s%s%s%c>", flags, width, precision, letters[chance(&state, (unsigned)strlen(letters))]);
}

#define expect_same(fmt, argument)                                       \
    do {                                                                 \
        int want_n = snprintf(want, sizeof(want), fmt, argument);        \
        int got_n = our_snprintf(got, sizeof(got), fmt, argument);       \
        if (want_n != got_n || strcmp(want, got) != 0)                   \
            tap_fail("%s gives %s (%d), not %s", fmt, got, got_n, want); \
    } while (0)

static char want[2000], got[2000], fmt[64];

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

TEST("integers are formatted as the host formats them")
{
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t value = random_bits() >> chance(&state, 64);

        random_conversion(fmt, "diuoX");
        value = chance(&state, 2) ? value : -value;
        expect_same(fmt, (unsigned)value);
        random_conversion(fmt, "diuoX");
        memmove(strchr(fmt, '>') + 1, strchr(fmt, '>') - 1, 3); /* the letter moves up for ll */
        memcpy(strchr(fmt, '>') - 1, (char[]){ 'l', 'l' }, 2);
        fmt[strlen(fmt) - 1] = '>';
        expect_same(fmt, (unsigned long long)value);
    }
}

TEST("strings and characters are formatted as the host formats them")
{
    for (int i = 0; i < ROUNDS; i++) {
        char text[20];

        random_text(text, sizeof(text), "abcdefgh");
        random_conversion(fmt, "s");
        for (char *zero = fmt; (zero = strpbrk(zero, "0+ #")) && zero < fmt + 2 + strspn(fmt + 2, "-0+ #");
             zero++)
            *zero = '-'; /* undefined for strings */
        expect_same(fmt, text);
    }
}

TEST("doubles are formatted as the host formats them")
{
    for (int i = 0; i < ROUNDS; i++) {
        union {
            uint64_t bits;
            double value;
        } u = { random_bits() };

        random_conversion(fmt, "efgEFG");
        if (isnan(u.value))
            u.bits &= ~(1ull << 63); /* hosts disagree on the sign */
        expect_same(fmt, u.value);
        u.value = (double)(int64_t)random_bits() / (double)(1ull << chance(&state, 63));
        expect_same(fmt, u.value);
        u.value = (double)chance(&state, 4000) / 1000;
        expect_same(fmt, u.value);
    }
    expect_same("%.400f", 1e-300);
    expect_same("%.1200f", 5e-324);
    expect_same("%.800e", 0x1.fffffffffffffp-1022);
    expect_same("%f", 1.7976931348623157e308);
    expect_same("%g", 0.0);
    expect_same("%#g", 0.0);
    expect_same("%e", -0.0);
    expect_same("%020f", -INFINITY);
}

TEST("a conversion that does not exist prints itself and takes no argument")
{
    check_eq(our_snprintf(got, sizeof(got), "%5y %d %-", 7), 8);
    check_str(got, "%5y 7 %-");
}

TEST("h and hh take the lower bits of an integer")
{
    for (int i = 0; i < ROUNDS; i++) {
        static const char *const formats[] = { "%hd", "%hhd", "%hu", "%04hhX" };
        const char *of = formats[i % COUNT(formats)];
        int value = (int)chance(&state, 0x7FFFFFFF) * (i % 8 < 4 ? 1 : -1);

        expect_same(of, value);
    }
}

TEST("numbers are read as the host reads them")
{
    for (int i = 0; i < ROUNDS; i++) {
        char text[30], *want_end, *got_end;
        int base = (int)chance(&state, 36);

        base += base > 0;
        random_text(text, sizeof(text), chance(&state, 2) ? " +-0x123456789abcdefzZ" : "0123456789");
        check_eq(our_strtoll(text, &got_end, base), strtoll(text, &want_end, base));
        check_eq(got_end - text, want_end - text);
        check_eq(our_strtoull(text, &got_end, base), strtoull(text, &want_end, base));
        check_eq(got_end - text, want_end - text);
    }
}

TEST("there are no numbers to an impossible base")
{
    static const int bases[] = { -1, 1, 37, INT_MIN, INT_MAX };
    char text[] = "0z", *end;

    for (unsigned i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        check_eq(our_strtoll(text, &end, bases[i]), 0);
        check(end == text);
    }
}

TEST("doubles are read as the host reads them")
{
    static const char *const texts[] = { "inf", "-Infinity", "infinite", "nan", "-1e",   "1e+",
                                         ".",   "-",         "+.5x",     "  7", "1e400", "-1e-400" };
    char text[30], *want_end, *got_end;
    double a, b;

    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i < sizeof(texts) / sizeof(texts[0]))
            strcpy(text, texts[i]);
        else
            random_text(text, sizeof(text), " +-0123456789..eE");
        a = our_strtod(text, &got_end);
        b = strtod(text, &want_end);
        /* The same bits: the zeroes differ.  NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
        if (got_end - text != want_end - text || !(memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b))))
            tap_fail("\"%s\" is %g (%d), not %g (%d)", text, a, (int)(got_end - text), b,
                     (int)(want_end - text));
    }
}

static int order(const void *a, const void *b)
{
    return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

TEST("qsort sorts, and bsearch finds what is there")
{
    for (unsigned n = 0; n < 300; n++) {
        int ours[300], theirs[300];

        for (unsigned i = 0; i < n; i++)
            ours[i] = theirs[i] = (int)chance(&state, n);
        our_qsort(ours, n, sizeof(ours[0]), order);
        qsort(theirs, n, sizeof(theirs[0]), order);
        check(memcmp(ours, theirs, n * sizeof(ours[0])) == 0);
        for (int key = -1; key <= (int)n; key++) {
            int *found = our_bsearch(&key, ours, n, sizeof(ours[0]), order);

            check_eq(!!found, !!bsearch(&key, theirs, n, sizeof(theirs[0]), order));
            check(!found || *found == key);
        }
    }
}

static ptrdiff_t place(const char *p, const char *base) { return p ? p - base : -1; }
static int sign(int n) { return (n > 0) - (n < 0); }

TEST("strings are searched and compared as the host does it")
{
    for (int i = 0; i < ROUNDS; i++) {
        char s[24], t[24];
        int c = (unsigned char)"abc\0"[chance(&state, 4)];
        size_t n = chance(&state, 30);

        random_text(s, sizeof(s), "aaabbc");
        random_text(t, chance(&state, 2) ? 4 : sizeof(t), "aaabbc");
        check_eq(place(strchr_or_end(s, c), s), place(strchr(s, c), s));
        check_eq(place(our_strrchr(s, c), s), place(strrchr(s, c), s));
        check_eq(place(our_strstr(s, t), s), place(strstr(s, t), s));
        check_eq(place(our_strpbrk(s, t), s), place(strpbrk(s, t), s));
        check_eq(our_strspn(s, t), strspn(s, t));
        check_eq(our_strcspn(s, t), strcspn(s, t));
        check_eq(our_strnlen(s, n), strnlen(s, n));
        check_eq(sign(our_strcmp(s, t)), sign(strcmp(s, t)));
        check_eq(sign(our_strncmp(s, t, n)), sign(strncmp(s, t, n)));
        check_eq(sign(our_memcmp(s, t, 3)), sign(memcmp(s, t, 3)));
        check_eq(place(our_memchr(s, c, strlen(s) + 1), s), place(memchr(s, c, strlen(s) + 1), s));
    }
}

TEST("strings are copied, joined and cut up as the host does it")
{
    for (int i = 0; i < ROUNDS; i++) {
        char s[24], ours[64], theirs[64], again[24];
        size_t n = chance(&state, 30);

        random_text(s, sizeof(s), "ab,;");
        strcpy(again, s);
        memset(ours, 'x', sizeof(ours));
        memset(theirs, 'x', sizeof(theirs));
        our_strncpy(ours, s, n);
        strncpy(theirs, s, n);
        check(memcmp(ours, theirs, sizeof(ours)) == 0);
        strcpy(ours, "ab");
        strcpy(theirs, "ab");
        our_strcat(our_strncat(ours, s, n), s);
        strcat(strncat(theirs, s, n), s);
        check_str(ours, theirs);
        for (char *a = our_strtok(s, ",;"), *b = strtok(again, ",;"); a || b;
             a = our_strtok(NULL, ",;"), b = strtok(NULL, ",;")) {
            check(a && b);
            if (!a || !b)
                break;
            check_str(a, b);
        }
    }
}

TEST("runs of bytes are moved, copied and set at all distances")
{
    for (int i = 0; i < ROUNDS; i++) {
        unsigned char ours[120], theirs[120];
        int n = (int)chance(&state, 50), from = (int)chance(&state, 60), to = (int)chance(&state, 60);

        for (unsigned j = 0; j < sizeof(ours); j++)
            ours[j] = theirs[j] = (unsigned char)chance_next(&state);
        our_memmove(ours + to, ours + from, n);
        memmove(theirs + to, theirs + from, (size_t)n);
        our_memset(ours + from, n, (unsigned)n / 2);
        memset(theirs + from, n, (size_t)n / 2);
        if (n < 40) {
            our_memcpy(ours + 80, ours + from % 40, (size_t)n);
            memcpy(theirs + 80, theirs + from % 40, (size_t)n);
        }
        check(memcmp(ours, theirs, sizeof(ours)) == 0);
    }
}

/* The results of getopt() for these arguments, until the options end or a few were taken. */
static void take_options(int argc, char *const argv[], const char *options, unsigned most)
{
    char host_options[8];

    /* The host's is to end at the first operand, too; 0 is how glibc starts again. */
    snprintf(host_options, sizeof(host_options), "+%s", options);
    optind = 0;
    our_optind = 1;
    for (unsigned i = 0; i < most; i++) {
        unsigned before = nwarned;
        int theirs = getopt(argc, argv, host_options), ours = our_getopt(argc, argv, options);
        bool wrong = theirs == '?' || theirs == ':';

        check_eq(ours, theirs);
        check(!wrong || our_optopt == optopt);
        check_eq(nwarned - before, theirs == '?' && *options != ':');
        if (theirs < 0) {
            check_eq(our_optind, optind);
            return;
        }
        if (!wrong && strchr(options, theirs)[1] == ':')
            check(our_optarg == optarg);
    }
}

TEST("options are taken as the host takes them, also if it starts again before their end")
{
    static const char *const options[] = { "ab:c", "abc", "a:b:", ":ab:c", ":a:b:", "" };

    opterr = 0; /* the host's */
    for (int i = 0; i < ROUNDS; i++) {
        char text[5][6], *argv[7] = { "libc" };
        int argc = 1;

        for (int n = (int)chance(&state, 6); n > 0; n--) {
            char *argument = text[argc - 1];

            random_text(argument, sizeof(text[0]), "--abc:x");
            if (strncmp(argument, "--", 2) != 0 || !argument[2]) /* not a word, as in --help */
                argv[argc++] = argument;
        }
        take_options(argc, argv, options[chance(&state, 6)], 1 + chance(&state, 12));
    }
}

TAP_MAIN(NULL, NULL)
