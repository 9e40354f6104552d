/*
 * hexdump.c - prints files byte by byte.
 *
 *   hexdump [-s SKIP] [-n BYTES] [FILE]
 *
 *   00000010  7F 45 4C 46 01 01 01 00  00 00 00 00 00 00 00 00  |.ELF............|
 *   place     bytes, hexadecimal                                 as text
 */
#include "ctype.h"
#include "fcntl.h"
#include "ulib.h"

#define ROW 16

/* Reads n bytes, or fewer if the input ends. */
static int read_row(int fd, uchar *row, int n)
{
    int got = 0, more;

    while (got < n && (more = read(fd, row + got, n - got)) != 0) {
        if (more < 0)
            fail(1, "read error");
        got += more;
    }
    return got;
}

static void print_row(uint place, const uchar *row, int n)
{
    char line[80];
    int at = snprintf(line, sizeof(line), "%08x ", place);

    for (int i = 0; i < ROW; i++) {
        at += snprintf(line + at, sizeof(line) - at, i == ROW / 2 ? "  " : " ");
        at += snprintf(line + at, sizeof(line) - at, i < n ? "%02x" : "  ", row[i]);
    }
    at += snprintf(line + at, sizeof(line) - at, "  |");
    for (int i = 0; i < n; i++)
        line[at++] = isprint(row[i]) ? row[i] : '.';
    line[at] = 0;
    must_print("%s|\n", line);
}

static void skip(int fd, uint n)
{
    uchar row[ROW];

    if (n == 0 || lseek(fd, n, SEEK_SET) >= 0)
        return;
    while (n > 0) { /* a pipe, or a file that is shorter */
        int got = read_row(fd, row, n < ROW ? n : ROW);

        if (got == 0)
            return;
        n -= got;
    }
}

static void dump(int fd, uint place, uint limit)
{
    uchar row[ROW] = { 0 };

    skip(fd, place);
    while (limit > 0) {
        int n = read_row(fd, row, limit < ROW ? limit : ROW);

        if (n == 0)
            return;
        print_row(place, row, n);
        place += n;
        limit -= n;
    }
}

static void usage(void) { fail(2, "usage: hexdump [-s SKIP] [-n BYTES] [FILE]"); }

int main(int argc, char *argv[])
{
    int place = 0, limit = -1, option, fd = 0;

    while ((option = getopt(argc, argv, "n:s:")) >= 0) {
        if (option == '?')
            usage();
        if (!parse_number(optarg, option == 'n' ? &limit : &place) || (option == 'n' ? limit : place) < 0)
            fail(2, "%s: not a number of bytes", optarg);
    }
    if (argc - optind > 1)
        usage();
    if (optind < argc)
        fd = open(argv[optind], O_RDONLY);
    if (fd < 0)
        fail(1, "%s: cannot open", argv[optind]);
    dump(fd, place, limit);
    return 0;
}
