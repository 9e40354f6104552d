/*
 * ed.c - edits text, line by line.
 *
 *   ed [-s] [-p PROMPT] [FILE]   -s: without the numbers of bytes
 *
 * The text is an array of pointers to lines, of any length and any bytes.  A line is never changed, only replaced, so
 * what u brings back is an older array with references to the same lines.
 *
 * The text is not to be lost: w writes a new file and then gives it the old one's name, so a full disk leaves the old
 * file as it was; q and e warn; and at the end of the input, text that was changed goes to a file of its own.
 */
#include "ctype.h"
#include "fcntl.h"
#include "regexp.h"
#include "stat.h"
#include "ulib.h"

#define RESCUE    "ed.hup" /* where text goes that was not written */
#define PATH_SIZE 256

struct line {
    uint refs;
    uint n;
    bool marked; /* by g */
    char text[]; /* n bytes, and a 0 */
};

struct text {
    struct line **lines;
    uint n, size;
    uint dot; /* the current line, from 1; 0: before the first one */
};

static struct text text, before; /* before: what u brings back, if it was kept */
static bool kept;
static bool in_global;        /* a command of g runs */
static bool changed, warned;  /* since the last w; that it would be lost */
static char path[PATH_SIZE];  /* of the file; "": none yet */
static struct regexp pattern; /* the last one */
static bool has_pattern;

static const char *problem = ""; /* of the last command that failed */
static bool in_words, silent;
static int status; /* of the program */
static struct line_reader input = LINE_READER(0);

/* All functions that can fail return false, after this. */
static bool wrong(const char *what)
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

/* The text. */

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
    struct line **lines = realloc(t->lines, size * sizeof(*lines));

    if (!lines)
        return wrong("out of memory");
    t->lines = lines;
    t->size = size;
    return true;
}

/* Inserts a line after the current one, and makes it that. */
static bool insert(const char *bytes, uint n)
{
    struct line *line = make_room(&text, 1) ? make_line(bytes, n) : NULL;

    if (!line)
        return wrong("out of memory");

    struct line **at = text.lines + text.dot;

    memmove(at + 1, at, (int)((text.n - text.dot) * sizeof(*at)));
    *at = line;
    text.n++;
    text.dot++;
    changed = true;
    return true;
}

/* Removes lines first to last, from 1. */
static void cut(uint first, uint last)
{
    struct line **at = text.lines + first - 1;

    for (uint i = first; i <= last; i++)
        put_line(text.lines[i - 1]);
    memmove(at, text.lines + last, (int)((text.n - last) * sizeof(*at)));
    text.n -= last - first + 1;
    changed = true;
}

static void clear(struct text *t)
{
    for (uint i = 0; i < t->n; i++)
        put_line(t->lines[i]);
    t->n = t->dot = 0;
}

/* Keeps the text as it is for u. */
static bool keep(void)
{
    clear(&before);
    kept = make_room(&before, text.n);
    if (!kept)
        return false;
    for (uint i = 0; i < text.n; i++) {
        before.lines[i] = text.lines[i];
        before.lines[i]->refs++;
    }
    before.n = text.n;
    before.dot = text.dot;
    return true;
}

/* Files. */

static void print_count(uint nbytes)
{
    if (!silent)
        printf("%u\n", nbytes);
}

/* Inserts a file's lines after the current one. */
static bool read_file(const char *name)
{
    int fd = open(name, O_RDONLY);
    struct line_reader reader = LINE_READER(fd);
    uint nbytes = 0, n;
    char *line;
    bool good = true;

    if (fd < 0)
        return wrong("cannot open the file");
    while (good && (line = line_next(&reader, &n))) {
        good = insert(line, n);
        nbytes += n + 1;
    }
    if (good && reader.failed)
        good = wrong("cannot read the file, or out of memory");
    free(reader.buf);
    close(fd);
    if (good)
        print_count(nbytes);
    return good;
}

/* Writes lines first to last to a descriptor: the number of bytes, or -1. */
static int write_lines(int fd, uint first, uint last)
{
    static char buffer[4096];
    uint used = 0, nbytes = 0;

    for (uint i = first; i <= last && i > 0; i++) {
        const struct line *line = text.lines[i - 1];

        nbytes += line->n + 1;
        for (uint at = 0; at <= line->n; at++) {
            buffer[used++] = at < line->n ? line->text[at] : '\n';
            if (used == sizeof(buffer)) {
                if (write_all(fd, buffer, (int)used) < 0)
                    return -1;
                used = 0;
            }
        }
    }
    return write_all(fd, buffer, (int)used) < 0 ? -1 : (int)nbytes;
}

static int write_to(const char *name, uint first, uint last)
{
    int fd = open(name, O_WRONLY | O_CREATE | O_TRUNC), n;

    if (fd < 0)
        return -1;
    n = write_lines(fd, first, last);
    close(fd);
    return n;
}

/* The name of a file beside this one that is not there yet. */
static void name_beside(const char *name, char other[PATH_SIZE + 16])
{
    struct stat st;
    int n = path_last(name) - name;
    uint number = (uint)getpid();

    do {
        snprintf(other, PATH_SIZE + 16, "%.*sed%u", n, name, number++ % 100000000);
    } while (stat(other, &st) == 0);
}

/* Devices, and files with several names, keep what they are; others are replaced when all is written. */
static bool write_file(const char *name, uint first, uint last)
{
    char other[PATH_SIZE + 16];
    struct stat st;
    int n;

    if (stat(name, &st) == 0 && (st.type != T_FILE || st.nlink > 1)) {
        n = write_to(name, first, last);
        if (n < 0)
            return wrong("cannot write all of the file: the text is here still");
    } else {
        name_beside(name, other);
        n = write_to(other, first, last);
        if (n < 0 || rename(other, name) < 0) {
            unlink(other);
            return wrong("cannot write the file: the text is here still, and so is what was in the file");
        }
    }
    print_count((uint)n);
    if (first <= 1 && last == text.n)
        changed = false;
    return true;
}

/* Addresses. */

static bool set_pattern(const char *from)
{
    struct regexp re;
    const char *error;

    if (!*from)
        return has_pattern ? true : wrong("there is no pattern yet");
    error = regexp_compile(&re, from);
    if (error)
        return wrong(error);
    if (has_pattern)
        regexp_free(&pattern);
    pattern = re;
    has_pattern = true;
    return true;
}

/* Cuts the part of a command up to the next `end` out of it; \ before `end` goes.  *p: after it. */
static char *take_until(char **p, char end)
{
    char *first = *p, *from = first, *to = first;

    while (*from && *from != end) {
        if (from[0] == '\\' && from[1]) {
            if (from[1] != end)
                *to++ = '\\';
            from++;
        }
        *to++ = *from++;
    }
    *p = from + (*from == end);
    *to = 0;
    return first;
}

static bool matches(uint i)
{
    return regexp_matches(&pattern, text.lines[i - 1]->text, text.lines[i - 1]->n);
}

/* /re/ or ?re?: the next line that matches, round the end of the text if need be. */
static bool search(char **p, uint *found)
{
    char end = *(*p)++;
    uint from = end == '/' ? text.dot
                : text.dot ? text.dot - 2
                           : text.n - 1; /* counted from 0; -1 is the last */

    if (!set_pattern(take_until(p, end)))
        return false;
    for (uint i = 0; i < text.n; i++) {
        *found = (from + (end == '/' ? i : text.n - i) + text.n) % text.n + 1;
        if (matches(*found))
            return true;
    }
    return wrong("no line matches");
}

/* An address, if there is one; *given: there is. */
static bool parse_address(char **p, uint *line, bool *given)
{
    int value = (int)text.dot;
    bool good = true;

    *given = true;
    if (isdigit(**p)) {
        value = (int)strtol(*p, p, 10);
    } else if (**p == '.') {
        ++*p;
    } else if (**p == '$') {
        ++*p;
        value = (int)text.n;
    } else if (**p == '/' || **p == '?') {
        good = search(p, (uint *)&value);
    } else {
        *given = **p == '+' || **p == '-';
    }
    while (good && (**p == '+' || **p == '-')) {
        int sign = *(*p)++ == '+' ? 1 : -1;

        value += sign * (isdigit(**p) ? (int)strtol(*p, p, 10) : 1);
    }
    *line = (uint)value;
    return good && (value >= 0 && value <= (int)text.n ? true : wrong("there is no such line"));
}

struct range {
    uint first, last;
    uint naddresses;
};

static bool parse_range(char **p, struct range *range)
{
    bool given, second;
    uint line;

    *range = (struct range){ .first = text.dot, .last = text.dot };
    if (!parse_address(p, &line, &given))
        return false;
    if (given)
        *range = (struct range){ line, line, 1 };
    if (**p != ',' && **p != ';')
        return true;
    if (*(*p)++ == ';') {
        text.dot = range->first;
    } else if (!given) {
        range->first = 1;
    }
    if (!parse_address(p, &line, &second))
        return false;
    range->last = second ? line : given ? range->first : text.n;
    range->naddresses = 2;
    return range->first <= range->last ? true : wrong("the range is the wrong way round");
}

/* Commands. */

/* Commands on lines: the current one, or all of them, if no address was given. */
static bool need_lines(struct range *range, bool all)
{
    if (range->naddresses == 0 && all)
        *range = (struct range){ text.n > 0, text.n, 0 };
    return range->first > 0 || (all && text.n == 0) ? true : wrong("there is no such line");
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
        if (!insert(line, n))
            return false;
    }
    return true;
}

static bool change(struct range *range)
{
    if (!need_lines(range, false))
        return false;
    cut(range->first, range->last);
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
    if (command == 'i')
        text.dot = range->last ? range->last - 1 : 0;
    else
        text.dot = range->last;
    return read_input();
}

static bool delete (struct range *range)
{
    if (!need_lines(range, false))
        return false;
    cut(range->first, range->last);
    text.dot = range->first <= text.n ? range->first : text.n;
    return true;
}

/* Text that grows. */
struct growing {
    char *bytes;
    uint n, size;
};

static bool append(struct growing *to, const char *bytes, uint n)
{
    if (to->n + n > to->size) {
        uint size = 2 * (to->n + n) + 100;
        char *more = realloc(to->bytes, size);

        if (!more)
            return wrong("out of memory");
        to->bytes = more;
        to->size = size;
    }
    memmove(to->bytes + to->n, bytes, (int)n);
    to->n += n;
    return true;
}

/* & is what was found, \ takes a character as it is. */
static bool append_replacement(struct growing *to, const char *with, const char *found, uint n)
{
    for (; *with; with++) {
        bool plain = with[0] == '\\' && with[1];

        with += plain;
        if (*with == '&' && !plain ? !append(to, found, n) : !append(to, with, 1))
            return false;
    }
    return true;
}

/* The line with its nth match replaced, nth 0: all of them.  *done: there was one. */
static bool replace(const struct line *line, const char *with, uint nth, struct growing *to, bool *done)
{
    uint at = 0, start = 0, end, count = 0, last = ~0u;
    bool good = true;

    *done = false;
    while (good && !(*done && nth) && regexp_find(&pattern, line->text, line->n, &start, &end)) {
        bool counts = start < end || start != last; /* nothing right behind a match is none */
        bool here = counts && (nth == 0 || ++count == nth);

        if (here) {
            good = append(to, line->text + at, start - at) &&
                   append_replacement(to, with, line->text + start, end - start);
            at = end;
            *done = true;
        }
        last = end;
        start = end + (start == end);
    }
    return good && append(to, line->text + at, line->n - at);
}

static bool replace_line(uint i, const char *with, uint nth, bool *done)
{
    struct growing to = { 0 };
    bool good = replace(text.lines[i - 1], with, nth, &to, done);
    struct line *line = good && *done ? make_line(to.n ? to.bytes : "", to.n) : NULL;

    free(to.bytes);
    if (!good || !*done)
        return good;
    if (!line)
        return wrong("out of memory");
    put_line(text.lines[i - 1]);
    text.lines[i - 1] = line;
    text.dot = i;
    changed = true;
    return true;
}

/* s/re/with/FLAGS, of which g and a number are taken here. */
static bool substitute(char **p, struct range *range)
{
    char end = *(*p)++;
    uint nth = 1;
    bool any = false, done;

    if (!end || end == ' ' || !need_lines(range, false))
        return wrong("s needs /pattern/text/");
    if (!set_pattern(take_until(p, end)))
        return false;

    char *with = take_until(p, end);

    while (**p == 'g' || isdigit(**p)) {
        nth = isdigit(**p) ? (uint)strtol(*p, p, 10) : 0;
        *p += **p == 'g' && nth == 0;
    }
    for (uint i = range->first; i <= range->last; i++) {
        if (!replace_line(i, with, nth, &done))
            return false;
        any |= done;
    }
    return any || in_global ? true : wrong("nothing to replace");
}

static bool undo(void)
{
    if (!kept)
        return wrong("there is nothing to take back");

    struct text swap = text;

    text = before;
    before = swap;
    changed = true;
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
    if (*p && !path[0])
        strcpy(path, p);
    *name = *p ? p : path;
    return **name ? true : wrong("there is no file's name yet");
}

static bool edit(char *p, bool forced)
{
    const char *name;

    if (changed && !forced && !warned) {
        warned = true;
        return wrong("the text was changed and not written: once more loses it");
    }
    if (!take_name(p, &name))
        return false;
    if (name != path)
        strcpy(path, name);
    clear(&text);
    kept = false;

    bool good = read_file(path);

    changed = false;
    return good;
}

static bool quit(bool forced)
{
    if (changed && !forced && !warned) {
        warned = true;
        return wrong("the text was changed and not written: once more loses it");
    }
    exits(status);
}

static bool insert_file(char *p, struct range *range)
{
    const char *name;

    text.dot = range->naddresses ? range->last : text.n;
    return take_name(p, &name) && read_file(name);
}

static bool save(char *p, struct range *range)
{
    const char *name;
    bool quits = *p == 'q';

    if (!need_lines(range, true) || !take_name(p + quits, &name) ||
        !write_file(name, range->first, range->last))
        return false;
    return quits ? quit(false) : true;
}

static bool rename_file(char *p)
{
    const char *name;

    if (*p == ' ' && p[1])
        path[0] = 0;
    if (!take_name(p, &name))
        return false;
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

    if (!end || !need_lines(range, true) || !set_pattern(take_until(&p, end)))
        return end ? false : wrong("g needs /pattern/command");
    for (uint i = 1; i <= text.n; i++)
        text.lines[i - 1]->marked = i >= range->first && i <= range->last && matches(i) != inverted;

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

/* What may follow a command: p or n, which prints the current line. */
static bool finish(const char *p)
{
    struct range here = { text.dot, text.dot, 1 };

    if (*p && (p[1] || (*p != 'p' && *p != 'n')))
        return wrong("something follows the command");
    if (*p && text.dot > 0)
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
        return *p ? wrong("something follows the command") : add(command, range); /* whose lines replace p */
    case 'd':
        return delete (range) && finish(p);
    case 's':
        return substitute(&p, range) && finish(p);
    case 'u':
        return undo() && finish(p);
    case 'p':
    case 'n':
        if (!need_lines(range, false))
            return false;
        print(range, command == 'n');
        return *p ? wrong("something follows the command") : true;
    case '=':
        printf("%u\n", range->naddresses ? range->last : text.n);
        return finish(p);
    case 0: /* an address alone prints the line; nothing, the next one */
        if (range->naddresses == 0 && ++range->last > text.n)
            return wrong("there is no such line");
        range->first = range->last;
        if (!need_lines(range, false))
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
    if (!parse_range(&p, &range))
        return false;

    char command = *p ? *p++ : 0;

    if (in_global && command && strchr("aicgveEqQuf", command))
        return wrong("g cannot do this");
    if (!in_global && (is_change(command) || command == 'g' || command == 'v') && !keep())
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

/* The input has ended: nobody can be asked any more. */
static void rescue(void)
{
    if (!changed)
        exits(status);
    silent = true;
    if (write_file(RESCUE, text.n > 0, text.n))
        fail(1, "the text was not written: it is in %s now", RESCUE);
    fail(1, "the text was not written, and cannot be written to %s either", RESCUE);
}

static void start(const char *name)
{
    struct stat st;

    if (strlen(name) >= PATH_SIZE)
        fail(2, "the name is too long");
    strcpy(path, name);
    if (stat(name, &st) < 0)
        printf("%s: a new file\n", name);
    else if (st.type == T_DIR)
        fail(1, "%s: is a directory", name);
    else if (!read_file(name))
        fail(1, "%s: %s", name, problem);
    changed = false;
}

int main(int argc, char *argv[])
{
    const char *prompt = "";
    struct stat st;
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

    bool asks = fstat(0, &st) == 0 && st.type == T_DEV;

    for (;;) {
        put(prompt, strlen(prompt));
        line = line_next(&input, &n);
        if (!line)
            rescue();

        bool was_warned = warned;

        if (!run(line)) {
            printf("?\n%s%s", in_words ? problem : "", in_words ? "\n" : "");
            status |= !asks;
        }
        if (was_warned)
            warned = false;
    }
}
