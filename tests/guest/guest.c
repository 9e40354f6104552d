/*
 * guest.c - runs the tests of one program.
 *
 *   t_NAME [-r] [-n K] [-s SEED] [-t SECONDS] [-l] [-o LIST] [-k KEY] [TEXT]...
 *
 * -r runs the tests in reverse order, -n runs them all K times, and -l only lists their titles.  -s and -t are for
 * tests that draw random numbers or run for a time.  With TEXTs, only tests run that have one of them in their titles;
 * it is an error if a TEXT is in none, or if no test runs.  -o runs only the tests with these numbers, as in 1,3-5; a
 * number is a test's place in a run of all.  -k puts KEY before each result and before the plan: a grader, who chose
 * it, believes no others.
 *
 * A test is a child of this process.  Another child, the watchdog, ends a test that takes too long.  When both are
 * gone, and the orphans that the test has left, the page frames in use and the totals of shared memory must be what
 * they were; blocks that are still to be written to the disk are written first.  An empty test runs before all others,
 * so that this program has touched all the memory that it needs.
 */
#include "guest.h"

#include "ksm.h"
#include "param.h"
#include "procinfo.h"

#define STATUS_FAILED    99
#define STATUS_TIMEOUT   98
#define STATUS_SKIPPED   97
#define TICKS_PER_SECOND 100
#define TIMEOUT_TICKS    (150 * TICKS_PER_SECOND) /* no test takes 10 seconds, but the host may be busy */
#define GRACE_TICKS      20                       /* for what a test that failed has left */
#define USAGE            "usage: [-r] [-n TIMES] [-s SEED] [-t SECONDS] [-l] [-o LIST] [-k KEY] [TEXT]..."

int tap_seed = 1, tap_seconds;

/* What a test must leave as it was. */
struct footprint {
    int frames;
    struct ksminfo_t ksm;
};

static const char *key = "", *only; /* what -k and -o say */
static void (*cleanup_failed)(void);
static int test_pid; /* in the test and its children: its pid */
static int dog;      /* the watchdog of the test */

static struct footprint footprint(void)
{
    struct footprint f;

    memset(&f, 0, sizeof(f));
    f.frames = pgused();
    check_eq(ksminfo(0, &f.ksm), 0);
    return f;
}

static bool same(const struct footprint *a, const struct footprint *b)
{
    return a->frames == b->frames && a->ksm.total_shrg_nr == b->ksm.total_shrg_nr &&
           a->ksm.total_shpg_nr == b->ksm.total_shpg_nr &&
           a->ksm.total_attached_nr == b->ksm.total_attached_nr;
}

/* Called by tests. */

static __attribute__((noreturn)) void end_failed(void)
{
    if (cleanup_failed && test_pid)
        cleanup_failed();
    if (test_pid && getpid() != test_pid)
        kill(dog); /* which ends the test */
    exits(STATUS_FAILED);
}

void tap_differs(const char *file, int line, const char *what, const char *got, const char *want,
                 const char *quote)
{
    printf(1, "# %s:%d: %s is %s%s%s, not %s%s%s\n", file, line, what, quote, got, quote, quote, want, quote);
    end_failed();
}

void tap_skip(void) { exits(STATUS_SKIPPED); }

void tap_note(const char *fmt, ...)
{
    char text[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    printf(1, "# %s\n", text);
}

int tap_start(void (*fn)(void *), void *arg)
{
    int pid = fork();

    check(pid >= 0);
    if (pid == 0) {
        fn(arg);
        exits(0);
    }
    return pid;
}

int tap_status(int pid)
{
    int status = 0;

    check_eq(waits(&status), pid);
    return status;
}

void tap_join(int pid) { check_eq(tap_status(pid), 0); }

void tap_join_all(uint n)
{
    int status;

    while (n-- > 0) {
        check(waits(&status) > 0);
        check_eq(status, 0);
    }
}

void tap_run_all(uint n, void (*fn)(void *number))
{
    for (uint i = 0; i < n; i++)
        tap_start(fn, (void *)(uintptr_t)i);
    tap_join_all(n);
}

bool tap_dies(void (*fn)(void *), void *arg)
{
    int status = tap_status(tap_start(fn, arg));

    check(status == 0 || status == KILLED);
    return status == KILLED;
}

static void read_byte(void *p) { (void)*(const volatile char *)p; }

static void write_byte(void *p) { *(volatile char *)p = 1; }

bool tap_read_dies(const volatile void *p) { return tap_dies(read_byte, (void *)p); }

bool tap_write_dies(volatile void *p) { return tap_dies(write_byte, (void *)p); }

void gate_create(struct gate *g) { check_eq(pipe(g->fds), 0); }

void gate_open(struct gate *g) { check_eq(write(g->fds[1], "", 1), 1); }

void gate_pass(struct gate *g)
{
    char c;

    check_eq(read(g->fds[0], &c, 1), 1);
}

void gate_destroy(struct gate *g)
{
    close(g->fds[0]);
    close(g->fds[1]);
}

static bool asleep(int pid)
{
    struct procinfo info;

    return procinfo(pid, &info) != 0 || info.state == PROC_SLEEPING;
}

void tap_until_asleep(int pid) { wait_until(asleep(pid)); }

/* Programs. */

static void replace_descriptor(int fd, int with)
{
    close(fd);
    dup(with);
}

int tap_start_program(char *argv[], int in, int out)
{
    int pid = fork();
    char *path = argv[0];

    check(pid >= 0);
    if (pid > 0)
        return pid;
    if (in >= 0)
        replace_descriptor(0, in);
    if (out >= 0) {
        replace_descriptor(1, out);
        replace_descriptor(2, out);
    }
    for (int fd = 3; fd < NOFILE; fd++)
        close(fd);
    argv[0] = (char *)path_last(path);
    exec(path, argv);
    exits(127);
}

int read_all(int fd, char *text, int size)
{
    int n = 0, got;

    while ((got = read(fd, text + n, size - n)) > 0)
        n += got;
    check_eq(got, 0);
    check(n < size);
    text[n] = 0;
    return n;
}

bool contains(const char *text, const char *part)
{
    for (uint n = strlen(part); *text; text++) {
        if (strncmp(text, part, n) == 0)
            return true;
    }
    return false;
}

/* The run. */

/* A child that ends with STATUS_TIMEOUT when the time is up.  It sleeps on return, so that it takes no more frames
   while a test counts them. */
static void start_watchdog(void)
{
    dog = fork();
    if (dog == 0) {
        sleep(TIMEOUT_TICKS + tap_seconds * TICKS_PER_SECOND);
        exits(STATUS_TIMEOUT);
    }
    if (dog > 0)
        tap_until_asleep(dog);
}

/* Runs it in a child.  The child's status, or the watchdog's if that ends first. */
static int run_child(void (*run)(void))
{
    int pid, status = STATUS_FAILED, other;
    bool late = false;

    start_watchdog();
    pid = fork();
    if (pid == 0) {
        test_pid = getpid();
        run();
        exits(0);
    }
    if (pid > 0)
        late = waits(&status) == dog;
    else
        printf(1, "# fork failed\n");
    kill(late ? pid : dog);
    waits(&other);
    return late && status == KILLED ? STATUS_FAILED : status;
}

static void explain(int status, const struct footprint *before, const struct footprint *after)
{
    if (status == STATUS_TIMEOUT)
        printf(1, "# timed out\n");
    else if (status == KILLED)
        printf(1, "# was killed\n");
    else if (status != 0 && status != STATUS_FAILED)
        printf(1, "# ended with status %d\n", status);
    if (!same(before, after))
        printf(1, "# left behind: %d frames, %d segments, %d pages, %d attachments\n",
               after->frames - before->frames, after->ksm.total_shrg_nr - before->ksm.total_shrg_nr,
               after->ksm.total_shpg_nr - before->ksm.total_shpg_nr,
               after->ksm.total_attached_nr - before->ksm.total_attached_nr);
}

/* Are all gone that the test has started, from the watchdog on?  kill() finds the dead that init has still to wait for;
   while one lives, there is no use in looking for them. */
static bool all_gone(int last)
{
    if (procnext(getpid()) > 0)
        return false;
    for (int pid = dog; pid < last; pid++) {
        if (kill(pid) == 0)
            return false;
    }
    return true;
}

/* Gives the orphans of a test time to come to their end. */
static void await_orphans(int ticks)
{
    int end = uptime() + ticks, last = fork(); /* pids count up */

    if (last == 0)
        exits(0);
    wait();
    while (!all_gone(last) && uptime() - end < 0)
        sleep(1);
}

static bool run_test(const struct tap_test *test, uint number)
{
    struct footprint before = footprint();
    int status = run_child(test->run);
    struct footprint after = footprint();

    if (!same(&before, &after)) {
        await_orphans(status == 0 ? TIMEOUT_TICKS : GRACE_TICKS);
        sync();
        after = footprint();
    }

    bool skipped = status == STATUS_SKIPPED;
    bool passed = (status == 0 || skipped) && same(&before, &after);

    if (!passed)
        explain(status, &before, &after);
    printf(1, "%s%s%s %u - %s%s\n", key, *key ? " " : "", passed ? "ok" : "not ok", number, test->title,
           skipped ? " # SKIP not this kernel" : "");
    return passed;
}

static void nothing(void) {}

/* Is number in a list like 1,3-5? */
static bool listed(const char *list, int number)
{
    while (*list) {
        int first = atoi(list), last = first;

        for (; *list && *list != ','; list++)
            if (*list == '-')
                last = atoi(list + 1);
        if (first <= number && number <= last)
            return true;
        list += *list == ',';
    }
    return false;
}

static bool selected(const struct tap_test *test, char *const *texts, int ntexts)
{
    if (only && !listed(only, test - __start_tap_tests + 1))
        return false;
    for (int i = 0; i < ntexts; i++) {
        if (contains(test->title, texts[i]))
            return true;
    }
    return ntexts == 0;
}

/* Every text must be in some title. */
static bool texts_known(char *const *texts, int ntexts)
{
    bool all = true;

    for (int i = 0; i < ntexts; i++) {
        bool known = false;

        for (const struct tap_test *t = __start_tap_tests; t < __stop_tap_tests; t++)
            known |= contains(t->title, texts[i]);
        if (!known)
            printf(1, "# no test has `%s' in its title\n", texts[i]);
        all &= known;
    }
    return all;
}

/* An option with a value. */
static void value_option(const char *option, const char *text, int *times)
{
    if (strcmp(option, "-k") == 0) {
        key = text;
        return;
    }
    if (strcmp(option, "-o") == 0) {
        only = text;
        return;
    }

    int *value = strcmp(option, "-n") == 0   ? times
                 : strcmp(option, "-s") == 0 ? &tap_seed
                 : strcmp(option, "-t") == 0 ? &tap_seconds
                                             : NULL;

    if (!value || !parse_number(text, value) || *value < 1)
        fail(2, USAGE);
}

int tap_main(int argc, char *argv[], void (*cleanup)(void))
{
    bool reverse = false, list = false;
    int times = 1, first = 1, ntests = __stop_tap_tests - __start_tap_tests;
    uint nrun = 0, nfailed = 0;

    for (; first < argc && argv[first][0] == '-'; first++) {
        if (strcmp(argv[first], "-r") == 0)
            reverse = true;
        else if (strcmp(argv[first], "-l") == 0)
            list = true;
        else if (++first < argc)
            value_option(argv[first - 1], argv[first], &times);
        else
            fail(2, USAGE);
    }
    cleanup_failed = cleanup;
    tap_sort(__start_tap_tests, __stop_tap_tests);
    if (!list) {
        sync();
        run_child(nothing);
        sync();
    }
    for (int round = 0; round < times; round++) {
        for (int i = 0; i < ntests; i++) {
            const struct tap_test *test = &__start_tap_tests[reverse ? ntests - 1 - i : i];

            if (!selected(test, argv + first, argc - first))
                continue;
            nrun++;
            if (list)
                printf(1, "%s\n", test->title);
            else
                nfailed += !run_test(test, nrun);
        }
    }
    if (!list)
        printf(1, "%s%s1..%u\n", key, *key ? " " : "", nrun);
    if (nfailed)
        printf(1, "# %u of %u failed\n", nfailed, nrun);
    return !texts_known(argv + first, argc - first) || nfailed || !nrun;
}
