/*
 * input.c - where the shell's lines come from.
 */
#include "input.h"

#include "consolectl.h"

#include "cmdline.h"
#include "edit.h"
#include "jobs.h"
#include "keys.h"

static const char *rest; /* of the text; NULL: lines come from descriptor 0 */
static uint columns;     /* of the terminal on which lines are edited; 0: they are not */
static bool dropped;     /* Ctrl-C ended the last line, and those before it are gone */

static struct {
    char *text;
    uint length, size;
} lines;

void input_from(const char *text) { rest = text; }
void input_edit(uint terminal_columns) { columns = terminal_columns; }
const char *input_lines(void) { return lines.text; }
bool input_dropped(void) { return dropped; }
void input_forget(void) { lines.length = 0; }

/* Control characters that stand for something else in a word are left out. */
static void put(char c)
{
    if (!c || (c != CTRL('C') && c >= MARK_NOT && c < MARK_END))
        return;
    if (lines.length + 1 >= lines.size) {
        lines.text = realloc(lines.text, lines.size = lines.size * 2 + 256);
        if (!lines.text)
            fail(1, "out of memory");
    }
    lines.text[lines.length++] = c;
    lines.text[lines.length] = 0;
}

static void drop(void)
{
    lines.length = 0;
    dropped = true;
}

/* The same as input_more(), by keys.  The console gives programs lines.  begun: the cursor may be within a line. */
static bool edit(bool begun)
{
    const char *text = "";
    enum edit_outcome outcome = edit_line(lines.length ? "> " : "$ ", columns, begun, &text);

    consolectl(CONSOLE_LINES);
    if (outcome == EDIT_END)
        return false;
    if (outcome == EDIT_BREAK)
        drop();
    while (*text)
        put(*text++);
    put('\n');
    return true;
}

bool input_more(void)
{
    struct escape escape = { 0 };
    uint had = lines.length;
    int begun = columns ? consolectl(CONSOLE_KEYS) : -1;
    char c = 0;

    dropped = false;
    if (begun >= 0)
        return edit(begun);
    if (jobs_talks())
        write(2, had ? "> " : "$ ", 2);
    while (c != '\n') {
        int n = rest ? *rest != 0 : read(0, &c, 1);

        if (n < 0) /* half of a line must not run */
            fail(1, "input: read error");
        if (n == 0)
            break;
        if (rest)
            c = *rest++;
        if (jobs_talks() && c == CTRL('C')) { /* a line by itself, at the prompt */
            drop();
            had = 0;
            c = '\n';
        }
        /* What the terminal sends for arrows is no part of a name. */
        if (!jobs_talks() || keys_escape(&escape, c) == ESCAPE_NONE)
            put(c);
    }
    return lines.length > had;
}
