/*
 * more.c - shows text a screen at a time.
 *
 *   more [-n LINES] [FILE]...    a screen; then Space shows a page, Enter a line, b goes back, q ends
 *
 * The answers come from the console, since descriptor 0 may be the text.  They are keys where the console gives keys, and
 * lines elsewhere: Enter shows a page then, and q and Enter ends.  If descriptor 1 is not a terminal, all of the text is
 * copied without a stop.
 */
#include "consolectl.h"
#include "fcntl.h"
#include "stat.h"
#include "ulib.h"

#define SCREEN_COLUMNS 80 /* where the terminal's size is not known */
#define SCREEN_LINES   24

static struct {
    int answers; /* descriptor of the console; -1: no stops */
    bool keys;   /* they are keys */
    uint ncolumns;
    int nlines; /* of a page */
    int line;   /* shown since the last stop */
    uint column;
} screen;

/* The text.  A file can be read again from the start of any line of the screen. */
static struct {
    int fd;
    char bytes[4 * 1024];
    int n, at;   /* read, and shown */
    uint offset; /* in the file, of what is shown next */
    bool seekable;
    uint *starts; /* offsets of lines of the screen */
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

    if (!text.seekable || shown <= page || lseek(text.fd, (int)text.starts[to], SEEK_SET) < 0)
        return false;
    text.offset = text.starts[to];
    text.count = to + 1;
    text.n = text.at = 0;
    screen.column = 0;
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
    screen.column = 0;
    screen.line++;
    if (!text.seekable)
        return;
    if (text.count == text.room) {
        text.room = 2 * text.room + 256;
        text.starts = realloc(text.starts, text.room * sizeof(*text.starts));
        if (!text.starts)
            fail(1, "out of memory");
    }
    text.starts[text.count++] = text.offset;
}

static bool is_full(void) { return screen.answers >= 0 && screen.line >= screen.nlines; }

/* The next character.  What no longer fits on its line begins another one. */
static void pass(char c)
{
    bool goes_on = ((uchar)c & 0xC0) == 0x80; /* of a UTF-8 character */

    if (c != '\n' && !goes_on && screen.column >= screen.ncolumns) {
        begin_line();
        if (is_full())
            return;
    }
    text.at++;
    text.offset++;
    if (c == '\n')
        begin_line();
    else if (!goes_on)
        screen.column = (c == '\t' ? screen.column | 7 : screen.column) + 1;
}

/* Shows what has been read, up to the end of the page. */
static void show(void)
{
    int start = text.at;

    while (text.at < text.n && !is_full())
        pass(text.bytes[text.at]);
    put(text.bytes + start, text.at - start);
}

/* Is there more text?  A full page waits until there is. */
static bool has_more(void)
{
    if (text.at < text.n)
        return true;
    text.at = 0;
    text.n = read(text.fd, text.bytes, sizeof(text.bytes));
    return text.n > 0;
}

static int show_file(int fd, const char *name)
{
    struct stat st;

    text.fd = fd;
    text.seekable = fstat(fd, &st) == 0 && st.type == T_FILE;
    text.n = text.at = 0;
    text.offset = text.seekable ? (uint)lseek(fd, 0, SEEK_CUR) : 0;
    text.count = 0;
    screen.line--;
    begin_line();
    while (has_more()) {
        if (!is_full()) {
            show();
        } else if (!ask()) {
            give_back_keys();
            exits(0);
        }
    }
    if (text.n < 0)
        warn("%s: read error", name);
    return text.n < 0;
}

int main(int argc, char *argv[])
{
    int option, status = 0;

    screen.nlines = (terminal_lines() ? (int)terminal_lines() : SCREEN_LINES) - 1;
    while ((option = getopt(argc, argv, "n:")) >= 0) {
        if (option != 'n')
            fail(2, "usage: more [-n LINES] [FILE]...");
        if (!parse_number(optarg, &screen.nlines) || screen.nlines <= 0)
            fail(2, "%s: not a number of lines", optarg);
    }
    screen.ncolumns = terminal_columns() ? terminal_columns() : SCREEN_COLUMNS;
    screen.answers = !is_terminal(1) ? -1 : is_terminal(2) ? 2 : open("/console", O_RDONLY);
    if (optind == argc)
        status = show_file(0, "input");
    for (int i = optind; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);

        if (fd < 0) {
            warn("%s: cannot open", argv[i]);
            status = 1;
            continue;
        }
        status |= show_file(fd, argv[i]);
        close(fd);
    }
    give_back_keys();
    return status;
}
