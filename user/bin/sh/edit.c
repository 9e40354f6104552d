/*
 * edit.c - a line that is edited while it is typed: see edit.h.
 *
 * A key (keys.c) changes the line or chooses another one; screen.c shows it.
 *
 * A terminal marks what is pasted: it is text, with its tabs and the ends of its lines, and Enter runs it.  Ctrl-C is
 * for the case that the second mark is lost.
 */
#include "edit.h"

#include "consolectl.h"
#include "ctype.h"

#include "complete.h"
#include "keys.h"
#include "screen.h"

#define NHISTORY     100
#define PATTERN_SIZE (SCREEN_PROMPT_SIZE - 16)

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

static bool pasting;

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
    screen_change(from);
}

static void insert(char c) { replace(line.at, line.at, &c, 1); }

static void erase(uint from, uint to) { replace(from, to, "", 0); }

static void replace_all(const char *text) { replace(0, line.length, text, strlen(text)); }

static uint before(uint i)
{
    while (i > 0 && screen_is_continuation(line.text[--i]))
        ;
    return i;
}

static uint after(uint i)
{
    do
        i += i < line.length;
    while (i < line.length && screen_is_continuation(line.text[i]));
    return i;
}

/* Where the word before the cursor begins. */
static uint word_start(void)
{
    uint i = line.at;

    while (i > 0 && isspace(line.text[i - 1]))
        i--;
    while (i > 0 && !isspace(line.text[i - 1]))
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
        screen_beep();
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
    screen_beep();
}

static void search_show(void) { screen_set_prompt("search `%s': ", search.pattern); }

static void search_start(void)
{
    search.on = true;
    history.at = history.count;
    search.pattern[0] = 0;
    search_show();
}

static void search_end(void)
{
    search.on = false;
    screen_set_prompt("%s", search.prompt);
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
        while (n > 0 && screen_is_continuation(search.pattern[--n]))
            ;
        search.pattern[n] = 0;
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

static void tab(void)
{
    struct completion c;
    uint n, same = 0;

    if (strspn(line.text, " \t") >= line.at) { /* it indents */
        insert('\t');
        return;
    }
    complete(line.text, line.at, &c);
    n = strlen(c.word);
    while (same < n && c.start + same < line.at && c.word[same] == line.text[c.start + same])
        same++;
    if (c.count == 0)
        screen_beep();
    else if (c.start + same == line.at && same == n)
        screen_list(c.names, c.count);
    else
        replace(c.start + same, line.at, c.word + same, n - same);
    complete_free(&c);
}

/* The tables that the console itself shows while it reads lines. */
static void show_table(enum console_request request)
{
    screen_leave_line();
    consolectl(request);
    screen_enter_line();
}

/* A key during a paste. */
static void paste(int key)
{
    if (key == KEY_PASTED)
        pasting = false;
    else if (key == '\t' || key == '\n' || (key < KEY_UP && !iscntrl(key)))
        insert((char)key);
}

static void go_left(void) { line.at = before(line.at); }
static void go_right(void) { line.at = after(line.at); }
static void go_home(void) { line.at = 0; }
static void go_end(void) { line.at = line.length; }

static void erase_left(void) { erase(before(line.at), line.at); }
static void erase_right(void) { erase(line.at, after(line.at)); }
static void erase_word(void) { erase(word_start(), line.at); }
static void erase_start(void) { erase(0, line.at); }

/* At the end of the line Ctrl-K does what it does on the console. */
static void erase_rest(void)
{
    if (line.at < line.length)
        erase(line.at, line.length);
    else
        show_table(CONSOLE_SHOW_SEGMENTS);
}

static void show_processes(void) { show_table(CONSOLE_SHOW_PROCS); }

static void older(void) { history_show(history.at - 1); }
static void newer(void) { history_show(history.at + 1); }

static void start_paste(void) { pasting = true; }

static void ignore(void) {}

/* The keys that do not insert themselves. */
/* clang-format off */
static void (*const actions[])(void) = {
    [KEY_LEFT] = go_left,       [CTRL('B')] = go_left,
    [KEY_RIGHT] = go_right,     [CTRL('F')] = go_right,
    [KEY_HOME] = go_home,       [CTRL('A')] = go_home,
    [KEY_END] = go_end,         [CTRL('E')] = go_end,
    ['\b'] = erase_left,        [RUBOUT] = erase_left,
    [KEY_DELETE] = erase_right, [CTRL('D')] = erase_right,
    [CTRL('W')] = erase_word,
    [CTRL('U')] = erase_start,
    [CTRL('K')] = erase_rest,
    [CTRL('P')] = show_processes,
    [CTRL('L')] = screen_clear,
    [KEY_UP] = older,
    [KEY_DOWN] = newer,
    [CTRL('R')] = search_start,
    ['\t'] = tab,
    [KEY_PASTE] = start_paste,
    [KEY_PASTED] = ignore,
    [KEY_NONE] = ignore, /* also makes the table long enough for every key */
};
/* clang-format on */

static void edit(int key)
{
    if (actions[key])
        actions[key]();
    else
        insert((char)key);
}

static enum edit_outcome finish(enum edit_outcome outcome, const char *last)
{
    line.at = line.length;
    screen_end(last);
    return outcome;
}

enum edit_outcome edit_line(const char *prompt, uint columns, bool begun, const char **text)
{
    search.on = pasting = false;
    search.prompt = prompt;
    line.length = 0;
    replace_all("");
    screen_begin(prompt, columns, begun);
    history.at = history.count;
    for (;;) {
        int key = keys_next();

        if (search.on && key >= 0 && search_key(key))
            continue;
        if (key < 0 || (key == CTRL('D') && line.length == 0 && !pasting))
            return finish(EDIT_END, "\n");
        if (key == CTRL('C'))
            return finish(EDIT_BREAK, "^C\n");
        if (pasting) {
            paste(key);
            continue;
        }
        if (key == '\n') {
            history_add(line.text);
            *text = line.text;
            return finish(EDIT_LINE, "\n");
        }
        edit(key);
    }
}
