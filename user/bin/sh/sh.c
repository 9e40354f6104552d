/*
 * sh.c - the shell.
 *
 *   sh               runs commands from descriptor 0, with a prompt if that is the console
 *   sh -c LINE       runs one line of commands
 *   sh FILE          runs a file of commands
 *
 * input.c gets lines, cmdline.c makes trees of them, and run.c runs the trees, with the words that expand.c makes and
 * the processes of jobs.c.
 *
 * With the boot parameter terminal=COLUMNSxLINES lines are edited on the console as edit.h says; otherwise the console
 * echoes what is typed, and nothing else is written.
 */
#include "fcntl.h"
#include "stat.h"

#include "arena.h"
#include "cmdline.h"
#include "edit.h"
#include "input.h"
#include "jobs.h"
#include "run.h"

static void report_syntax(enum cmdline_outcome outcome, const struct cmdline_error *error)
{
    int n = strcspn(error->near, "\n");

    if (outcome == CMDLINE_INCOMPLETE || n == 0)
        warn("syntax error: the line ends, but %s was expected", error->expected);
    else
        warn("syntax error near `%.*s': %s was expected", n < 20 ? n : 20, error->near, error->expected);
}

static const char *continuation(void) { return input_more() && !input_dropped() ? input_lines() : NULL; }

/* Parses and runs the line that was gathered, with its continuations.  false: it has a syntax error. */
static bool run_lines(void)
{
    enum cmdline_outcome outcome;
    struct list *list;
    struct cmdline_error error;

    jobs_begin_line();
    outcome = cmdline_parse(input_lines(), continuation, &list, &error);
    if (input_dropped())
        outcome = CMDLINE_OK;
    else if (outcome == CMDLINE_OK)
        run_list(list);
    else
        report_syntax(outcome, &error);
    arena_free();
    if (outcome != CMDLINE_OK)
        run_set_status(STATUS_SYNTAX);
    return outcome == CMDLINE_OK;
}

static const char *read_file(const char *path)
{
    uint size = 4096, length = 0;
    char *text = malloc(size);
    int fd = open(path, O_RDONLY), n = 0;

    if (fd < 0)
        fail(STATUS_NOT_FOUND, "%s: cannot open", path);
    while (text && (n = read(fd, text + length, size - 1 - length)) > 0) {
        length += n;
        if (length + 1 == size)
            text = realloc(text, size *= 2);
    }
    if (!text)
        fail(1, "%s: out of memory", path);
    if (n < 0) /* half of a script must not run */
        fail(1, "%s: read error", path);
    close(fd);
    text[length] = 0;
    if (strlen(text) < length)
        fail(STATUS_NO_EXEC, "%s: not a text", path);
    return text;
}

static void usage(void) { fail(STATUS_SYNTAX, "usage: sh [-c LINE | FILE]"); }

static void choose_source(int argc, char *argv[])
{
    const char *text = NULL;
    int option;

    while ((option = getopt(argc, argv, "c:")) >= 0) {
        if (option != 'c')
            usage();
        text = optarg;
    }
    if (argc - optind > (text ? 0 : 1))
        usage();
    if (optind < argc)
        text = read_file(argv[optind]);
    input_from(text);
    if (!text && is_terminal(0)) {
        jobs_talk();
        input_edit(terminal_columns());
    }
}

int main(int argc, char *argv[])
{
    choose_source(argc, argv);
    while (input_more()) {
        if (!run_lines() && !jobs_talks())
            break;
        input_forget();
    }
    return run_status();
}
