/*
 * t_ulib.c - the programs' library: formatting, numbers, options, strings, lines, and 64-bit division.
 */
#include "ctype.h"
#include "fcntl.h"
#include "guest.h"

static char text[300];

#define check_format(want, ...)                                            \
    do {                                                                   \
        check_eq(snprintf(text, sizeof(text), __VA_ARGS__), strlen(want)); \
        check_str(text, want);                                             \
    } while (0)

TEST("snprintf writes numbers of all kinds and widths")
{
    check_format("0 -1 2147483647 -2147483648", "%d %d %d %d", 0, -1, 2147483647, (int)0x80000000);
    check_format("4294967295 FFFFFFFF DEAD BEEF", "%u %x %X %p", 0xFFFFFFFF, 0xFFFFFFFF, 0xDEAD,
                 (void *)0xBEEF);
    check_format("[   42] [42   ] [00042] [-0042]", "[%5d] [%-5d] [%05d] [%05d]", 42, 42, 42, -42);
    check_format("[  -42] [-42  ]", "[%*d] [%*d]", 5, -42, -5, -42);
    check_format("18446744073709551615 -9223372036854775808", "%llu %lld", ~0ull, (long long)(1ull << 63));
    check_format("123456789ABCDEF0 7", "%llx %ld", 0x123456789ABCDEF0ull, 7l);
    check_format("10 4294967296", "%d %llu", 10, 4294967296ull);
}

TEST("snprintf writes strings and characters, cuts them, and copies unknown conversions")
{
    check_format("abc|  abc|abc  |ab", "%s|%5s|%-5s|%.2s", "abc", "abc", "abc", "abc");
    check_format("x 100% y", "%c 100%% %c", 'x', 'y');
    check_format("abc", "%.*s", 3, "abcdef");
    check_eq(snprintf(text, 4, "abcdef"), 6);
    check_str(text, "abc");
    text[0] = 'x';
    check_eq(snprintf(text, 0, "abc"), 3);
    check_eq(text[0], 'x');
    check_eq(snprintf(NULL, 0, "%d", 12345), 5);
}

static void print_all(void *arg)
{
    static char longer[3000];
    const char *volatile odd = "%q %", *volatile nothing = NULL;

    close(1);
    check_eq(open(arg, O_CREATE | O_WRONLY), 1);
    memset(longer, 'y', sizeof(longer) - 1);
    printf(1, "%s\n", longer);
    printf(1, odd, 0);
    printf("%s %p", nothing, (void *)0x1234);
}

TEST("printf writes lines of any length, and copes with odd formats")
{
    static char back[4000];
    int fd;

    tap_join(tap_start(print_all, "/t_ulib.tmp"));
    fd = open("/t_ulib.tmp", O_RDONLY);
    check_eq(read(fd, back, sizeof(back)), 3000 + 4 + 11);
    check(back[0] == 'y' && back[2998] == 'y' && back[2999] == '\n');
    check(memcmp(back + 3000, "%q %(null) 1234", 15) == 0);
    close(fd);
    unlink("/t_ulib.tmp");
}

TEST("parse_number takes whole numbers alone, and atoi whatever digits come first")
{
    static const char *const bad[] = {
        "",   "-",   "+",   "x",  "1x", "0x", "4294967296", "-2147483649", "0x100000000",
        " 1", "--1", "0xg", "1 ", "@",  "1`", "0x@",        "\xb0",        "99999999999999999999"
    };
    int n = 77;

    for (uint i = 0; i < COUNT(bad); i++)
        check(!parse_number(bad[i], &n) && n == 77);
    check(parse_number("0", &n) && n == 0);
    check(parse_number("-2147483648", &n) && n == (int)0x80000000);
    check(parse_number("4294967295", &n) && n == -1);
    check(parse_number("0xFFFFFFFF", &n) && n == -1);
    check(parse_number("+12", &n) && n == 12);
    check(parse_number("-0x10", &n) && n == -16);
    check(atoi("123abc") == 123 && atoi("") == 0 && atoi("-5") == 0);
}

/* The options that getopt() finds, with their values, then the operands. */
static const char *options_of(char **argv, const char *options)
{
    char *to = text;
    int argc = 0, option;

    while (argv[argc])
        argc++;
    text[0] = 0;
    optind = 1;
    opterr = 0;
    while ((option = getopt(argc, argv, options)) >= 0)
        to += snprintf(to, 100, strchr("ab", option) ? "%c" : "%c(%s)", option, optarg);
    for (; optind < argc; optind++)
        to += snprintf(to, 100, " %s", argv[optind]);
    return text;
}
#define OPTIONS(options, ...) options_of((char *[]){ "t_ulib", __VA_ARGS__ NULL }, options)

TEST("getopt finds letters together and apart, values, and the end of the options")
{
    check_str(OPTIONS("abv:", "-a", "-b", "x", "-a", ), "ab x -a");
    check_str(OPTIONS("abv:", "-ab", "-v7", "x", ), "abv(7) x");
    check_str(OPTIONS("abv:", "-av", "7", "x", ), "av(7) x");
    check_str(OPTIONS("abv:", "-v", "-a", "x", ), "v(-a) x");
    check_str(OPTIONS("abv:", "-a", "--", "-b", ), "a -b");
    check_str(OPTIONS("abv:", "-a", "-", "-b", ), "a - -b");
    check_str(OPTIONS("abv:", ), "");
    optind = 1;
    check(getopt(2, (char *[]){ "t_ulib", "-x", NULL }, "abv:") == '?' && optopt == 'x');
    optind = 1;
    check(getopt(2, (char *[]){ "t_ulib", "-v", NULL }, "abv:") == '?' && optopt == 'v');
    optind = 1;
    check(getopt(2, (char *[]){ "t_ulib", "-v", NULL }, ":abv:") == ':' && optopt == 'v');
    optind = 1;
    check(getopt(2, (char *[]){ "t_ulib", "-:", NULL }, "abv:") == '?' && optopt == ':');
}

TEST("the functions of ctype.h know ASCII, and nothing else")
{
    for (int c = -128; c < 384; c++) {
        bool low = c >= 'a' && c <= 'z', high = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
        bool print = c >= 32 && c < 127;

        check(!!islower(c) == low && !!isupper(c) == high && !!isalpha(c) == (low || high));
        check(!!isdigit(c) == digit && !!isalnum(c) == (low || high || digit));
        check(!!isxdigit(c) == (digit || (c > 0 && c < 128 && strchr("abcdefABCDEF", c))));
        check(!!isspace(c) == (c > 0 && c < 128 && strchr(" \t\n\v\f\r", c)) &&
              !!isblank(c) == (c == ' ' || c == '\t'));
        check(!!isprint(c) == print && !!isgraph(c) == (print && c != ' '));
        check(!!iscntrl(c) == (c >= 0 && c < 128 && !print));
        check(!!ispunct(c) == (isgraph(c) && !isalnum(c)));
        check(tolower(c) == (high ? c + 32 : c) && toupper(c) == (low ? c - 32 : c));
    }
}

TEST("memmove and memset do all small sizes at all offsets, in both directions")
{
    static uchar a[200], b[200];

    for (uint from = 0; from < 40; from++) {
        for (uint to = 0; to < 40; to += 3) {
            for (uint n = 0; n < 70; n += 1 + n / 16) {
                for (uint i = 0; i < sizeof(a); i++)
                    a[i] = b[i] = i * 7;
                memmove(a + to, a + from, n);
                for (uint i = 0; i < sizeof(a); i++)
                    check(a[i] == (i >= to && i < to + n ? b[i - to + from] : b[i]));
                memcpy(a + to, b + from, n);
                for (uint i = 0; i < sizeof(a); i++)
                    check(i < to || i >= to + n || a[i] == b[i - to + from]);
                memset(a + to, from, n);
                for (uint i = 0; i < sizeof(a); i++)
                    check(i < to || i >= to + n || a[i] == from);
            }
        }
    }
    memmove(a, b, -5); /* xv6's count is an int: this copies nothing */
    check(memcmp("abc", "abd", 3) < 0 && memcmp("abc", "abd", 2) == 0 && memcmp("\xFF", "\x01", 1) > 0);
    check(memchr("abc", 'c', 3) && !memchr("abc", 'c', 2));
}

TEST("the functions on strings compare, measure, search and copy")
{
    check(strcmp("", "") == 0 && strcmp("a", "b") < 0 && strcmp("ab", "a") > 0 && strcmp("\xFF", "a") > 0);
    check(strncmp("abc", "abd", 2) == 0 && strncmp("abc", "abd", 3) < 0 && strncmp("a", "ab", 5) < 0);
    check(strlen("") == 0 && strlen("12345") == 5);
    check(strchr("hello", 'l') && *strchr("hello", 'o') == 'o' && !strchr("hello", 'x'));

    char *copy = strdup("copied");

    check_str(copy, "copied");
    free(copy);
}

static void write_lines(void *arg)
{
    int fd = *(int *)arg;

    check_eq(write_all(fd, "one\n\nthree\n", 11), 0);
    for (int i = 0; i < 5000; i++)
        check_eq(write_all(fd, "x", 1), 0);
    check_eq(write_all(fd, "\nlast", 5), 0);
}

TEST("line_next reads lines of all lengths, and a last one without a newline")
{
    int ends[2], pid;
    uint n;

    check_eq(pipe(ends), 0);
    pid = tap_start(write_lines, &ends[1]);
    close(ends[1]);

    struct line_reader reader = LINE_READER(ends[0]);
    char *line = line_next(&reader, &n);

    check_str(line, "one");
    check_eq(n, 3);
    line = line_next(&reader, &n);
    check(line && n == 0 && *line == 0);
    line = line_next(&reader, &n);
    check_str(line, "three");
    check_eq(n, 5);
    line = line_next(&reader, &n);
    check(line && n == 5000 && line[0] == 'x' && line[4999] == 'x' && line[5000] == 0);
    line = line_next(&reader, &n);
    check_str(line, "last");
    check_eq(n, 4);
    check(!line_next(&reader, &n) && !reader.failed);
    free(reader.buf);
    tap_join(pid);
}

TEST("gets reads a line with its end, or as much as there is room for")
{
    char buf[8];
    int ends[2];

    check_eq(pipe(ends), 0);
    write(ends[1], "ab\ncdefghijk\n", 13);
    close(ends[1]);
    close(0);
    check_eq(dup(ends[0]), 0);
    check_str(gets(buf, sizeof(buf)), "ab\n");
    check_str(gets(buf, sizeof(buf)), "cdefghi");
    check_str(gets(buf, sizeof(buf)), "jk\n");
    check_str(gets(buf, sizeof(buf)), "");
}

TEST("64-bit division agrees with multiplication")
{
    static const uint64_t numbers[] = { 1,
                                        2,
                                        3,
                                        7,
                                        10,
                                        0xFFFF,
                                        0x10000,
                                        0xFFFFFFFF,
                                        0x100000000,
                                        0x100000001,
                                        0x123456789ABCDEF,
                                        0x7FFFFFFFFFFFFFFF,
                                        0x8000000000000000,
                                        0xFFFFFFFFFFFFFFFF };
    uint count = COUNT(numbers);

    for (uint i = 0; i < count; i++) {
        for (uint j = 0; j < count; j++) {
            volatile uint64_t n = numbers[i], d = numbers[j];
            volatile int64_t sn = (int64_t)n, sd = (int64_t)d;

            check(n / d * d + n % d == n && n % d < d);
            if (sd != -1) {
                check(sn / sd * sd + sn % sd == sn);
                check((sn % sd == 0) || (sn % sd < 0) == (sn < 0));
            }
        }
    }

    volatile double x = 18446744073709549568.0, y = 4294967296.5;

    check((uint64_t)x == 0xFFFFFFFFFFFFF800u && (uint64_t)y == 0x100000000u);
}

TAP_MAIN(NULL)
