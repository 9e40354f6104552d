/*
 * t_examples.c - the EXAMPLES of the man pages of section 1: what they show is what happens.
 *
 * In a page as it is rendered, they are commands after "$ " and what these print:
 *
 *      $ echo one
 *      one
 *      $ date
 *      ...                     any output and status
 *      # halt                  not to be run here
 *
 * Each page starts in an empty directory, /lines.dir.  What it leaves running is killed.  The programs in the pages of
 * sections 2 and 3 are tried by tests/cli/documents.py, since they have to be built.
 */
#include "fcntl.h"
#include "fs.h"
#include "guest.h"
#include "lines.h"
#include "stat.h"

#define INDEX  "/share/man/index"
#define OUTPUT "/t_examples.out" /* no pipe: what runs in the background would keep it open */
#define INDENT 11

static uint nbad; /* examples that do something else */
static char page[32 * 1024], output[8 * 1024];

static void cleanup(void) { unlink(OUTPUT); }

static void read_text(const char *path, char *text, int size)
{
    int fd = open(path, O_RDONLY), n = 0, got;

    check(fd >= 0);
    while ((got = read(fd, text + n, size - 1 - n)) > 0)
        n += got;
    check(got == 0 && n < size - 1);
    text[n] = 0;
    close(fd);
}

/* Pages have no blanks at the ends of lines. */
static void trim_lines(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        while (*from == '\n' && to > text && to[-1] == ' ')
            to--;
        *to++ = *from;
    }
    *to = 0;
}

/* The next line of the examples, without its indentation; NULL: they are over. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');

    if (!end || (*line != ' ' && *line != '\n'))
        return NULL;
    *end = 0;
    *at = end + 1;
    return strlen(line) > INDENT ? line + INDENT : line + strlen(line);
}

static void run(const char *name, const char *command, const char *wanted)
{
    int pid = fork(), status;

    check(pid >= 0);
    if (pid == 0) {
        close(0);
        check_eq(open("/share/ksm.names", O_RDONLY), 0);
        close(1);
        check_eq(open(OUTPUT, O_WRONLY | O_CREATE | O_TRUNC), 1);
        close(2);
        check_eq(dup(1), 2);
        exec("/sh", (char *[]){ "sh", "-c", (char *)command, NULL });
        exits(99);
    }
    check_eq(waits(&status), pid);
    read_text(OUTPUT, output, sizeof(output));
    trim_lines(output);
    if (strcmp(wanted, "...\n") == 0 || (status == 0 && strcmp(output, wanted) == 0))
        return;
    tap_note("man %s: %s", name, command);
    tap_note("status %d, output: %.300s", status, output);
    tap_note("the page shows: %.300s", wanted);
    nbad++;
}

/* Runs the examples of a page; returns how many there are. */
static uint run_page(const char *name)
{
    static char wanted[4096];
    char *at = strstr(page, "\nEXAMPLES\n"), *line, *command = NULL;
    uint n = 0;

    check(at != NULL);
    at += strlen("\nEXAMPLES\n");
    do {
        line = next_line(&at);
        if (line && *line != '$' && *line != '#') {
            snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), "%s\n", line);
            continue;
        }
        for (uint end = strlen(wanted); end > 1 && strcmp(wanted + end - 2, "\n\n") == 0; end--)
            wanted[end - 1] = 0; /* the blank line before the next heading */
        if (command)
            run(name, command, strcmp(wanted, "\n") == 0 ? "" : wanted);
        wanted[0] = 0;
        command = line && *line == '$' ? line + 2 : NULL;
        n += line != NULL;
    } while (line);
    return n;
}

/* What the page has started is younger than this process. */
static bool is_quiet(void)
{
    bool quiet = true;

    for (int pid = procnext(getpid()); pid > 0; pid = procnext(pid)) {
        kill(pid);
        quiet = false;
    }
    return quiet;
}

static void remove_all(const char *directory)
{
    struct dirent entry;
    int fd;

    check_eq(chdir((char *)directory), 0);
    fd = open(".", O_RDONLY);
    while (read(fd, &entry, sizeof(entry)) == (int)sizeof(entry)) {
        char name[DIRSIZ + 1] = { 0 };
        struct stat st;

        memmove(name, entry.name, DIRSIZ);
        if (entry.inum == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        check_eq(stat(name, &st), 0);
        if (st.type == T_DIR)
            remove_all(name);
        check_eq(unlink(name), 0);
    }
    close(fd);
    check_eq(chdir(".."), 0);
}

TEST("the EXAMPLES of the man pages of programs do what they show")
{
    int fd = open(INDEX, O_RDONLY);
    struct line_reader reader = LINE_READER(fd);
    char *line;
    uint n, npages = 0;

    if (fd < 0)
        tap_skip();
    while ((line = line_next(&reader, &n))) {
        char *end = strchr(line, ' ');

        if (strncmp(line, "1/", 2) != 0)
            continue;
        *end = 0;

        char path[64];

        snprintf(path, sizeof(path), "/share/man/1/%s", line + 2);
        read_text(path, page, sizeof(page));
        lines_enter();
        check(run_page(line + 2) > 0);
        wait_until(is_quiet());
        remove_all("/lines.dir");
        lines_leave();
        cleanup();
        npages++;
    }
    free(reader.buf);
    close(fd);
    check(npages > 30);
    check_eq(nbad, 0);
}

TAP_MAIN(cleanup)
