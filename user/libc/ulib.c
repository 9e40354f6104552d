/*
 * ulib.c - numbers, whole writes, lines of any length, and the terminal.
 */
#include "ulib.h"

#include "ctype.h"
#include "stat.h"

#define FIRST_LINE_SIZE 1024u

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

/* Makes room after the bytes that are left, and reads once.  false: nothing more comes. */
static bool line_fill(struct line_reader *r)
{
    if (r->at > 0) {
        memmove(r->buf, r->buf + r->at, r->end - r->at);
        r->end -= r->at;
        r->at = 0;
    }
    if (r->end + 1 >= r->size) {
        uint size = r->size ? r->size * 2 : FIRST_LINE_SIZE;
        char *larger = realloc(r->buf, size);

        if (!larger) {
            r->failed = true;
            return false;
        }
        r->buf = larger;
        r->size = size;
    }

    int n = read(r->fd, r->buf + r->end, r->size - 1 - r->end); /* one byte is kept for the 0 */

    if (n < 0)
        r->failed = true;
    if (n <= 0)
        return false;
    r->end += n;
    return true;
}

char *line_next(struct line_reader *r, uint *n)
{
    uint searched = 0;

    for (;;) {
        uint left = r->end - r->at;
        char *newline = left > searched ? memchr(r->buf + r->at + searched, '\n', left - searched) : NULL;

        if (newline) {
            char *line = r->buf + r->at;

            *newline = 0;
            *n = newline - line;
            r->at += *n + 1;
            return line;
        }
        searched = left;
        if (!line_fill(r))
            break;
    }
    if (r->at == r->end)
        return NULL;

    char *line = r->buf + r->at; /* the last one has no \n */

    *n = r->end - r->at;
    line[*n] = 0;
    r->at = r->end;
    return line;
}

bool is_terminal(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.type == T_DEV;
}

/* One of the two numbers of terminal=COLUMNSxLINES; 0: there is none, or it is not from least to most. */
static uint terminal_size(bool of_lines, int least, int most)
{
    char value[16], *lines, *number;
    int n;

    if (bootarg("terminal", value, sizeof(value)) < 0)
        return 0;
    lines = strchr(value, 'x');
    if (lines)
        *lines++ = 0;
    number = of_lines ? lines : value;
    return number && parse_number(number, &n) && n >= least && n <= most ? (uint)n : 0;
}

uint terminal_columns(void) { return terminal_size(false, TERMINAL_MIN_COLUMNS, TERMINAL_MAX_COLUMNS); }
uint terminal_lines(void) { return terminal_size(true, TERMINAL_MIN_LINES, TERMINAL_MAX_LINES); }

void make_printable(char *text, uint n)
{
    for (uint i = 0; i < n; i++)
        if (iscntrl((uchar)text[i]) && text[i] != '\t')
            text[i] = '?';
}
