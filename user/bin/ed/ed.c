/*
 * ed.c - edits text, line by line.
 *
 *   ed [-s] [-p PROMPT] [FILE]   -s: without the numbers of bytes
 *
 * This file carries commands out; text.c has the lines, file.c reads and writes them, address.c finds them, and
 * substitute.c is the command s.
 *
 * The text is not to be lost: q and e warn, and at the end of the input, changed text goes to a file of its own.
 */
#include "ed.h"
#include "stat.h"

#define RESCUE "ed.hup" /* where text goes that was not written */

bool silent;

static bool in_global;       /* a command of g runs */
static bool warned;          /* that changes would be lost */
static char path[PATH_SIZE]; /* of the file that w writes; "": none yet */

static const char *problem = ""; /* of the last command that failed */
static bool in_words;
static int status; /* of the program */
static struct line_reader input = LINE_READER(0);

bool wrong(const char *what)
{
    problem = what;
    return false;
}

/* A reader that went away must not cost the text. */
static void put(const char *bytes, uint n)
{
    if (write_all(1, bytes, (int)n) < 0)
        status = 1;
}

static void print(const struct range *range, bool numbers)
{
    char number[16];

    for (uint i = range->first; i <= range->last; i++) {
        struct line *line = text.lines[i - 1];

        if (numbers)
            put(number, (uint)snprintf(number, sizeof(number), "%u\t", i));
        line->text[line->n] = '\n'; /* one write for a line */
        put(line->text, line->n + 1);
        line->text[line->n] = 0;
    }
    text.dot = range->last;
}

static bool read_input(void)
{
    char *line;
    uint n;

    while ((line = line_next(&input, &n)) && strcmp(line, ".") != 0) {
        if (!text_insert(line, n))
            return false;
    }
    return true;
}

static bool change(struct range *range)
{
    if (!range_need(range, false))
        return false;
    text_cut(range->first, range->last);
    text.dot = range->first - 1;

    bool good = read_input();

    if (text.dot < range->first && text.dot < text.n) /* nothing came in its place */
        text.dot = range->first;
    return good;
}

static bool add(char command, struct range *range)
{
    if (command == 'c')
        return change(range);

    uint before = command == 'i' && range->last ? range->last - 1 : range->last;

    text.dot = before;

    bool good = read_input();

    if (text.dot == before) /* nothing came */
        text.dot = range->last;
    return good;
}

static bool delete_lines(struct range *range)
{
    if (!range_need(range, false))
        return false;
    text_cut(range->first, range->last);
    text.dot = range->first <= text.n ? range->first : text.n;
    return true;
}

/* The name after a command; if it has none, the file's. */
static bool take_name(char *p, const char **name)
{
    if (*p && *p != ' ')
        return wrong("a blank must stand before the name");
    while (*p == ' ')
        p++;
    if (strlen(p) >= PATH_SIZE)
        return wrong("the name is too long");
    *name = *p ? p : path;
    return **name || wrong("there is no file's name yet");
}

/* May changes that were not written go?  The user is warned once. */
static bool may_lose(bool forced)
{
    if (!changed || forced || warned)
        return true;
    warned = true;
    return wrong("the text was changed and not written: once more loses it");
}

/* The file has been read or written: it is the one that is meant, if there was none. */
static bool keep_name(const char *name)
{
    if (!path[0])
        strcpy(path, name);
    return true;
}

static bool edit(char *p, bool forced)
{
    const char *name;

    if (!may_lose(forced) || !take_name(p, &name))
        return false;
    text_forget();

    bool good = file_read(name);

    changed = false;
    if (name != path || !good)
        path[0] = 0; /* w must not cut what could not be read */
    return good && keep_name(name);
}

static bool quit(bool forced)
{
    if (!may_lose(forced))
        return false;
    exits(status);
}

static bool insert_file(char *p, struct range *range)
{
    const char *name;
    uint dot = text.dot, n = text.n;

    if (!take_name(p, &name))
        return false;
    text.dot = range->naddresses ? range->last : n;
    if (file_read(name))
        return keep_name(name);
    if (text.n == n)
        text.dot = dot;
    return false;
}

static bool save(char *p, struct range *range)
{
    const char *name;
    bool quits = *p == 'q';

    if (!range_need(range, true) || !take_name(p + quits, &name) ||
        !file_write(name, range->first, range->last))
        return false;
    return keep_name(name) && (!quits || quit(false));
}

static bool rename_file(char *p)
{
    const char *name;

    if (!take_name(p, &name))
        return false;
    if (name != path)
        strcpy(path, name);
    printf("%s\n", path);
    return true;
}

static bool run(char *p);

/* g/re/command, v/re/command: marks the lines first, since the commands move them. */
static bool global(char *p, struct range *range, bool inverted)
{
    char end = *p++;
    uint at = 1;
    bool good = true;

    if (!end || !range_need(range, true) || !pattern_set(pattern_take(&p, end)))
        return end ? false : wrong("g needs /pattern/command");
    for (uint i = 1; i <= text.n; i++)
        text.lines[i - 1]->marked = i >= range->first && i <= range->last && pattern_matches(i) != inverted;

    uint size = strlen(p) + 2; /* a command is cut up when it runs */
    char *command = malloc(size);

    if (!command)
        return wrong("out of memory");
    in_global = true;
    for (uint left = text.n; good && left > 0 && text.n > 0; left--) {
        at = at >= 1 && at <= text.n ? at : 1;
        if (!text.lines[at - 1]->marked) {
            at++;
            continue;
        }
        text.lines[at - 1]->marked = false;
        text.dot = at;
        snprintf(command, size, "%s", *p ? p : "p");
        good = run(command);
        left = text.n + 1; /* look at all of them again */
    }
    in_global = false;
    free(command);
    return good;
}

static bool must_end(const char *p) { return !*p || wrong("something follows the command"); }

/* What may follow a command: p or n, which prints the current line. */
static bool finish(const char *p)
{
    struct range here = { text.dot, text.dot, 1 };
    bool prints = *p == 'p' || *p == 'n';

    if (!must_end(p + prints))
        return false;
    if (prints && text.dot > 0)
        print(&here, *p == 'n');
    return true;
}

static bool is_change(char command) { return command && strchr("aicdsr", command); }

/* A command that changes or prints lines. */
static bool run_on_lines(char command, char *p, struct range *range)
{
    switch (command) {
    case 'a':
    case 'i':
    case 'c':
        return must_end(p) && add(command, range); /* whose lines replace p */
    case 'd':
        return delete_lines(range) && finish(p);
    case 's':
        return substitute(&p, range, in_global) && finish(p);
    case 'u':
        return text_undo() && finish(p);
    case 'p':
    case 'n':
        if (!range_need(range, false))
            return false;
        print(range, command == 'n');
        return must_end(p);
    case '=':
        printf("%u\n", range->naddresses ? range->last : text.n);
        return finish(p);
    case 0: /* an address alone prints the line; nothing, the next one */
        if (range->naddresses == 0 && ++range->last > text.n)
            return wrong("there is no such line");
        range->first = range->last;
        if (!range_need(range, false))
            return false;
        print(range, false);
        return true;
    default:
        return wrong("there is no such command");
    }
}

static bool run(char *p)
{
    struct range range;

    while (*p == ' ')
        p++;
    if (!range_parse(&p, &range))
        return false;

    char command = *p ? *p++ : 0;

    if (in_global && command && strchr("aicgveEqQuf", command))
        return wrong("g cannot do this");
    if (!in_global && (is_change(command) || command == 'g' || command == 'v') && !text_keep())
        return false;
    if (command && strchr("hHqQ", command) && !must_end(p))
        return false;
    switch (command) {
    case 'e':
    case 'E':
        return edit(p, command == 'E');
    case 'f':
        return rename_file(p);
    case 'g':
    case 'v':
        return global(p, &range, command == 'v');
    case 'h':
        printf("%s\n", problem);
        return true;
    case 'H':
        in_words = !in_words;
        return true;
    case 'q':
    case 'Q':
        return quit(command == 'Q');
    case 'r':
        return insert_file(p, &range);
    case 'w':
        return save(p, &range);
    default:
        return run_on_lines(command, p, &range);
    }
}

/* There is no more input: nobody can be asked any more. */
static void rescue(void)
{
    if (input.failed) {
        warn("input: read error");
        status = 1;
    }
    if (!changed)
        exits(status);
    silent = true;
    if (file_write(RESCUE, text.n > 0, text.n))
        fail(1, "the text was not written: it is in %s now", RESCUE);
    fail(1, "the text was not written, and cannot be written to %s either", RESCUE);
}

/* A file is a script.  One that went on after a failure would change other lines than it means. */
static bool is_script(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.type == T_FILE;
}

static void start(const char *name)
{
    struct stat st;

    if (strlen(name) >= PATH_SIZE)
        fail(2, "the name is too long");
    strcpy(path, name);
    if (stat(name, &st) < 0)
        printf("%s: a new file\n", name);
    else if (!file_read(name))
        fail(1, "%s: %s", name, problem);
    changed = false;
}

int main(int argc, char *argv[])
{
    const char *prompt = "";
    int option;
    char *line;
    uint n;

    while ((option = getopt(argc, argv, "sp:")) >= 0) {
        if (option == 's')
            silent = true;
        else if (option == 'p')
            prompt = optarg;
        else
            optind = argc + 1;
    }
    if (optind + 1 < argc || optind > argc)
        fail(2, "usage: ed [-s] [-p PROMPT] [FILE]");
    if (optind < argc)
        start(argv[optind]);

    bool asks = is_terminal(0), script = is_script(0);

    for (;;) {
        put(prompt, strlen(prompt));
        line = line_next(&input, &n);
        if (!line)
            rescue();

        bool was_warned = warned;

        if (!run(line)) {
            printf("?\n%s%s", in_words ? problem : "", in_words ? "\n" : "");
            status |= !asks;
            if (script)
                rescue();
        }
        if (was_warned)
            warned = false;
    }
}
