/*
 * more.c - shows text a screen at a time.
 *
 *   more [-n LINES] [FILE]...    23 lines; Enter goes on, and q and Enter ends
 *
 * The answers come from the console, since descriptor 0 may be the text.  If descriptor 1 is not a terminal, all of the
 * text is copied without a stop.
 */
#include "fcntl.h"
#include "stat.h"
#include "ulib.h"

#define SCREEN_COLUMNS 80
#define SCREEN_LINES   24

static char buffer[4 * 1024];

static struct {
    int answers; /* descriptor of the console; -1: no stops */
    int nlines;  /* of a page */
    int line, column;
} screen;

static bool is_device(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.type == T_DEV;
}

/* false: the user has seen enough. */
static bool ask(void)
{
    char answer[64];
    int fd = screen.answers;

    must_print("--More-- (Enter: next page; q and Enter: end) ");
    screen.line = 0;
    return fgets(answer, sizeof(answer), fd) && answer[0] != 'q';
}

static void put(const char *text, int n)
{
    if (write_all(1, text, n) < 0)
        fail(1, "write error");
}

/* Moves on by one character.  true: a line of the screen ends with it. */
static bool ends_line(char c)
{
    if (c == '\t')
        screen.column |= 7;
    screen.column++;
    if (c != '\n' && screen.column < SCREEN_COLUMNS)
        return false;
    screen.column = 0;
    return true;
}

/* A full page waits until there is more text to show.  false: the user has seen enough. */
static bool show(const char *text, int n)
{
    int start = 0;

    for (int i = 0; i < n; i++) {
        if (screen.answers >= 0 && screen.line >= screen.nlines) {
            put(text + start, i - start);
            start = i;
            if (!ask())
                return false;
        }
        screen.line += ends_line(text[i]);
    }
    put(text + start, n - start);
    return true;
}

static int show_file(int fd, const char *name)
{
    int n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        if (!show(buffer, n))
            exits(0);
    }
    if (n < 0)
        warn("%s: read error", name);
    return n < 0;
}

int main(int argc, char *argv[])
{
    int option, status = 0;

    screen.nlines = SCREEN_LINES - 1;
    while ((option = getopt(argc, argv, "n:")) >= 0) {
        if (option != 'n')
            fail(2, "usage: more [-n LINES] [FILE]...");
        if (!parse_number(optarg, &screen.nlines) || screen.nlines <= 0)
            fail(2, "%s: not a number of lines", optarg);
    }
    screen.answers = !is_device(1) ? -1 : is_device(2) ? 2 : open("/console", O_RDONLY);
    if (optind == argc)
        return show_file(0, "input");
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
    return status;
}
