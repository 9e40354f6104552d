/*
 * help.c - lists the programs and the commands of the shell.
 *
 *   help
 *
 * A page at a time on a terminal that answers.  The first line of a program's man page says what it does, and
 * man.c's index has that line.
 */
#include "fcntl.h"
#include "ulib.h"

#define INDEX "/share/man/index"

static void print(const char *name, const char *text) { must_print("  %-12s %s\n", name, text); }

/* A line of the index: "1/cat cat(1) - copy files".  Prints those of programs. */
static void print_program(char *line)
{
    char *name = line + 2, *end = strchr(name, ' '), *text = strstr(line, " - ");

    if (strncmp(line, "1/", 2) != 0 || !end || !text)
        return;
    *end = 0;
    print(name, text + 3);
}

static void print_programs(void)
{
    int fd = open(INDEX, O_RDONLY);
    struct line_reader reader = LINE_READER(fd);
    char *line;
    uint n;

    if (fd < 0)
        fail(1, "there are no pages on this disk: it was made without mandoc");
    must_print("Programs; man NAME says more:\n");
    while ((line = line_next(&reader, &n)))
        print_program(line);
    if (reader.failed)
        fail(1, "%s: read error", INDEX);
}

/* Becomes more, which shows what a child prints; the child returns. */
static void print_by_pages(void)
{
    int ends[2];
    bool pages = is_terminal(1) && terminal_columns() > 0 && pipe(ends) == 0;
    int pid = pages ? fork() : 0;

    if (!pages || pid < 0)
        return;
    close(pid > 0 ? 0 : 1);
    dup(ends[pid > 0 ? 0 : 1]);
    close(ends[0]);
    close(ends[1]);
    if (pid > 0)
        exec("/more", (char *[]){ "more", NULL });
}

int main(int argc, char *argv[])
{
    if (getopt(argc, argv, "") >= 0 || optind < argc)
        fail(2, "usage: help; man NAME says what a program does");
    print_by_pages();
    print_programs();
    must_print("Commands of the shell; man sh says more:\n"
               "  %-12s change the current directory\n"
               "  %-12s end the shell\n"
               "  %-12s wait for all children\n"
               "  %-12s run commands if, while or as often as something holds\n"
               "  %-12s set a variable; $NAME is its value\n",
               "cd", "exit", "wait", "if while for", "NAME=value");
    return 0;
}
