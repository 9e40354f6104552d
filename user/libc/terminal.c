/*
 * terminal.c - the terminal on which the console is: its size, and text for it.
 */
#include "ctype.h"
#include "stat.h"
#include "ulib.h"

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
