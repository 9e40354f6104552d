/*
 * text.c - the lines of the text.
 *
 * They are an array of pointers to lines, of any length and any bytes.  A line is never changed, only replaced, so what
 * text_undo() brings back is an older array with references to the same lines.
 */
#include "ed.h"

struct text text;
bool changed;

static struct text before; /* what text_undo() brings back, if it was kept */
static bool kept;
static struct text now; /* as the command found the text, if it has changed nothing yet */
static bool unchanged;

static struct line *make_line(const char *bytes, uint n)
{
    struct line *line = malloc(sizeof(*line) + n + 1);

    if (!line)
        return NULL;
    *line = (struct line){ .refs = 1, .n = n };
    memmove(line->text, bytes, (int)n);
    line->text[n] = 0;
    return line;
}

static void put_line(struct line *line)
{
    if (--line->refs == 0)
        free(line);
}

static bool make_room(struct text *t, uint n)
{
    if (t->n + n <= t->size)
        return true;

    uint size = 2 * (t->n + n) + 100;
    struct line **lines = realloc(t->lines, size * sizeof(struct line *));

    if (!lines)
        return wrong("out of memory");
    t->lines = lines;
    t->size = size;
    return true;
}

static void swap_texts(struct text *a, struct text *b)
{
    struct text swap = *a;

    *a = *b;
    *b = swap;
}

/* The first change of a command: what it found is what text_undo() brings back. */
static void note_change(void)
{
    if (unchanged) {
        swap_texts(&before, &now);
        kept = true;
        unchanged = false;
    }
    changed = true;
}

bool text_insert(const char *bytes, uint n)
{
    struct line *line = make_room(&text, 1) ? make_line(bytes, n) : NULL;

    if (!line)
        return wrong("out of memory");

    struct line **at = text.lines + text.dot;

    memmove(at + 1, at, (int)((text.n - text.dot) * sizeof(struct line *)));
    *at = line;
    text.n++;
    text.dot++;
    note_change();
    return true;
}

void text_cut(uint first, uint last)
{
    struct line **at = text.lines + first - 1;

    for (uint i = first; i <= last; i++)
        put_line(text.lines[i - 1]);
    memmove(at, text.lines + last, (int)((text.n - last) * sizeof(struct line *)));
    text.n -= last - first + 1;
    note_change();
}

bool text_replace(uint i, const char *bytes, uint n)
{
    struct line *line = make_line(bytes, n);

    if (!line)
        return wrong("out of memory");
    put_line(text.lines[i - 1]);
    text.lines[i - 1] = line;
    text.dot = i;
    note_change();
    return true;
}

static void clear(struct text *t)
{
    for (uint i = 0; i < t->n; i++)
        put_line(t->lines[i]);
    t->n = t->dot = 0;
}

bool text_keep(void)
{
    clear(&now);
    unchanged = make_room(&now, text.n);
    if (!unchanged)
        return false;
    for (uint i = 0; i < text.n; i++) {
        now.lines[i] = text.lines[i];
        now.lines[i]->refs++;
    }
    now.n = text.n;
    now.dot = text.dot;
    return true;
}

bool text_undo(void)
{
    if (!kept)
        return wrong("there is nothing to take back");
    swap_texts(&text, &before);
    changed = true;
    return true;
}

void text_forget(void)
{
    clear(&text);
    kept = unchanged = false;
}
