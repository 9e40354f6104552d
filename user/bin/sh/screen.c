/*
 * screen.c - a line on a terminal: see screen.h.
 *
 * The line is bytes.  On the terminal the prompt and the line are a row of cells that wraps at the right edge:
 *
 *      $ a line that is |        cell 0 is the prompt's first.  A control character takes two cells, as ^X; the bytes
 *      longer than its  |        of a UTF-8 character that follow its first take none.
 *      row              |
 *
 * A line's end within it, which was pasted, takes all cells that are left of its row.
 *
 * Only what differs is drawn, so what is added at the end is written as a plain echo would write it.
 */
#include "screen.h"

#include "ctype.h"

#define NOTHING 0xffffffffu

struct line line;

static struct {
    char prompt[SCREEN_PROMPT_SIZE];
    uint columns;
    uint cursor;  /* the cell in which it is */
    uint end;     /* cells that are in use */
    uint changed; /* the line differs from what is drawn from here on; or NOTHING */
    bool at_top;  /* the screen was cleared, and has nothing but the line */
    char out[512];
    uint nout;
} screen;

static void flush(void)
{
    if (write_all(2, screen.out, screen.nout) < 0)
        fail(1, "write error");
    screen.nout = 0;
}

static void put_char(char c)
{
    if (screen.nout == sizeof(screen.out))
        flush();
    screen.out[screen.nout++] = c;
}

static void put(const char *text)
{
    while (*text)
        put_char(*text++);
}

void screen_beep(void) { put("\a"); }

/* The cell after a character that is in this one. */
static uint cell_after(uint cell, char c)
{
    if (c == '\n') /* screen.columns is never 0.  NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
        return cell + screen.columns - cell % screen.columns;
    return cell + (iscntrl((uchar)c) ? 2 : !screen_is_continuation(c));
}

/* The cell after the prompt. */
static uint first_cell(void)
{
    uint n = 0;

    for (const char *p = screen.prompt; *p; p++)
        n = cell_after(n, *p);
    return n;
}

/* The cell of line.text[i]. */
static uint cell(uint i)
{
    uint n = first_cell();

    for (uint k = 0; k < i; k++)
        n = cell_after(n, line.text[k]);
    return n;
}

/* Moves the cursor from a row or column to another one. */
static void step(uint from, uint to, char back, char forth)
{
    char text[16];

    if (from == to)
        return;
    snprintf(text, sizeof(text), "\033[%u%c", from > to ? from - to : to - from, from > to ? back : forth);
    put(text);
}

static void move(uint to)
{
    /* It is never 0.  NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
    step(screen.cursor / screen.columns, to / screen.columns, 'A', 'B');
    step(screen.cursor % screen.columns, to % screen.columns, 'D', 'C');
    screen.cursor = to;
}

/* A terminal wraps only when the next character comes. */
static void wrap(uint at)
{
    if (at % screen.columns == 0)
        put(" \b");
}

static void draw_char(char c, uint cell)
{
    if (c == '\n') {
        wrap(cell);
        put("\033[J\n");
    } else if (iscntrl((uchar)c)) {
        put_char('^');
        put_char(c ^ '@');
    } else {
        put_char(c);
    }
}

void screen_draw(void)
{
    uint end = cell(line.length);

    if (screen.changed < line.length) {
        uint at = cell(screen.changed);

        move(at);
        for (uint i = screen.changed; i < line.length; i++) {
            draw_char(line.text[i], at);
            at = cell_after(at, line.text[i]);
        }
        wrap(end);
        screen.cursor = end;
    }
    if (end < screen.end) {
        move(end);
        put("\033[J");
    }
    screen.end = end;
    screen.changed = NOTHING;
    move(cell(line.at));
    flush();
}

/* The cursor is at the start of a row; screen_draw() does the rest. */
void screen_enter_line(void)
{
    put(screen.prompt);
    screen.cursor = screen.end = first_cell();
    wrap(screen.cursor);
    screen.changed = 0;
}

/* If the terminal has another width now, it is not known where the line begins, but at the top. */
static void erase_line(void)
{
    if (screen.at_top)
        put("\033[H");
    else
        move(0);
    put("\033[J");
}

void screen_set_prompt(const char *fmt, const char *text)
{
    erase_line();
    snprintf(screen.prompt, sizeof(screen.prompt), fmt, text);
    screen_enter_line();
}

void screen_set_columns(uint columns)
{
    if (columns == screen.columns)
        return;
    erase_line();
    screen.columns = columns;
    screen_enter_line();
}

void screen_find_row(void)
{
    screen.at_top = false;
    for (uint i = 1; i < screen.columns; i++)
        put_char(' ');
    put("\r\033[J");
}

void screen_begin(const char *prompt, uint columns, bool begun)
{
    if (screen.columns == 0)
        screen.columns = columns;
    screen.at_top = false;
    if (begun)
        screen_find_row();
    put("\033[?2004h");
    snprintf(screen.prompt, sizeof(screen.prompt), "%s", prompt);
    screen_enter_line();
}

void screen_end(const char *text)
{
    screen_draw();
    put("\033[?2004l");
    put(text);
    flush();
}

/* A byte that comes after the start of its character was drawn changes what is there. */
void screen_change(uint from)
{
    while (from > 0 && screen_is_continuation(line.text[from]))
        from--;
    if (from < screen.changed)
        screen.changed = from;
}

void screen_leave_line(void)
{
    screen.at_top = false;
    move(cell(line.length));
    put("\n");
    flush();
}

void screen_list(char *const names[], uint n)
{
    uint width = 1, ncolumns;

    for (uint i = 0; i < n; i++) {
        make_printable(names[i], strlen(names[i]));
        width = strlen(names[i]) + 2 > width ? strlen(names[i]) + 2 : width;
    }
    ncolumns = screen.columns / width + (screen.columns < width);

    uint nrows = (n + ncolumns - 1) / ncolumns;

    screen_leave_line();
    for (uint row = 0; row < nrows; row++) {
        for (uint i = row; i < n; i += nrows) {
            put(names[i]);
            for (uint k = strlen(names[i]); k < width && i + nrows < n; k++)
                put_char(' ');
        }
        put("\n");
    }
    screen_enter_line();
}

/* The report is of the cursor's place, at the right edge. */
void screen_clear(void)
{
    put("\033[H\033[2J\033[999C\033[6n\r");
    screen.at_top = true;
    screen_enter_line();
}
