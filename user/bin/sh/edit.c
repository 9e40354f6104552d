/*
 * edit.c - a line that is edited while it is typed: see edit.h.
 *
 * The line is bytes.  On the screen the prompt and the line are a row of cells that wraps at the right edge:
 *
 *      $ a line that is |        cell 0 is the prompt's first.  A control character takes two cells, as ^X; the bytes
 *      longer than the s|        of a UTF-8 character that follow its first take none.
 *      creen            |
 *
 * Keys change the line and note from where on it differs (`changed`).  When all that was typed has been looked at, draw()
 * writes that part alone.  So what is added at the end is written as a plain echo would write it, and a long paste is
 * written once.
 */
#include "edit.h"

#include "consolectl.h"

#include "complete.h"

#define CTRL(letter) ((letter) - '@')
#define ESC          '\033'
#define RUBOUT       0x7f /* what most keyboards send for backspace */
#define NOTHING      0xffffffffu

#define NHISTORY     100
#define PATTERN_SIZE 64

/* Keys that are more than a character. */
enum { KEY_UP = 256, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_HOME, KEY_END, KEY_DELETE, KEY_NONE };

static struct {
    char *text; /* ends with a 0 */
    uint length, room;
    uint at; /* where the next character goes */
} line;

static struct {
    char prompt[PATTERN_SIZE + 16];
    uint columns;
    uint cursor;  /* the cell in which it is */
    uint end;     /* cells that are in use */
    uint changed; /* the line differs from what is drawn from here on; or NOTHING */
    char out[512];
    uint nout;
} screen;

static struct {
    char *lines[NHISTORY]; /* the oldest first */
    uint count;
    uint at;     /* the one shown; count: none */
    char *typed; /* what was being typed before one was shown */
} history;

static struct {
    bool on;
    char pattern[PATTERN_SIZE];
    const char *prompt; /* the one to come back */
} search;

static struct {
    char bytes[256];
    uint n, taken;
    struct escape escape;
} keys;

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

static void beep(void) { put("\a"); }

static bool is_control(char c) { return (uchar)c < ' ' || c == RUBOUT; }

static bool goes_on(char c) { return ((uchar)c & 0xC0) == 0x80; }

/* The cell of line.text[i]. */
static uint cell(uint i)
{
    uint n = strlen(screen.prompt);

    for (uint k = 0; k < i; k++)
        n += is_control(line.text[k]) ? 2 : !goes_on(line.text[k]);
    return n;
}

/* Moves the cursor by so many rows or columns. */
static void step(uint from, uint to, char back, char forth)
{
    char text[16];

    if (from == to)
        return;
    snprintf(text, sizeof(text), "\033[%d%c", from > to ? from - to : to - from, from > to ? back : forth);
    put(text);
}

static void move(uint to)
{
    step(screen.cursor / screen.columns, to / screen.columns, 'A', 'B');
    step(screen.cursor % screen.columns, to % screen.columns, 'D', 'C');
    screen.cursor = to;
}

static void draw(void)
{
    uint end = cell(line.length);

    if (screen.changed < line.length) {
        move(cell(screen.changed));
        for (uint i = screen.changed; i < line.length; i++) {
            if (is_control(line.text[i]))
                put_char('^');
            put_char(is_control(line.text[i]) ? line.text[i] ^ '@' : line.text[i]);
        }
        if (end % screen.columns == 0)
            put(" \b"); /* a terminal wraps only when the next character comes */
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

/* Shows the prompt where the cursor is, at the start of a row; draw() does the rest. */
static void show_prompt(void)
{
    put(screen.prompt);
    screen.cursor = screen.end = strlen(screen.prompt);
    screen.changed = 0;
}

static void set_prompt(const char *fmt, const char *text)
{
    move(0);
    put("\033[J");
    snprintf(screen.prompt, sizeof(screen.prompt), fmt, text);
    show_prompt();
}

/* To the row after the line. */
static void leave_line(void)
{
    move(cell(line.length));
    put("\n");
    flush();
}

static void note_change(uint from)
{
    if (from < screen.changed)
        screen.changed = from;
}

/* Replaces the characters from `from` to `to` by n others, and puts the cursor after them. */
static void replace(uint from, uint to, const char *text, uint n)
{
    uint length = line.length - (to - from) + n;

    if (length >= line.room) {
        line.text = realloc(line.text, line.room = 2 * length + 128);
        if (!line.text)
            fail(1, "out of memory");
    }
    memmove(line.text + from + n, line.text + to, line.length - to);
    memmove(line.text + from, text, n);
    line.text[length] = 0;
    line.length = length;
    line.at = from + n;
    note_change(from);
}

static void replace_all(const char *text) { replace(0, line.length, text, strlen(text)); }

static uint before(uint i)
{
    while (i > 0 && goes_on(line.text[--i]))
        ;
    return i;
}

static uint after(uint i)
{
    do
        i += i < line.length;
    while (i < line.length && goes_on(line.text[i]));
    return i;
}

/* Where the word before the cursor begins. */
static uint word_start(void)
{
    uint i = line.at;

    while (i > 0 && line.text[i - 1] == ' ')
        i--;
    while (i > 0 && line.text[i - 1] != ' ')
        i--;
    return i;
}

static void history_add(const char *text)
{
    char *copy;

    if (!*text || (history.count > 0 && strcmp(history.lines[history.count - 1], text) == 0))
        return;
    copy = strdup(text);
    if (!copy)
        return;
    if (history.count == NHISTORY) {
        free(history.lines[0]);
        memmove(history.lines, history.lines + 1, --history.count * sizeof(char *));
    }
    history.lines[history.count++] = copy;
}

static void history_show(uint i)
{
    if (i > history.count) { /* 0 - 1 is one, too */
        beep();
        return;
    }
    if (history.at == history.count) {
        free(history.typed);
        history.typed = strdup(line.text);
    }
    history.at = i;
    replace_all(i < history.count ? history.lines[i] : history.typed ? history.typed : "");
}

/* Shows the newest line of the history that has the pattern, among those before `end`. */
static void search_before(uint end)
{
    while (end > 0) {
        if (strstr(history.lines[--end], search.pattern)) {
            history_show(end);
            return;
        }
    }
    beep();
}

static void search_show(void) { set_prompt("search `%s': ", search.pattern); }

static void search_start(void)
{
    search.on = true;
    search.pattern[0] = 0;
    search_show();
}

static void search_end(void)
{
    search.on = false;
    set_prompt("%s", search.prompt);
}

/* A key during a search.  false: it ends the search, and has its own meaning. */
static bool search_key(int key)
{
    uint n = strlen(search.pattern);

    if (key == CTRL('R')) {
        search_before(history.at);
    } else if (key == CTRL('G')) {
        search_end();
        history_show(history.count);
    } else if (key == '\b' || key == RUBOUT) {
        search.pattern[n > 0 ? n - 1 : 0] = 0;
        search_before(history.count);
        search_show();
    } else if (key < ' ' || key >= 256 || n + 1 == sizeof(search.pattern)) {
        search_end();
        return false;
    } else {
        search.pattern[n] = (char)key;
        search.pattern[n + 1] = 0;
        search_before(history.at + (history.at < history.count));
        search_show();
    }
    return true;
}

static void list(const struct completion *c)
{
    uint width = 0, ncolumns;

    for (uint i = 0; i < c->count; i++)
        width = strlen(c->names[i]) + 2 > width ? strlen(c->names[i]) + 2 : width;
    ncolumns = screen.columns / width + (screen.columns < width);

    uint nrows = (c->count + ncolumns - 1) / ncolumns;

    leave_line();
    for (uint row = 0; row < nrows; row++) {
        for (uint i = row; i < c->count; i += nrows) {
            put(c->names[i]);
            for (uint n = strlen(c->names[i]); n < width && i + nrows < c->count; n++)
                put_char(' ');
        }
        put("\n");
    }
    show_prompt();
}

static void tab(void)
{
    struct completion c;
    uint n, same = 0;

    if (keys.taken < keys.n) { /* it was pasted */
        replace(line.at, line.at, "\t", 1);
        return;
    }
    complete(line.text, line.at, &c);
    n = strlen(c.word);
    while (same < n && c.start + same < line.at && c.word[same] == line.text[c.start + same])
        same++;
    if (c.count == 0)
        beep();
    else if (c.start + same == line.at && same == n)
        list(&c);
    else
        replace(c.start + same, line.at, c.word + same, n - same);
    complete_free(&c);
}

/* The tables that the console itself shows while it reads lines. */
static void show_table(enum console_request request)
{
    leave_line();
    consolectl(request);
    show_prompt();
}

/* Clears the screen, and asks the terminal for its width: it reports the cursor's place, at the right edge. */
static void clear_screen(void)
{
    put("\033[H\033[2J\033[999C\033[6n\r");
    show_prompt();
}

/* A report is [ROW;COLUMNR. */
static void take_report(const char *text)
{
    const char *column = strchr(text, ';');
    int n = column ? atoi(column + 1) : 0;

    if (n < EDIT_MIN_COLUMNS || n > EDIT_MAX_COLUMNS || (uint)n == screen.columns)
        return;
    move(0);
    put("\033[J");
    screen.columns = n;
    show_prompt();
}

enum escape_state edit_escape(struct escape *e, char c)
{
    bool ends = c >= '@' && c <= '~' && !(e->n == 2 && c == '['), began = e->n == 1;

    if (is_control(c) || e->n == 0) {
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
        { "[A", KEY_UP },   { "[B", KEY_DOWN }, { "[C", KEY_RIGHT },  { "[D", KEY_LEFT },   { "[H", KEY_HOME },
        { "[F", KEY_END },  { "OA", KEY_UP },   { "OB", KEY_DOWN },   { "OC", KEY_RIGHT },  { "OD", KEY_LEFT },
        { "OH", KEY_HOME }, { "OF", KEY_END },  { "[1~", KEY_HOME },  { "[4~", KEY_END },   { "[7~", KEY_HOME },
        { "[8~", KEY_END }, { "[3~", KEY_DELETE },
    };

    if (strchr(sequence, 'R'))
        take_report(sequence);
    for (uint i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].sequence, sequence) == 0)
            return known[i].key;
    }
    return KEY_NONE;
}

/* The next key; negative: there are no more.  What it changes is drawn once nothing more has been typed. */
static int next_key(void)
{
    for (;;) {
        if (keys.taken == keys.n) {
            int n;

            draw();
            n = read(0, keys.bytes, sizeof(keys.bytes));
            if (n <= 0)
                return -1;
            keys.n = n;
            keys.taken = 0;
        }

        char c = keys.bytes[keys.taken++];

        switch (edit_escape(&keys.escape, c)) {
        case ESCAPE_NONE:
            return (uchar)c;
        case ESCAPE_ENDS:
            return key_of(keys.escape.text);
        default:
            break;
        }
    }
}

static void insert(char c) { replace(line.at, line.at, &c, 1); }

static void erase(uint from, uint to) { replace(from, to, "", 0); }

static void edit(int key)
{
    switch (key) {
    case KEY_LEFT:
    case CTRL('B'):
        line.at = before(line.at);
        break;
    case KEY_RIGHT:
    case CTRL('F'):
        line.at = after(line.at);
        break;
    case KEY_HOME:
    case CTRL('A'):
        line.at = 0;
        break;
    case KEY_END:
    case CTRL('E'):
        line.at = line.length;
        break;
    case '\b':
    case RUBOUT:
        erase(before(line.at), line.at);
        break;
    case KEY_DELETE:
    case CTRL('D'):
        erase(line.at, after(line.at));
        break;
    case CTRL('W'):
        erase(word_start(), line.at);
        break;
    case CTRL('U'):
        erase(0, line.at);
        break;
    case CTRL('K'):
        if (line.at < line.length)
            erase(line.at, line.length);
        else
            show_table(CONSOLE_SHOW_SEGMENTS);
        break;
    case CTRL('P'):
        show_table(CONSOLE_SHOW_PROCS);
        break;
    case CTRL('L'):
        clear_screen();
        break;
    case KEY_UP:
        history_show(history.at - 1);
        break;
    case KEY_DOWN:
        history_show(history.at + 1);
        break;
    case CTRL('R'):
        search_start();
        break;
    case '\t':
        tab();
        break;
    case KEY_NONE:
        break;
    default:
        insert((char)key);
    }
}

static enum edit_outcome finish(enum edit_outcome outcome, const char *last)
{
    line.at = line.length;
    draw();
    put(last);
    flush();
    return outcome;
}

enum edit_outcome edit_line(const char *prompt, uint columns, const char **text)
{
    if (screen.columns == 0)
        screen.columns = columns;
    search.on = false;
    search.prompt = prompt;
    strcpy(screen.prompt, prompt);
    show_prompt();
    line.length = 0;
    replace_all("");
    history.at = history.count;
    for (;;) {
        int key = next_key();

        if (search.on && key >= 0 && search_key(key))
            continue;
        if (key < 0 || (key == CTRL('D') && line.length == 0))
            return finish(EDIT_END, "\n");
        if (key == CTRL('C'))
            return finish(EDIT_BREAK, "^C\n");
        if (key == '\n') {
            history_add(line.text);
            *text = line.text;
            return finish(EDIT_LINE, "\n");
        }
        edit(key);
    }
}
