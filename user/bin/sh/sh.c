/*
 * sh.c - the shell.
 *
 *   sh               runs commands from descriptor 0, with a prompt if that is the console
 *   sh -c LINE       runs one line of commands
 *   sh FILE          runs a file of commands
 *
 * cmdline.h says what a line may be; cmdline.c parses it, and this file runs it.  $? is the status of the last pipeline.
 * cd, exit and wait are done by the shell itself, and so are assignments, if, while and for, unless they stand in a
 * pipeline or have redirections.  A program without a / in its name is looked for in the current
 * directory, then in the root directory.
 *
 * On the console each pipeline is a job of its own, so Ctrl-C ends it and not the shell.  A pipeline of several programs
 * runs under a shell of its own, which is the job.  A shell that is started to talk with the user gets the console until
 * it ends, and has jobs in its turn.
 *
 * With the boot parameter terminal=COLUMNS lines are edited on the console as edit.h says; otherwise the console echoes
 * what is typed, and nothing else is written.
 */
#include "consolectl.h"
#include "fcntl.h"
#include "param.h"
#include "procinfo.h"
#include "stat.h"

#include "cmdline.h"
#include "edit.h"
#include "expand.h"

#define LOOK_TICKS 5 /* between looks for children */
#define CTRL_C     3 /* what a read at the prompt returns for it: the lines typed so far are dropped */

enum { STATUS_SYNTAX = 2, STATUS_NO_EXEC = 126, STATUS_NOT_FOUND = 127, STATUS_KILLED = 255 };

static bool interactive; /* this process itself talks with the user; its children do not */
static int last_status;
static bool was_killed; /* a program of the line that the user waits for: its loops end */
static bool broken;     /* the line, by Ctrl-C: nothing more of it runs */
static uint columns;    /* of the terminal on which lines are edited; 0: they are not */

static int run_list(struct list *list);

static int report_status(int status) { return status < 0 ? STATUS_KILLED : status; }

/* Forks.  -1: it failed, and that was reported. */
static int start_child(void)
{
    int pid = fork();

    if (pid < 0)
        warn("cannot start a process: too many, or too little memory");
    if (pid == 0)
        interactive = false;
    return pid;
}

/* Waits until the n children in pids[] have ended, and reaps others that end meanwhile.  Returns the last one's status. */
static int wait_for(int *pids, uint n)
{
    int status = 1, died, result = 1;
    uint left = 0;

    for (uint i = 0; i < n; i++)
        left += pids[i] > 0;
    while (left > 0 && (died = waits(&status)) > 0) {
        for (uint i = 0; i < n; i++) {
            if (pids[i] == died) {
                left--;
                if (i == n - 1)
                    result = report_status(status);
            }
        }
    }
    return result;
}

/* Was Ctrl-C typed since the line began?  It has ended the job in the foreground, if there was one. */
static bool is_broken(void)
{
    broken |= interactive && consolectl(CONSOLE_BREAK) > 0;
    return broken;
}

/* The next child is in the foreground from its birth on, or gets the console. */
static int start_foreground(bool hand_over)
{
    bool talks = interactive;

    if (talks)
        foreground(hand_over ? -getpid() : getpid());

    int pid = start_child();

    if (pid < 0 && talks)
        foreground(0);
    if (pid > 0 && is_broken()) /* before there was a job that Ctrl-C could end */
        killjob(pid);
    return pid;
}

static int wait_foreground(int pid)
{
    int status = wait_for(&pid, 1);

    was_killed |= interactive && status == STATUS_KILLED;
    if (interactive)
        foreground(0);
    is_broken();
    return status;
}

/* Opens a file for > or >>.  O_CREATE opens files alone, so a device is tried without it. */
static int open_output(const char *path, int mode)
{
    int fd = open(path, O_WRONLY | mode);

    return fd >= 0 ? fd : open(path, O_WRONLY | O_CREATE | mode);
}

/* Makes descriptor `fd` refer to what `from` does, and closes `from`. */
static bool move_fd(int from, int fd)
{
    if (from == fd)
        return true;
    close(fd);

    int got = dup(from), low[CMDLINE_MAX_FD + 1], nlow = 0;

    while (got >= 0 && got < fd && nlow <= CMDLINE_MAX_FD) { /* dup() takes the lowest: occupy those below */
        low[nlow++] = got;
        got = dup(from);
    }
    while (nlow > 0)
        close(low[--nlow]);
    close(from);
    return got == fd;
}

static bool redirect(const struct redirection *r)
{
    for (; r; r = r->next) {
        int fd, n;

        switch (r->kind) {
        case REDIRECT_FROM:
            fd = open(r->word, O_RDONLY);
            break;
        case REDIRECT_TO:
            fd = open_output(r->word, O_TRUNC);
            break;
        case REDIRECT_APPEND:
            fd = open_output(r->word, O_APPEND);
            break;
        default:
            fd = parse_number(r->word, &n) ? n == r->fd ? n : dup(n) : -1;
        }
        if (fd < 0) {
            warn("%s: cannot open", r->word);
            return false;
        }
        if (!move_fd(fd, r->fd)) {
            warn("%s: cannot open as descriptor %d", r->word, r->fd);
            return false;
        }
    }
    return true;
}

static int builtin_cd(uint argc, char **argv)
{
    if (argc > 2) {
        warn("cd: too many arguments");
        return 1;
    }
    if (chdir(argc == 2 ? argv[1] : "/") < 0) {
        warn("cd: %s: no such directory", argv[1]);
        return 1;
    }
    return 0;
}

static int builtin_exit(uint argc, char **argv)
{
    int status = last_status;

    if (argc > 1 && !parse_number(argv[1], &status)) {
        warn("exit: %s: not a number", argv[1]);
        status = 2;
    }
    exits(status & 255);
}

/* Has the process a child beside this one? */
static bool has_child(int parent)
{
    struct procinfo info;

    for (int pid = procnext(0); pid > 0; pid = procnext(pid)) {
        if (pid != getpid() && procinfo(pid, &info) == 0 && info.ppid == parent)
            return true;
    }
    return false;
}

/* On the console the wait is a job in the foreground that looks for the others, so Ctrl-C ends it. */
static int watch_children(void)
{
    int shell = getpid(), pid = start_foreground(false);

    if (pid < 0)
        return 1;
    if (pid > 0)
        return wait_foreground(pid);
    while (has_child(shell))
        sleep(LOOK_TICKS);
    exits(0);
}

static int builtin_wait(uint argc, char **argv)
{
    int status;

    (void)argc, (void)argv;
    if (interactive)
        return watch_children();
    while (waits(&status) > 0)
        ;
    return 0;
}

static const struct {
    const char *name;
    int (*run)(uint argc, char **argv);
} builtins[] = { { "cd", builtin_cd }, { "exit", builtin_exit }, { "wait", builtin_wait } };

static int builtin_find(const struct command *c)
{
    for (uint i = 0; c->kind == SIMPLE && c->argc && i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        if (strcmp(c->argv[0], builtins[i].name) == 0)
            return i;
    }
    return -1;
}

static void execute(uint argc, char **argv) __attribute__((noreturn));

static void execute(uint argc, char **argv)
{
    char *name = argv[0];
    struct stat st;
    bool found = *name && stat(name, &st) == 0;

    exec(name, argv);
    if (*name && !strchr(name, '/') && !(found && st.type == T_FILE)) {
        uint size = strlen(name) + 2;
        char *path = cmdline_alloc(size);

        snprintf(path, size, "/%s", name);
        found |= stat(path, &st) == 0;
        exec(path, argv);
    }
    if (!found)
        fail(STATUS_NOT_FOUND, "%s: not found", name);
    if (argc >= MAXARG)
        fail(STATUS_NO_EXEC, "%s: a command has at most %d words", name, MAXARG - 1);
    fail(STATUS_NO_EXEC, "%s: cannot execute", name);
}

static int run_if(const struct command *c)
{
    if (run_list(c->condition) == 0)
        return run_list(c->body);
    return c->otherwise ? run_list(c->otherwise) : 0;
}

static bool loop_ends(void) { return is_broken() || was_killed; }

static int run_while(const struct command *c)
{
    int status = 0;

    while (run_list(c->condition) == 0 && !loop_ends())
        status = run_list(c->body);
    return status;
}

static int run_for(const struct command *c)
{
    int status = 0;

    for (uint i = 0; i < c->argc && !loop_ends(); i++) {
        expand_set(c->name, c->argv[i]);
        status = run_list(c->body);
    }
    return status;
}

static int assign(const struct command *c)
{
    for (uint i = 0; i < c->argc; i++) {
        char *equals = strchr(c->argv[i], '=');

        *equals = 0;
        expand_set(c->argv[i], equals + 1);
    }
    return 0;
}

/* Is it one that the shell itself runs, unless it has redirections? */
static bool is_own(const struct command *c)
{
    return c->assigns || (c->kind != SIMPLE && c->kind != GROUP) || builtin_find(c) >= 0;
}

static int run_own(const struct command *c)
{
    int builtin;

    switch (c->kind) {
    case GROUP:
        return run_list(c->body);
    case IF:
        return run_if(c);
    case WHILE:
        return run_while(c);
    case FOR:
        return run_for(c);
    default:
        if (c->assigns)
            return assign(c);
        builtin = builtin_find(c);
        return builtins[builtin].run(c->argc, c->argv);
    }
}

/* Turns this process, which was made for it, into the command. */
static void become(struct command *c) __attribute__((noreturn));

static void become(struct command *c)
{
    if (!redirect(c->redirections))
        exits(1);
    if (is_own(c) || c->kind == GROUP)
        exits(run_own(c));
    if (c->argc == 0)
        exits(0);
    execute(c->argc, c->argv);
}

/* Runs all programs of a pipeline side by side, as children of this process. */
static int run_stages(struct pipeline *p)
{
    int *pids = cmdline_alloc(p->ncommands * sizeof(int));
    int from = -1; /* what the next one reads */
    uint n = 0;

    for (struct command *c = p->first; c; c = c->next) {
        int ends[2] = { -1, -1 };

        if (c->next && pipe(ends) < 0) {
            warn("cannot make a pipe");
            break;
        }
        pids[n] = start_child();
        if (pids[n] == 0) {
            if (from >= 0)
                move_fd(from, 0);
            if (c->next) {
                close(ends[0]);
                move_fd(ends[1], 1);
            }
            become(c);
        }
        if (from >= 0)
            close(from);
        if (c->next)
            close(ends[1]);
        from = ends[0];
        if (pids[n++] < 0)
            break;
    }
    if (n < p->ncommands && from >= 0)
        close(from);

    int status = wait_for(pids, n);

    return n == p->ncommands ? status : 1;
}

/* A copy of the command whose words are ready to be used.  A loop needs the old ones again. */
static struct command *expand_command(const struct command *c)
{
    struct command *ready = cmdline_alloc(sizeof(*ready));
    struct redirection **end = &ready->redirections;

    *ready = *c;
    if (c->assigns)
        ready->argv = expand_each(c->argv, c->argc, last_status);
    else if (c->argv)
        ready->argv = expand_words(c->argv, &ready->argc, last_status);
    for (const struct redirection *r = c->redirections; r; r = r->next) {
        *end = cmdline_alloc(sizeof(**end));
        **end = *r;
        (*end)->word = expand_word(r->word, last_status);
        end = &(*end)->next;
    }
    *end = NULL;
    return ready;
}

static struct pipeline *expand_pipeline(const struct pipeline *p)
{
    struct pipeline *ready = cmdline_alloc(sizeof(*ready));
    struct command **end = &ready->first;

    *ready = *p;
    for (const struct command *c = p->first; c; c = c->next) {
        *end = expand_command(c);
        end = &(*end)->next;
    }
    return ready;
}

/* Is the command a shell that will talk with the user?  None but the system's own is trusted with the console. */
static bool is_shell(const struct command *c)
{
    struct stat here, own;

    if (c->kind != SIMPLE || c->argc != 1 || c->redirections)
        return false;
    if (strcmp(c->argv[0], "sh") == 0)
        return stat("sh", &here) < 0 || (stat("/sh", &own) == 0 && here.ino == own.ino);
    return strcmp(c->argv[0], "/sh") == 0;
}

static int run_expanded(struct pipeline *p)
{
    struct command *c = p->first;

    if (p->ncommands > 1 && !interactive)
        return run_stages(p);
    if (p->ncommands == 1 && is_own(c) && !c->redirections)
        return run_own(c);

    int pid = start_foreground(p->ncommands == 1 && is_shell(c));

    if (pid < 0)
        return 1;
    if (pid == 0) {
        if (p->ncommands > 1)
            exits(run_stages(p));
        become(c);
    }
    return wait_foreground(pid);
}

static int run_pipeline(const struct pipeline *p)
{
    struct cmdline_place place = cmdline_place();
    int status = run_expanded(expand_pipeline(p));

    cmdline_release(place);
    return status;
}

static int run_chain(struct pipeline *p)
{
    for (; p && !broken; p = p->next) {
        if (p->when == ALWAYS || (p->when == IF_OK) == (last_status == 0))
            last_status = run_pipeline(p);
    }
    return last_status;
}

/* Runs a chain in this process, which was made for it.  A single program replaces the process, so that kill reaches it. */
static void run_in_background(struct pipeline *chain) __attribute__((noreturn));

static void run_in_background(struct pipeline *chain)
{
    if (!chain->next && chain->ncommands == 1) {
        become(expand_command(chain->first));
    }
    exits(run_chain(chain));
}

static int run_list(struct list *list)
{
    for (; list && !broken; list = list->next) {
        if (!list->background) {
            run_chain(list->chain);
            continue;
        }

        int pid = start_child();

        if (pid == 0)
            run_in_background(list->chain);
        last_status = pid < 0;
    }
    return last_status;
}

static struct {
    const char *text; /* the rest of it; NULL: lines come from descriptor 0 */
    char *line;
    uint length, size;
    bool dropped; /* Ctrl-C ended the last one, and those before it are gone */
} source;

/* Control characters that stand for something else in a word are left out. */
static void line_put(char c)
{
    if (!c || (c != CTRL_C && c >= MARK_STATUS && c < MARK_END))
        return;
    if (source.length + 1 >= source.size) {
        source.line = realloc(source.line, source.size = source.size * 2 + 256);
        if (!source.line)
            fail(1, "out of memory");
    }
    source.line[source.length++] = c;
    source.line[source.length] = 0;
}

static void line_drop(void)
{
    source.length = 0;
    source.dropped = true;
}

/* The same as line_get(), by keys.  The console gives programs lines.  begun: the cursor may be within a line. */
static bool line_edit(bool begun)
{
    const char *text = "";
    enum edit_outcome outcome = edit_line(source.length ? "> " : "$ ", columns, begun, &text);

    consolectl(CONSOLE_LINES);
    if (outcome == EDIT_END)
        return false;
    if (outcome == EDIT_BREAK)
        line_drop();
    while (*text)
        line_put(*text++);
    line_put('\n');
    return true;
}

/* Appends the next line to source.line.  false: there is none. */
static bool line_get(void)
{
    struct escape escape = { 0 };
    uint had = source.length;
    int begun = columns ? consolectl(CONSOLE_KEYS) : -1;
    char c = 0;

    source.dropped = false;
    if (begun >= 0)
        return line_edit(begun);
    if (interactive)
        write(2, had ? "> " : "$ ", 2);
    while (c != '\n') {
        if (source.text ? !*source.text : read(0, &c, 1) != 1)
            break;
        if (source.text)
            c = *source.text++;
        if (interactive && c == CTRL_C) {
            line_drop();
            had = 0;
            c = '\n';
        }
        /* What the terminal sends for arrows is no part of a name. */
        if (!interactive || edit_escape(&escape, c) == ESCAPE_NONE)
            line_put(c);
    }
    return source.length > had;
}

static void report_syntax(enum cmdline_outcome outcome, const struct cmdline_error *error)
{
    int n = strcspn(error->near, "\n");

    if (outcome == CMDLINE_INCOMPLETE || n == 0)
        warn("syntax error: the line ends, but %s was expected", error->expected);
    else
        warn("syntax error near `%.*s': %s was expected", n < 20 ? n : 20, error->near, error->expected);
}

static const char *line_continue(void) { return line_get() && !source.dropped ? source.line : NULL; }

/* Parses and runs a line with its continuations.  false: it has a syntax error. */
static bool line_run(void)
{
    enum cmdline_outcome outcome;
    struct list *list;
    struct cmdline_error error;

    was_killed = broken = false;
    outcome = cmdline_parse(source.line, line_continue, &list, &error);
    if (source.dropped)
        outcome = CMDLINE_OK;
    else if (outcome == CMDLINE_OK)
        run_list(list);
    else
        report_syntax(outcome, &error);
    cmdline_free();
    if (outcome != CMDLINE_OK)
        last_status = STATUS_SYNTAX;
    return outcome == CMDLINE_OK;
}

static const char *read_file(const char *path)
{
    uint size = 4096, length = 0;
    char *text = malloc(size);
    int fd = open(path, O_RDONLY), n;

    if (fd < 0)
        fail(STATUS_NOT_FOUND, "%s: cannot open", path);
    while (text && (n = read(fd, text + length, size - 1 - length)) > 0) {
        length += n;
        if (length + 1 == size)
            text = realloc(text, size *= 2);
    }
    if (!text)
        fail(1, "%s: out of memory", path);
    close(fd);
    text[length] = 0;
    return text;
}

static void usage(void) { fail(STATUS_SYNTAX, "usage: sh [-c LINE | FILE]"); }

static void choose_source(int argc, char *argv[])
{
    struct stat st;
    int option;

    while ((option = getopt(argc, argv, "c:")) >= 0) {
        if (option != 'c')
            usage();
        source.text = optarg;
    }
    if (argc - optind > (source.text ? 0 : 1))
        usage();
    if (optind < argc)
        source.text = read_file(argv[optind]);
    interactive = !source.text && fstat(0, &st) == 0 && st.type == T_DEV;
}

/* 0: none is known to be there, or it is too narrow. */
static uint terminal_columns(void)
{
    char value[16];
    int n;

    if (bootarg("terminal", value, sizeof(value)) < 0 || !parse_number(value, &n))
        return 0;
    return n >= EDIT_MIN_COLUMNS && n <= EDIT_MAX_COLUMNS ? n : 0;
}

int main(int argc, char *argv[])
{
    choose_source(argc, argv);
    if (interactive) {
        foreground(0);
        columns = terminal_columns();
    }
    while (line_get()) {
        if (!line_run() && !interactive)
            break;
        source.length = 0;
    }
    return last_status;
}
