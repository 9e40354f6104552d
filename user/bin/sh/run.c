/*
 * run.c - runs the trees that cmdline.h describes.
 *
 * cd, exit and wait are done by the shell itself, and so are assignments, if, while and for, unless they are in a
 * pipeline or have redirections.  A program without a / in its name is looked for in the current directory, then in the
 * root directory.
 */
#include "run.h"

#include "fcntl.h"
#include "param.h"
#include "stat.h"

#include "arena.h"
#include "expand.h"
#include "jobs.h"

#define LOOK_TICKS 5 /* between looks for children */

static int last_status; /* $? */

int run_status(void) { return last_status; }
void run_set_status(int status) { last_status = status; }

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

/* On the console the wait is a job in the foreground that looks for the others, so Ctrl-C ends it. */
static int watch_children(void)
{
    int shell = getpid(), pid = job_start(false);

    if (pid < 0)
        return 1;
    if (pid > 0)
        return job_wait(pid);
    while (jobs_living(shell) > 1) /* besides this one */
        sleep(LOOK_TICKS);
    exits(0);
}

static int builtin_wait(uint argc, char **argv)
{
    int status;

    (void)argc, (void)argv;
    if (jobs_talks())
        return watch_children();
    while (jobs_wait_any(&status) > 0)
        ;
    return 0;
}

static const struct builtin {
    const char *name;
    uint max; /* words */
    int (*run)(uint argc, char **argv);
} builtins[] = { { "cd", 2, builtin_cd }, { "exit", 2, builtin_exit }, { "wait", 1, builtin_wait } };

static int run_builtin(const struct builtin *b, uint argc, char **argv)
{
    if (argc > b->max) {
        warn("%s: too many arguments", b->name);
        return 1;
    }
    return b->run(argc, argv);
}

static int builtin_find(const struct command *c)
{
    for (uint i = 0; c->kind == SIMPLE && c->argc && i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        if (strcmp(c->argv[0], builtins[i].name) == 0)
            return i;
    }
    return -1;
}

/* Is there room for the words in a new program's memory?  exec(2) has the sum. */
static bool has_room(uint argc, char **argv)
{
    uint nbytes = (argc + 4) * sizeof(char *);

    for (uint i = 0; i < argc; i++)
        nbytes += (strlen(argv[i]) / 4 + 1) * 4;
    return nbytes <= PAGE_SIZE;
}

static __attribute__((noreturn)) void execute(uint argc, char **argv)
{
    char *name = argv[0];
    struct stat st;
    bool found = *name && stat(name, &st) == 0;

    exec(name, argv);
    if (*name && !strchr(name, '/') && !(found && st.type == T_FILE)) {
        uint size = strlen(name) + 2;
        char *path = arena_alloc(size);

        snprintf(path, size, "/%s", name);
        found |= stat(path, &st) == 0;
        exec(path, argv);
    }
    if (!found)
        fail(STATUS_NOT_FOUND, "%s: not found", name);
    if (argc > MAXARG)
        fail(STATUS_NO_EXEC, "%s: a command has at most %d words", name, MAXARG);
    if (!has_room(argc, argv))
        fail(STATUS_NO_EXEC, "%s: the words are too long for a command", name);
    fail(STATUS_NO_EXEC, "%s: cannot execute", name);
}

static int run_if(const struct command *c)
{
    while (run_list(c->condition) != 0) {
        if (!c->elif)
            return c->otherwise ? run_list(c->otherwise) : 0;
        c = c->elif;
    }
    return run_list(c->body);
}

static int run_while(const struct command *c)
{
    int status = 0;

    while (run_list(c->condition) == 0 && !jobs_broken())
        status = run_list(c->body);
    return status;
}

static int run_for(const struct command *c)
{
    int status = 0;

    for (uint i = 0; i < c->argc && !jobs_broken(); i++) {
        expand_set(c->name, c->argv[i]);
        status = run_list(c->body);
    }
    return status;
}

/* One after the other: a value may have the variables before it. */
static int assign(const struct command *c)
{
    for (uint i = 0; i < c->argc; i++) {
        char *word = expand_word(c->argv[i], last_status), *equals = strchr(word, '=');

        *equals = 0;
        expand_set(word, equals + 1);
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
        return run_builtin(&builtins[builtin_find(c)], c->argc, c->argv);
    }
}

/* Turns this process, which was made for it, into the command. */
static __attribute__((noreturn)) void become(struct command *c)
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
    int *pids = arena_alloc(p->ncommands * sizeof(int));
    int from = -1; /* what the next one reads */
    uint n = 0;

    for (struct command *c = p->first; c; c = c->next) {
        int ends[2] = { -1, -1 };

        if (c->next && pipe(ends) < 0) {
            warn("cannot make a pipe");
            break;
        }
        pids[n] = job_fork();
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

    int status = job_wait_each(pids, n);

    return n == p->ncommands ? status : 1;
}

/* A copy of the command whose words are ready to be used, but for those of assignments.  A loop needs the old ones
   again. */
static struct command *expand_command(const struct command *c)
{
    struct command *ready = arena_alloc(sizeof(*ready));
    struct redirection **end = &ready->redirections;

    *ready = *c;
    if (c->argv && !c->assigns)
        ready->argv = expand_words(c->argv, &ready->argc, last_status);
    for (const struct redirection *r = c->redirections; r; r = r->next) {
        *end = arena_alloc(sizeof(**end));
        **end = *r;
        (*end)->word = expand_word(r->word, last_status);
        end = &(*end)->next;
    }
    *end = NULL;
    return ready;
}

static struct pipeline *expand_pipeline(const struct pipeline *p)
{
    struct pipeline *ready = arena_alloc(sizeof(*ready));
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

    if (p->ncommands > 1 && !jobs_talks())
        return run_stages(p);
    if (p->ncommands == 1 && is_own(c) && !c->redirections)
        return run_own(c);

    int pid = job_start(p->ncommands == 1 && is_shell(c));

    if (pid < 0)
        return 1;
    if (pid == 0) {
        if (p->ncommands > 1)
            exits(run_stages(p));
        become(c);
    }
    return job_wait(pid);
}

static int run_pipeline(const struct pipeline *p)
{
    struct arena_place place = arena_place();
    int status = run_expanded(expand_pipeline(p));

    arena_release(place);
    return status;
}

static int run_chain(struct pipeline *p)
{
    for (; p && !jobs_broken(); p = p->next) {
        if (p->when == ALWAYS || (p->when == IF_OK) == (last_status == 0))
            last_status = run_pipeline(p);
    }
    return last_status;
}

/* Runs a chain in this process, made for it.  A single program replaces the process, so that kill reaches it. */
static __attribute__((noreturn)) void run_in_background(struct pipeline *chain)
{
    if (!chain->next && chain->ncommands == 1)
        become(expand_command(chain->first));
    exits(run_chain(chain));
}

int run_list(struct list *list)
{
    for (; list && !jobs_broken(); list = list->next) {
        jobs_reap();
        if (!list->background) {
            run_chain(list->chain);
            continue;
        }

        int pid = job_fork();

        if (pid == 0)
            run_in_background(list->chain);
        last_status = pid < 0;
    }
    return last_status;
}
