/*
 * screen.c - the PC's text screen, 80 by 25.
 *
 * The screen's memory is slow, above all in an emulator, so text is laid out in ordinary memory, as a ring
 * of lines that makes scrolling free, and the clock copies it to the screen.  A copy that races with output
 * shows an older state until the next one.  Shutting down copies immediately.  Text comes with interrupts off, and a
 * few characters can clear everything many times.  Therefore clearing a line only marks it, and its cells are cleared
 * when the first of them is written.
 *
 * Lines count up, and a line stays at lines[number % HISTORY] until the ring has come round.  The newest LINES are the
 * screen that text is written to; Shift-PageUp shows older ones, until another key is pressed.
 *
 * It understands the sequences that programs of this system write: ESC [ NUMBER and A, B, C or D move the cursor, H
 * moves it to the upper left corner, J clears what follows it, 2J all, and K the rest of its line.  Others are ignored.
 * As on a terminal, a full line wraps when the next character comes.
 *
 * The callers of screen_put() serialise; screen_refresh() runs on the boot processor, or on the last one.
 */
#include "base/min.h"
#include "i386_impl.h"
#include "io.h"

#define COLUMNS       80u
#define LINES         25u
#define LINES_AT_ONCE 5u     /* copied by one tick: the screen is refreshed 20 times a second */
#define COLOUR        0x0700 /* grey on black */
#define BLANKS        ((COLOUR | ' ') * 0x10001u)
#define TAB           8u
#define ESC           0x1B
#define CONTROLLER    0x3D4
#define CURSOR_HIGH   14
#define CURSOR_LOW    15

#define HISTORY 256u /* lines that are kept, with those of the screen; a power of two */
#define PAGE    (LINES - 1)

static uint lines[HISTORY][COLUMNS / 2]; /* two characters each */
static bool blank[HISTORY];              /* lines that are blank, whatever their cells hold */
static uint top;                         /* the number of the first line that text is written to */
static volatile bool looks_back;         /* older lines are shown, */
static volatile uint back;               /* from this number on */
static uint line;                        /* of the cursor, from `top` on */
static uint column;                      /* COLUMNS: past the last one, before the line wraps */
static volatile bool changed;

static enum { TEXT, ESCAPED, SEQUENCE } state;
static uint number; /* of a sequence: its last one */

static void clear_line(uint l) { blank[(top + l) % HISTORY] = true; }

/* A cell that the caller is about to write. */
static ushort *cell(uint l, uint c)
{
    uint at = (top + l) % HISTORY;

    if (blank[at]) {
        for (uint i = 0; i < COLUMNS / 2; i++)
            lines[at][i] = BLANKS;
        blank[at] = false;
    }
    return (ushort *)lines[at] + c;
}

void screen_init(void)
{
    for (uint l = 0; l < LINES; l++)
        clear_line(l);
    changed = true;
}

static void new_line(void)
{
    column = 0;
    if (++line < LINES)
        return;
    line--;
    top++;
    clear_line(line);
}

/* Clears from a cell on, up to line `end`, which stays as it is. */
static void clear(uint l, uint c, uint end)
{
    if (c == 0)
        clear_line(l);
    for (; c > 0 && c < COLUMNS; c++)
        *cell(l, c) = COLOUR | ' ';
    while (++l < end)
        clear_line(l);
}

static void end_sequence(uchar c)
{
    uint n = number ? number : 1;

    column = min_uint(column, COLUMNS - 1);
    switch (c) {
    case 'A':
        line -= min_uint(n, line);
        break;
    case 'B':
        line += min_uint(n, LINES - 1 - line);
        break;
    case 'C':
        column += min_uint(n, COLUMNS - 1 - column);
        break;
    case 'D':
        column -= min_uint(n, column);
        break;
    case 'H':
        line = column = 0;
        break;
    case 'J':
        clear(number == 2 ? 0 : line, number == 2 ? 0 : column, LINES);
        break;
    case 'K':
        clear(line, column, line + 1);
    }
}

/* A character of a sequence. */
static void escape(uchar c)
{
    if (state == ESCAPED) {
        state = c == '[' ? SEQUENCE : TEXT;
        number = 0;
    } else if (c >= '0' && c <= '9') {
        number = min_uint(number, 999) * 10 + c - '0';
    } else if (c >= '0' && c <= '?') { /* between numbers, or for what is ignored */
        number = 0;
    } else {
        state = TEXT;
        end_sequence(c);
    }
}

static void put(uchar c)
{
    if (state != TEXT && c >= ' ') {
        escape(c);
        return;
    }
    state = TEXT;
    switch (c) {
    case ESC:
        state = ESCAPED;
        break;
    case '\n':
        new_line();
        break;
    case '\r':
        column = 0;
        break;
    case '\b':
        if (column > 0)
            column--;
        else if (line > 0) {
            line--;
            column = COLUMNS - 1;
        }
        break;
    case '\t':
        column = min_uint((column / TAB + 1) * TAB, COLUMNS - 1);
        break;
    default:
        if (c < ' ')
            break;
        if (column == COLUMNS)
            new_line();
        *cell(line, column++) = COLOUR | c;
    }
}

void screen_put(const char *text, size_t n)
{
    for (; n > 0; n--)
        put(*text++);
    changed = true;
}

static uint oldest(void) { return top + LINES > HISTORY ? top + LINES - HISTORY : 0; }

/* The number of the line to be shown first. */
static uint first_shown(void)
{
    if (!looks_back)
        return top;
    return back > oldest() ? back : oldest();
}

void screen_page(int pages)
{
    uint from = first_shown();

    if (pages == 0 && !looks_back)
        return;
    back = pages < 0 ? from - min_uint(PAGE, from - oldest()) : from + min_uint(PAGE, top - from);
    looks_back = pages != 0 && back < top;
    changed = true;
}

static void show_cursor(uint l)
{
    uint at = min_uint(l, LINES) * COLUMNS + min_uint(column, COLUMNS - 1); /* LINES is off the screen */

    port_write8(CONTROLLER, CURSOR_HIGH);
    port_write8(CONTROLLER + 1, at >> 8);
    port_write8(CONTROLLER, CURSOR_LOW);
    port_write8(CONTROLLER + 1, at & 0xFF);
}

void screen_refresh(bool now)
{
    static uint next; /* the row of the screen to be copied next */
    static uint from; /* the number of the line in its first row */
    uint end = now ? LINES : next + LINES_AT_ONCE;

    if (next == 0 || now) {
        if (!changed && !now)
            return;
        changed = false;
        looks_back &= !now;
        from = first_shown();
        next = 0;
    }
    for (; next < end; next++) {
        volatile uint *screen = (volatile uint *)va_of(SCREEN_PA) + next * (COLUMNS / 2);
        uint at = (from + next) % HISTORY;
        const uint *shown = blank[at] ? NULL : lines[at];

        for (uint c = 0; c < COLUMNS / 2; c++)
            screen[c] = shown ? shown[c] : BLANKS;
    }
    if (next < LINES)
        return;
    next = 0;
    show_cursor(top + line - from);
}
