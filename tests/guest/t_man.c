/*
 * t_man.c - man, and the pages on the disk.
 */
#include "fcntl.h"
#include "guest.h"

#define INDEX  "/share/man/index"
#define OUTPUT "/t_man.out"
#define HIDDEN "/t_man.index"

static char output[16 * 1024];

static void cleanup(void)
{
    unlink(OUTPUT);
    link(HIDDEN, INDEX);
    unlink(HIDDEN);
}

/* Reads a whole file into output[]. */
static void read_output(const char *path)
{
    int fd = open(path, O_RDONLY), n = 0, got;

    check(fd >= 0);
    while ((got = read(fd, output + n, sizeof(output) - 1 - n)) > 0)
        n += got;
    check(got == 0 && n + 1 < (int)sizeof(output));
    output[n] = 0;
    close(fd);
}

/* Runs man with up to three arguments.  Its status; all that it printed is in output[]. */
static int man(const char *a, const char *b, const char *c)
{
    char *argv[] = { "man", (char *)a, (char *)b, (char *)c, NULL };
    int pid = fork(), status;

    check(pid >= 0);
    if (pid == 0) {
        close(1);
        close(2);
        check_eq(open(OUTPUT, O_WRONLY | O_CREATE), 1);
        check_eq(dup(1), 2);
        exec("/man", argv);
        exits(99);
    }
    check_eq(waits(&status), pid);
    read_output(OUTPUT);
    check_eq(unlink(OUTPUT), 0);
    return status;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Does a line of the output start so? */
static bool has_line(const char *start)
{
    for (const char *line = output; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (starts_with(line, start))
            return true;
    }
    return false;
}

static void check_page(const char *section, const char *name, const char *heading)
{
    int status = section ? man(section, name, NULL) : man(name, NULL, NULL);

    if (status != 0 || !starts_with(output, heading)) {
        tap_note("man %s %s: status %d, output: %.150s", section ? section : "", name, status, output);
        check(!"the page");
    }
}

static void check_message(const char *a, const char *b, int status, const char *message)
{
    int got = man(a, b, NULL);

    if (got != status || strcmp(output, message) != 0) {
        tap_note("man %s %s: status %d, output: %.150s", a ? a : "", b ? b : "", got, output);
        check(!"the message");
    }
}

TEST("man NAME prints the page")
{
    check_page(NULL, "ksmget", "KSMGET(2) ");
    check(has_line("NAME\n     ksmget - find or create a segment of shared memory\n"));
    check(has_line("     ksmget(int id, uint size, int flags);\n"));
    check_page(NULL, "ls", "LS(1) ");
    check_page(NULL, "malloc", "MALLOC(3) ");
}

TEST("of several sections the lowest comes first, and any can be asked for")
{
    check_page(NULL, "sleep", "SLEEP(1) ");
    check_page("1", "sleep", "SLEEP(1) ");
    check_page("2", "sleep", "SLEEP(2) ");
    check_page("2", "read", "READ(2) ");
}

TEST("every name of a page is found, even those that are too long for a file's name")
{
    check_page(NULL, "realloc", "MALLOC(3) ");
    check_page(NULL, "ksmring_reserve", "KSMRING(3) ");
    check_page(NULL, "ksmring_release", "KSMRING(3) ");
    check_page("3", "ksmlock_release", "KSMLOCK(3) ");
    check_page(NULL, "ksmlock", "KSMLOCK(3) ");
}

TEST("a part of a name names no page")
{
    check_message("ksmge", NULL, 1, "man: there is no page for ksmge\n");
    check_message("loc", NULL, 1, "man: there is no page for loc\n");
    check_message("", NULL, 1, "man: there is no page for \n");
}

TEST("intro(2) lists the system calls")
{
    check_page("2", "intro", "INTRO(2) ");
    check(has_line("     1    int fork(void)\n          create a process\n"));
    check(has_line("     21   int close(int fd)\n"));
}

TEST("man -k WORD lists the pages with this word in name or description")
{
    check_eq(man("-k", "shared", NULL), 0);
    check(has_line("ksmget(2) - find or create a segment of shared memory\n"));
    check(has_line("ksmstat(1) - show shared memory\n"));
    check(!has_line("read(2)"));

    check_eq(man("-k", "SHARED", NULL), 0);
    check(has_line("ksmget(2) - "));
    check_eq(man("-k", "realloc", NULL), 0);
    check(strcmp(output, "malloc, calloc, realloc, free(3) - allocate memory\n") == 0);
}

TEST("what is not there is reported")
{
    check_message("nothing", NULL, 1, "man: there is no page for nothing\n");
    check_message("1", "ksmget", 1, "man: section 1 has no page for ksmget\n");
    check_message("-k", "nothing at all", 1, "man: no page is about nothing at all\n");
}

TEST("bad usage")
{
    static const char usage[] = "man: usage: man [SECTION] NAME | man -k WORD\n";

    check_message(NULL, NULL, 2, usage);
    check_message("-x", NULL, 2, usage);
    check_message("-k", NULL, 2, usage);
    check_message("10", "read", 2, usage);
    check_eq(man("2", "read", "write"), 2);
}

TEST("a disk without pages")
{
    check_eq(link(INDEX, HIDDEN), 0);
    check_eq(unlink(INDEX), 0);
    check_message("ls", NULL, 1, "man: there are no pages on this disk: it was made without mandoc\n");
    check_message("-k", "file", 1, "man: there are no pages on this disk: it was made without mandoc\n");
    cleanup();
    check_page(NULL, "ls", "LS(1) ");
}

/* Plain text of at most 78 columns. */
static bool is_plain(const char *text)
{
    uint column = 0;

    for (; *text; text++) {
        column = *text == '\n' ? 0 : column + 1;
        if ((*text != '\n' && (*text < ' ' || *text > '~')) || column > 78)
            return false;
    }
    return true;
}

TEST("every page of the index is there, as plain text")
{
    int fd = open(INDEX, O_RDONLY), npages = 0;
    struct line_reader reader = LINE_READER(fd);
    char path[64], *line;
    uint n;

    check(fd >= 0);
    for (; (line = line_next(&reader, &n)); npages++) {
        char *blank = strchr(line, ' ');

        check(blank);
        *blank = 0;
        snprintf(path, sizeof(path), "/share/man/%s", line);
        read_output(path);
        if (!is_plain(output) || !has_line("NAME\n")) {
            tap_note("%s", path);
            check(!"plain text");
        }
    }
    check(npages > 80);
}

TAP_MAIN(cleanup)
