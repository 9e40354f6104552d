/*
 * more.c - shows text a screen at a time.
 *
 *   more [-n LINES] [FILE]...    a screen; then Space shows a page, Enter a line, b goes back, q ends
 *
 * The answers come from the console, since descriptor 0 may be the text.  They are keys where the console gives keys,
 * and lines elsewhere: Enter shows a page then, and q and Enter ends.  If descriptor 1 is not a terminal, all of the
 * text is copied without a stop.
 */
#include "consolectl.h"
#include "fcntl.h"
#include "stat.h"
#include "ulib.h"

#define MAX_LINE (4 * TERMINAL_MAX_COLUMNS) /* bytes of a line of the screen */

static struct {
    int answers; /* descriptor of the console; -1: no stops */
    bool keys;   /* they are keys */
    uint ncolumns;
    bool known; /* ncolumns is the terminal's */
    int nlines; /* of a page */
    int line;   /* shown since the last stop */
} screen;

struct start {
    uint offset, indent;
};

/* The text.  A file can be read again from the start of any line of the screen. */
static struct {
    int fd;
    char bytes[4 * 1024];
    int n, at;   /* read, and shown */
    bool ended;  /* there is no more to read */
    bool failed; /* to read it */
    uint offset; /* in the file, of what is shown next */
    uint indent; /* of what is shown next, if it goes on with a line of the text */
    bool seekable;
    struct start *starts; /* of lines of the screen */
    uint count, room;
} text;

static void put(const char *from, int n)
{
    if (write_all(1, from, n) < 0)
        fail(1, "write error");
}

static void give_back_keys(void)
{
    if (screen.keys)
        consolectl(CONSOLE_LINES);
}

static char read_key(void)
{
    char key = 0, prompt[64];
    uint n = (uint)snprintf(prompt, sizeof(prompt), "--More-- (Space: page, Enter: line%s, q: end) ",
                            text.seekable ? ", b: back" : "");

    /* One of several lines could not be wiped. */
    must_print("%s", n < screen.ncolumns ? prompt : "--More-- ");
    if (read(screen.answers, &key, 1) != 1) /* more has left the foreground */
        return 'q';
    must_print("\r\033[K");
    return key;
}

static char read_answer(void)
{
    char answer[64];

    must_print("--More-- (Enter: next page; q and Enter: end) ");
    if (!fgets(answer, sizeof(answer), screen.answers) || answer[0] == 'q')
        return 'q';
    return ' ';
}

/* Continues a page before the one on the screen.  false: there is none. */
static bool go_back(void)
{
    uint shown = text.count - 1, page = screen.nlines;
    uint to = shown < 2 * page ? 0 : shown - 2 * page;

    if (!text.seekable || shown <= page || lseek(text.fd, (int)text.starts[to].offset, SEEK_SET) < 0)
        return false;
    text.offset = text.starts[to].offset;
    text.indent = text.starts[to].indent;
    text.count = to + 1;
    text.n = text.at = 0;
    text.ended = false;
    must_print("\033[H\033[2J");
    return true;
}

/* false: the user has seen enough. */
static bool ask(void)
{
    if (!screen.keys)
        screen.keys = terminal_columns() > 0 && consolectl(CONSOLE_KEYS) >= 0;
    for (;;) {
        char answer = screen.keys ? read_key() : read_answer();

        switch (answer) {
        case ' ':
            screen.line = 0;
            return true;
        case '\n':
            screen.line = screen.nlines - 1;
            return true;
        case 'b':
            screen.line = 0;
            if (go_back())
                return true;
            break;
        case 'q':
            return false;
        }
    }
}

static void begin_line(void)
{
    screen.line++;
    if (!text.seekable)
        return;
    if (text.count == text.room) {
        text.room = 2 * text.room + 256;
        text.starts = realloc(text.starts, text.room * sizeof(*text.starts));
        if (!text.starts)
            fail(1, "out of memory");
    }
    text.starts[text.count++] = (struct start){ text.offset, text.indent };
}

static bool is_full(void) { return screen.answers >= 0 && screen.line >= screen.nlines; }

static bool is_blank(int at) { return at < text.n && text.bytes[at] == ' '; }

static int skip_blanks(int at)
{
    while (is_blank(at))
        at++;
    return at;
}

/* Where the line of the screen that begins at text.at ends.  *folded: the end of its last word, if the rest of the
   text's line goes below; or 0. */
static int line_end(int *folded)
{
    uint column = text.indent;
    int word_end = 0;

    *folded = 0;
    if (screen.answers < 0)
        return text.n;
    for (int i = text.at; i < text.n; i++) {
        char c = text.bytes[i];

        if (c == '\n')
            return i + 1;
        if (((uchar)c & 0xC0) == 0x80) /* goes on with a UTF-8 character */
            continue;
        if (is_blank(i) && i > text.at && !is_blank(i - 1))
            word_end = i;
        if (column >= screen.ncolumns) {
            if (!screen.known || !word_end)
                return i;
            *folded = word_end;
            return skip_blanks(word_end);
        }
        column = (c == '\t' ? column | 7 : column) + 1;
    }
    return text.n;
}

/* Shows a line of the screen.  What no longer fits is shown below, from the same column. */
static void show_line(void)
{
    int folded, start = text.at, end = line_end(&folded);
    uint indent = text.indent ? text.indent : (uint)(skip_blanks(start) - start);

    for (uint i = 0; i < text.indent; i++)
        put(" ", 1);
    put(text.bytes + start, (folded ? folded : end) - start);
    if (folded)
        put("\n", 1);
    text.indent = folded && indent < screen.ncolumns / 2 ? indent : 0;
    text.offset += end - start;
    text.at = end;
    if (folded || end < text.n || text.bytes[end - 1] == '\n')
        begin_line();
}

/* Reads until a line of the screen is there.  false: the text has ended. */
static bool has_more(void)
{
    while (!text.ended && text.n - text.at < MAX_LINE &&
           !memchr(text.bytes + text.at, '\n', text.n - text.at)) {
        int n;

        memmove(text.bytes, text.bytes + text.at, text.n - text.at);
        text.n -= text.at;
        text.at = 0;
        n = read(text.fd, text.bytes + text.n, sizeof(text.bytes) - text.n);
        text.ended = n <= 0;
        text.failed = n < 0;
        if (n > 0)
            text.n += n;
    }
    return text.at < text.n;
}

static int show_file(int fd, const char *name)
{
    struct stat st;

    text.fd = fd;
    text.seekable = fstat(fd, &st) == 0 && st.type == T_FILE;
    text.n = text.at = 0;
    text.ended = text.failed = false;
    text.indent = 0;
    text.offset = text.seekable ? (uint)lseek(fd, 0, SEEK_CUR) : 0;
    text.count = 0;
    screen.line--;
    begin_line();
    while (has_more()) {
        if (!is_full()) {
            show_line();
        } else if (!ask()) {
            give_back_keys();
            exits(0);
        }
    }
    if (text.failed)
        warn("%s: read error", name);
    return text.failed;
}

int main(int argc, char *argv[])
{
    int option, status;

    screen.nlines = (terminal_lines() ? (int)terminal_lines() : SCREEN_LINES) - 1;
    while ((option = getopt(argc, argv, "n:")) >= 0) {
        if (option != 'n')
            fail(2, "usage: more [-n LINES] [FILE]...");
        if (!parse_number(optarg, &screen.nlines) || screen.nlines <= 0)
            fail(2, "%s: not a number of lines", optarg);
    }
    screen.known = terminal_columns() > 0 && is_terminal(1);
    screen.ncolumns = screen.known ? terminal_columns() : SCREEN_COLUMNS;
    screen.answers = !is_terminal(1) ? -1 : is_terminal(2) ? 2 : open("/console", O_RDONLY);
    status = file_each(argv + optind, argc - optind, show_file);
    give_back_keys();
    return status;
}
