/*
 * math_decimal.c - reading and writing doubles against the C library, which does both exactly.
 *
 * The shortest decimal is compared with the first precision of printf at which strtod() finds the value again.  Next to
 * powers of two a shorter or nearer one may not be the nearest decimal of its length: for these a table has those
 * of Python.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "host.h"
#include "user/libc/decimal.h"

#define ROUNDS 60000

static unsigned random_state = 88172645;

static uint64_t random_bits(void)
{
    uint64_t high = chance_next(&random_state);

    return high << 32 | chance_next(&random_state);
}

static double from_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* The same bits: NaN is itself, and the zeroes differ.  NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
static bool same(double a, double b) { return memcmp(&a, &b, sizeof(a)) == 0; }

static void expect_parse(const char *text)
{
    double got = -1, want = strtod(text, NULL);
    int n = decimal_parse(text, (int)strlen(text), &got);

    check_eq(n, strlen(text));
    if (!same(got, want))
        tap_fail("%.60s... is %.17g, not %.17g", text, got, want);
}

static void expect_format(double value, const char *want)
{
    char text[DECIMAL_SIZE];
    int n = decimal_format(value, text);

    check_eq(n, strlen(text));
    check(n < DECIMAL_SIZE);
    check_str(text, want);
}

TEST("decimal_parse takes what belongs to the number")
{
    double value;

    check_eq(decimal_parse("", 0, &value), 0);
    check_eq(decimal_parse(".", 1, &value), 0);
    check_eq(decimal_parse("-1", 2, &value), 0);
    check_eq(decimal_parse("e5", 2, &value), 0);
    check_eq(decimal_parse("1e", 2, &value), 1);
    check_eq(decimal_parse("1e+", 3, &value), 1);
    check_eq(decimal_parse("1.5.2", 5, &value), 3);
    check_eq(decimal_parse("12345", 3, &value), 3);
    check(value == 123);
    check_eq(decimal_parse("1234567890123", 13, &value), 13);
    check(value == 1234567890123.0);
}

TEST("decimal_parse reads the ends of the range")
{
    static const char *const texts[] = {
        "0",
        "0.0",
        "000",
        ".5",
        "5.",
        "00012.500",
        "1e22",
        "1e23",
        "1e400",
        "1e-400",
        "1e99999999999",
        "1e-99999999999",
        "0e99999999999",
        "9007199254740993",
        "9007199254740992.9999999",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "8.98846567431158e307",
        "123456789012345678901234567890e-10",
    };

    for (unsigned i = 0; i < COUNT(texts); i++)
        expect_parse(texts[i]);
}

/* The middle of two doubles, all its digits, then a little below and above. */
TEST("decimal_parse rounds in the middle between two doubles, and beside it")
{
    for (int i = 0; i < 3000; i++) {
        char text[2500], below[2500];
        uint64_t bits = random_bits() % (2046ull << 52);
        long double middle;
        char *end;

        if (i % 3 == 0)
            bits >>= random_bits() % 60; /* near and below the smallest normal number */
        middle = ((long double)from_bits(bits) + from_bits(bits + 1)) / 2; /* exact: it has 64 bits */
        snprintf(text, sizeof(text), "%.1400Lf", middle);
        expect_parse(text);
        strcpy(below, text);
        for (end = below + strlen(below); end[-1] == '0' || end[-1] == '.'; end--)
            ;
        end[-1]--;
        expect_parse(below);
        end = text + strlen(text);
        memset(end, '0', 500);
        strcpy(end + 500, "1");
        expect_parse(text);
    }
}

TEST("decimal_parse reads random numbers as the C library does")
{
    for (int i = 0; i < ROUNDS; i++) {
        char text[128];
        unsigned long long a = random_bits() >> random_bits() % 64, b = random_bits() >> random_bits() % 64;
        int exponent = (int)(random_bits() % 700) - 360;

        switch (i % 4) {
        case 0:
            snprintf(text, sizeof(text), "%llu.%llue%d", a, b, exponent);
            break;
        case 1:
            snprintf(text, sizeof(text), "%llu%llue%d", a, b, exponent / 10);
            break;
        case 2:
            snprintf(text, sizeof(text), "%.*g", (int)(random_bits() % 25) + 1, from_bits(a << 11 >> 1));
            break;
        default:
            snprintf(text, sizeof(text), "0.%0*llu", (int)(random_bits() % 30) + 1, a);
        }
        if (text[0] != 'i' && text[0] != 'n')
            expect_parse(text);
    }
}

TEST("decimal_format writes given numbers")
{
    expect_format(0, "0");
    expect_format(-0.0, "-0");
    expect_format(1, "1");
    expect_format(-17, "-17");
    expect_format(0.1, "0.1");
    expect_format(0.1 + 0.2, "0.30000000000000004");
    expect_format(1.0 / 3, "0.3333333333333333");
    expect_format(100, "100");
    expect_format(1e15, "1000000000000000");
    expect_format(9007199254740991.0, "9007199254740991");
    expect_format(9007199254740993.0, "9007199254740992");
    expect_format(9999999999999998.0, "9999999999999998");
    expect_format(1e16, "1e+16");
    expect_format(123456789012345680.0, "1.2345678901234568e+17");
    expect_format(0.0001, "0.0001");
    expect_format(0.00001, "1e-05");
    expect_format(1.5e-7, "1.5e-07");
    expect_format(123456.789, "123456.789");
    expect_format(1e100, "1e+100");
    expect_format(5e-324, "5e-324");
    expect_format(2.2250738585072014e-308, "2.2250738585072014e-308");
    expect_format(1.7976931348623157e308, "1.7976931348623157e+308");
    expect_format(9.5, "9.5");
    expect_format(99999999.0, "99999999");
    expect_format(100000000.0, "100000000");
    expect_format(4503599627370495.5, "4503599627370495.5");
    /* Powers of two, where the neighbour below is nearer. */
    expect_format(0x1p-44, "5.684341886080802e-14");
    expect_format(0x1p-1022, "2.2250738585072014e-308");
    expect_format(0x1p-1, "0.5");
    expect_format(0x1p+63, "9.223372036854776e+18");
    expect_format(0x1p-24, "5.960464477539063e-08");
    expect_format(0x1p+89, "6.189700196426902e+26");
    expect_format(0x1p+1023, "8.98846567431158e+307");
}

/* printf's form of the same digits. */
static void reference(double value, char *text)
{
    char digits[40];
    int precision = 0, exponent;

    do
        snprintf(digits, sizeof(digits), "%.*e", precision++, value);
    while (strtod(digits, NULL) != value);
    exponent = atoi(strchr(digits, 'e') + 1);
    if (exponent >= -4 && exponent < 16)
        sprintf(text, "%.*f", precision - 1 > exponent ? precision - 1 - exponent : 0, value);
    else
        strcpy(text, digits);
}

TEST("decimal_format writes the shortest form of random numbers")
{
    for (int i = 0; i < ROUNDS; i++) {
        char text[DECIMAL_SIZE], want[400];
        uint64_t bits = random_bits();
        double value, again = 0;

        if (i % 4 == 1)
            bits = (bits & 0x800fffffffffffffu) | (1023 - 20 + bits % 80) << 52;
        value = i % 4 == 2 ? (double)(bits % 100000000) / 1000 : from_bits(bits);
        if (i % 4 == 3)
            value = (double)(bits >> (bits & 63));
        if (!isfinite(value) || (memcmp(&value, "\0\0\0\0\0\0", 6) == 0 && i % 4 < 2))
            continue;
        reference(value, want);
        expect_format(value, want);
        decimal_format(value, text);
        decimal_parse(text + (text[0] == '-'), (int)strlen(text) - (text[0] == '-'), &again);
        check(again == fabs(value));
    }
}

TEST("every power of two reads back as itself")
{
    for (int n = -1074; n < 1024; n++) {
        char text[DECIMAL_SIZE];
        double value = ldexp(1, n), again = 0;

        decimal_format(value, text);
        decimal_parse(text, (int)strlen(text), &again);
        check(again == value);
    }
}

TAP_MAIN(NULL, NULL)

/* The same digits as printf gives with this many, which are at most 767. */
static void expect_digits(double value, int n, bool after_point)
{
    static char digits[DECIMAL_DIGITS], want[1200];
    int point, got = decimal_digits(value, n, after_point, digits, &point);
    int at = 0;

    snprintf(want, sizeof(want), after_point ? "%.*f" : "%.*e", after_point ? n : n - 1, value);
    if (after_point) { /* compare from the first place before the point to the last after it */
        for (int place = point > 0 ? point : 1; place > -n; place--) {
            int index = point - place;
            char digit = index >= 0 && index < got ? digits[index] : '0';

            at += want[at] == '.';
            if (want[at++] != digit)
                tap_fail("%s: the digit at place %d is %c", want, place, digit);
        }
        return;
    }
    for (int i = 0; i < n; i++) {
        at += want[at] == '.';
        if (want[at++] != (i < got ? digits[i] : '0'))
            tap_fail("%s: digit %d is %c", want, i, i < got ? digits[i] : '0');
    }
    check_eq(point - 1, atoi(strchr(want, 'e') + 1));
}

TEST("decimal_digits gives the digits that printf gives")
{
    static const double values[] = {
        1,         9.5,    0.5,   1.5,  2.5,  0.05, 0.95, 9.995, 99.5,   0.125,     1e22,
        1e23,      5e-324, 1e308, 4.35, 1e-5, 0.07, 0.7,  1e100, 1e-300, 0x1p-1074, 0x1.fffffffffffffp1023,
        0x1p-1022, 1e15
    };

    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        for (int n = 0; n < 30; n++) {
            expect_digits(values[i], n, true);
            expect_digits(values[i], n + 1, false);
        }
        expect_digits(values[i], 760, false);
    }
    for (int i = 0; i < ROUNDS; i++) {
        double value = from_bits(random_bits() & ~(1ull << 63));

        if (!isfinite(value) || value == 0)
            continue;
        expect_digits(value, 1 + (int)chance(&random_state, 25), false);
        value = (double)(random_bits() >> 40) / (double)(1 << chance(&random_state, 24)); /* with ties */
        if (value > 0)
            expect_digits(value, (int)chance(&random_state, 12), true);
    }
}
