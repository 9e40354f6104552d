/*
 * man.c - shows manual pages.
 *
 *   man [SECTION] NAME           the page of a name; of several sections the lowest
 *   man -k WORD                  lists the pages that have WORD, in upper or lower case, among their names or in
 *                                their description
 *
 * The pages in /share/man are rendered when the disk's image is made (tools/build/manpages.py), and ready to
 * be printed: by more, on a terminal that answers.  /share/man/index has a line for each of them, in the order of the
 * sections:
 *
 *   3/ksmsem ksmsem_init, ksmsem_wait(3) - a counting semaphore in shared memory
 *   file     names                section   description
 *
 * Names may be longer than those of files.
 */
#include "ctype.h"
#include "fcntl.h"
#include "ulib.h"

#define DIRECTORY "/share/man/"
#define INDEX     DIRECTORY "index"

/* A line of the index. */
struct entry {
    const char *file;    /* below DIRECTORY */
    const char *text;    /* the rest of the line */
    const char *section; /* in it: where the names end, at a parenthesis */
};

/* Takes a line apart.  false: it is no entry. */
static bool parse_entry(char *line, struct entry *e)
{
    char *blank = strchr(line, ' ');

    if (!blank)
        return false;
    *blank = 0;
    e->file = line;
    e->text = blank + 1;
    e->section = strchr(e->text, '(');
    return strchr(e->file, '/') && e->section;
}

/* The next entry; false: there is none. */
static bool next_entry(struct line_reader *reader, struct entry *e)
{
    char *line;
    uint n;

    while ((line = line_next(reader, &n))) {
        if (parse_entry(line, e))
            return true;
    }
    if (reader->failed)
        fail(1, "%s: read error", INDEX);
    return false;
}

static int open_index(void)
{
    int fd = open(INDEX, O_RDONLY);

    if (fd < 0)
        fail(1, "there are no pages on this disk: it was made without mandoc");
    return fd;
}

static bool in_section(const struct entry *e, const char *section)
{
    return !section || e->section[1] == *section;
}

/* A page has the names of its list, and that of its file. */
static bool has_name(const struct entry *e, const char *name)
{
    uint n = strlen(name);
    const char *p = e->text;

    if (strcmp(strchr(e->file, '/') + 1, name) == 0)
        return true;
    while (p < e->section) {
        if (strncmp(p, name, n) == 0 && (p[n] == ',' || p + n == e->section))
            return true;
        while (p < e->section && *p++ != ' ')
            ;
    }
    return false;
}

static void print_file(const char *file)
{
    static char buffer[8 * 1024];
    char path[64];
    int fd, n;

    snprintf(path, sizeof(path), "%s%s", DIRECTORY, file);
    if (is_terminal(1) && terminal_columns() > 0)
        exec("/more", (char *[]){ "more", path, NULL });
    fd = open(path, O_RDONLY);
    if (fd < 0)
        fail(1, "%s: cannot open", path);
    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        if (write_all(1, buffer, n) < 0)
            fail(1, "write error");
    }
    if (n < 0)
        fail(1, "%s: read error", path);
}

static void show(const char *section, const char *name)
{
    struct line_reader reader = LINE_READER(open_index());
    struct entry e;

    while (next_entry(&reader, &e)) {
        if (in_section(&e, section) && has_name(&e, name)) {
            print_file(e.file);
            return;
        }
    }
    if (section)
        fail(1, "section %s has no page for %s", section, name);
    fail(1, "there is no page for %s", name);
}

static bool starts_with(const char *text, const char *word)
{
    for (; *word; word++, text++) {
        if (tolower((uchar)*word) != tolower((uchar)*text))
            return false;
    }
    return true;
}

static bool contains(const char *text, const char *word)
{
    for (; *text; text++) {
        if (starts_with(text, word))
            return true;
    }
    return false;
}

static void search(const char *word)
{
    struct line_reader reader = LINE_READER(open_index());
    struct entry e;
    bool found = false;

    while (next_entry(&reader, &e)) {
        if (contains(e.text, word)) {
            must_print("%s\n", e.text);
            found = true;
        }
    }
    if (!found)
        fail(1, "no page is about %s", word);
}

static bool is_section(const char *text) { return text[0] >= '1' && text[0] <= '9' && !text[1]; }

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "-k") == 0)
        search(argv[2]);
    else if (argc == 3 && is_section(argv[1]))
        show(argv[1], argv[2]);
    else if (argc == 2 && argv[1][0] != '-')
        show(NULL, argv[1]);
    else
        fail(2, "usage: man [SECTION] NAME | man -k WORD");
    return 0;
}
