/*
 * ulib.c - numbers, and whole writes.
 */
#include "ulib.h"

#include "ctype.h"

bool parse_number(const char *text, int *value)
{
    bool negative = *text == '-';
    const char *p = text + (negative || *text == '+');
    uint base = 10, limit = negative ? 0x80000000u : 0xFFFFFFFFu;
    uint result = 0;

    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        base = 16;
        p += 2;
    }
    if (!*p)
        return false;
    for (; *p; p++) {
        uint digit = isdigit(*p) ? (uint)(*p - '0') : isalpha(*p) ? (uint)(tolower(*p) - 'a') + 10 : base;

        if (digit >= base || result > (limit - digit) / base)
            return false;
        result = result * base + digit;
    }
    *value = (int)(negative ? -result : result);
    return true;
}

bool optional_number(int n, char *args[], int least, int *value)
{
    return n == 0 || (n == 1 && parse_number(args[0], value) && *value >= least);
}

int write_all(int fd, const void *buf, int n)
{
    const char *from = buf;

    while (n > 0) {
        int done = write(fd, from, n);

        if (done <= 0)
            return -1;
        from += done;
        n -= done;
    }
    return 0;
}
