/*
 * keys.c - see keys.h.
 *
 * A key is a character, or a sequence that begins with ESC.  What was typed at once is read at once, and shown at once,
 * so a long paste is fast.
 */
#include "keys.h"

#include "ctype.h"

#include "screen.h"

#define ESC '\033'

static struct {
    char bytes[256];
    uint n, taken;
    struct escape escape;
} keys;

/* A report is [ROW;COLUMNR. */
static void take_report(const char *text)
{
    const char *column = strchr(text, ';');
    int n = column ? atoi(column + 1) : 0;

    if (n >= TERMINAL_MIN_COLUMNS && n <= TERMINAL_MAX_COLUMNS)
        screen_set_columns(n);
}

enum escape_state keys_escape(struct escape *e, char c)
{
    bool ends = c >= '@' && c <= '~' && !(e->n == 2 && c == '['), began = e->n == 1;

    if (iscntrl((uchar)c) || e->n == 0) {
        e->n = c == ESC;
        return c == ESC ? ESCAPE_GOES_ON : ESCAPE_NONE;
    }
    if (e->n < sizeof(e->text))
        e->text[e->n - 1] = c;
    e->text[e->n < sizeof(e->text) ? e->n : sizeof(e->text) - 1] = 0;
    e->n++;
    if (began ? c == '[' || c == 'O' : !ends)
        return ESCAPE_GOES_ON;
    e->n = 0;
    return ESCAPE_ENDS;
}

static int key_of(const char *sequence)
{
    static const struct {
        const char *sequence;
        int key;
    } known[] = {
        { "[A", KEY_UP },      { "[B", KEY_DOWN },     { "[C", KEY_RIGHT },     { "[D", KEY_LEFT },
        { "[H", KEY_HOME },    { "[F", KEY_END },      { "OA", KEY_UP },        { "OB", KEY_DOWN },
        { "OC", KEY_RIGHT },   { "OD", KEY_LEFT },     { "OH", KEY_HOME },      { "OF", KEY_END },
        { "[1~", KEY_HOME },   { "[4~", KEY_END },     { "[7~", KEY_HOME },     { "[8~", KEY_END },
        { "[3~", KEY_DELETE }, { "[200~", KEY_PASTE }, { "[201~", KEY_PASTED },
    };

    if (strchr(sequence, 'R'))
        take_report(sequence);
    for (uint i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].sequence, sequence) == 0)
            return known[i].key;
    }
    return KEY_NONE;
}

int keys_next(void)
{
    for (;;) {
        if (keys.taken == keys.n) {
            int n;

            screen_draw();
            n = read(0, keys.bytes, sizeof(keys.bytes));
            if (n <= 0)
                return -1;
            keys.n = n;
            keys.taken = 0;
        }

        char c = keys.bytes[keys.taken++];

        if (!c) { /* another program has written, and the cursor is below it */
            screen_find_row();
            screen_enter_line();
            continue;
        }
        switch (keys_escape(&keys.escape, c)) {
        case ESCAPE_NONE:
            return (uchar)c;
        case ESCAPE_ENDS:
            return key_of(keys.escape.text);
        default:
            break;
        }
    }
}
