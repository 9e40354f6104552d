/*
 * sysfuzz.c - random system calls with hostile arguments, from several processes at once.
 *
 *   sysfuzz [-s SEED] [-n CALLS] [-p PROCESSES] [-v]
 *
 * Workers make calls, faults and odd states of the processor until CALLS were made together (100000).  One that was
 * killed, has executed something or has lived long enough is replaced.  A keeper kills at random, and whoever waits for
 * nothing.  At the end all of them are gone, and what they made is removed; page frames in use, the memory that can
 * still be had, the totals of shared memory, processes and descriptors must then be what they were.
 *
 * On one processor, with a disk in memory and time that goes by instructions (./ksm run --ramdisk --icount), everything
 * depends on SEED alone.
 * With -v, how often each call succeeded and failed.  Status 1: something was wrong, and a line says what.
 */
#include "sysfuzz/sysfuzz.h"

#include "fcntl.h"
#include "fs.h"
#include "param.h"
#include "procinfo.h"
#include "stat.h"

#define USAGE         "usage: sysfuzz [-s SEED] [-n CALLS] [-p PROCESSES] [-v]"
#define BOARD_ID      0x5F0212
#define PATIENCE      3    /* ticks that a worker may do nothing */
#define OLD           5    /* ticks after which a child that sleeps may be killed */
#define VERY_OLD      1000 /* and one that does not */
#define SETTLE_TICKS  200  /* until init has waited for all orphans */
#define MAX_ROOT      256  /* entries of the root directory */
#define MOST_PAGES    8192 /* asked for at once */
#define PROGRESS_PART 100

struct board *board;

int first_pid, goal = 100000;

static int seed = 1, nworkers = 4;
static bool verbose;
static uint lives;               /* workers started */
static int workers[MAX_WORKERS]; /* their pids, which calls can't damage */

/* What must be afterwards as it was before. */
struct footprint {
    int npages, frames, nprocesses, ndescriptors;
    struct ksminfo_t ksm;
};

static int count_processes(void)
{
    int n = 0;

    for (int pid = procnext(0); pid > 0; pid = procnext(pid))
        n++;
    return n;
}

static int count_descriptors(void)
{
    struct stat st;
    int n = 0;

    for (int fd = 0; fd < NOFILE; fd++)
        n += fstat(fd, &st) == 0;
    return n;
}

/* In a process of its own, so that this one takes no memory meanwhile.  Its status; -1: it was killed. */
static int in_process(int (*fn)(void))
{
    int status = -1, pid = fork();

    if (pid == 0)
        exits(fn());
    if (pid > 0)
        waits(&status);
    return status;
}

/* Pages that a process can be promised, when the block cache has given back what it can. */
static int most_pages(void)
{
    int n = 0;

    for (int step = MOST_PAGES; step > 0; step /= 2)
        while (sbrk(step * (int)PAGE_SIZE) != (char *)-1)
            n += step;
    return n;
}

static struct footprint footprint(void)
{
    struct footprint f = { .nprocesses = count_processes(), .ndescriptors = count_descriptors() };

    if (ksminfo(0, &f.ksm) < 0)
        fail(1, "there are no totals of shared memory");
    sync();
    f.npages = in_process(most_pages);
    f.frames = pgused();
    return f;
}

static bool same(const struct footprint *a, const struct footprint *b)
{
    return a->npages == b->npages && a->frames == b->frames && a->nprocesses == b->nprocesses &&
           a->ndescriptors == b->ndescriptors && a->ksm.total_shrg_nr == b->ksm.total_shrg_nr &&
           a->ksm.total_shpg_nr == b->ksm.total_shpg_nr &&
           a->ksm.total_attached_nr == b->ksm.total_attached_nr;
}

static void print_footprint(const char *when, const struct footprint *f)
{
    printf(1,
           "sysfuzz: %s: %d pages to be had, %d frames, %d processes, %d descriptors, %u segments, %u pages, "
           "%u attachments\n",
           when, f->npages, f->frames, f->nprocesses, f->ndescriptors, f->ksm.total_shrg_nr,
           f->ksm.total_shpg_nr, f->ksm.total_attached_nr);
}

/* The keeper. */

static void print_progress(void)
{
    static uint shown;
    uint part = (uint)(goal / PROGRESS_PART + 1), now = board->ncalls / part;

    if (now > shown)
        printf(1, "sysfuzz: %u calls\n", board->ncalls);
    shown = now > shown ? now : shown;
}

/* Which of the workers it is, or -1. */
static int worker_of(int pid, const volatile int pids[])
{
    for (int i = 0; i < nworkers; i++)
        if (pids[i] == pid)
            return i;
    return -1;
}

/* Has the worker done nothing for a while?  Asked once a tick. */
static bool stands_still(int worker)
{
    static uint seen[MAX_WORKERS], nticks[MAX_WORKERS];

    if (seen[worker] != board->progress[worker])
        nticks[worker] = 0;
    seen[worker] = board->progress[worker];
    return nticks[worker]++ >= PATIENCE;
}

static bool to_be_killed(int pid)
{
    struct procinfo info;
    int worker = worker_of(pid, board->workers);

    if (one_in(200))
        return true;
    if (worker >= 0)
        return stands_still(worker);
    if (procinfo(pid, &info) < 0)
        return false;
    uint age = (uint)uptime() - info.start;
    return age > VERY_OLD || (age > OLD && info.state == PROC_SLEEPING && one_in(3));
}

static void keep(void)
{
    int self = getpid();

    luck = chance_start((uint)seed, 0xFFFF0000);
    for (;;) {
        sleep(1);
        print_progress();
        for (int pid = procnext(first_pid - 1); pid > 0; pid = procnext(pid))
            if (pid != self && to_be_killed(pid))
                kill(pid);
    }
}

/* The supervisor. */

/* A child; it waits while others have all the memory. */
static int fork_at_last(void)
{
    int pid;

    while ((pid = fork()) < 0)
        sleep(1);
    return pid;
}

static void start_keeper(void)
{
    int pid = fork_at_last();

    if (pid == 0)
        keep();
    board->keeper = pid;
}

static void start_worker(uint i)
{
    int pid = fork_at_last();

    if (pid == 0)
        live((uint)seed, i, lives);
    lives++;
    board->workers[i] = workers[i] = pid;
}

static bool finished(void) { return board->ncalls >= (uint)goal || board->wrong; }

/* Until the goal is reached. */
static void supervise(void)
{
    start_keeper();
    for (int i = 0; i < nworkers; i++)
        start_worker((uint)i);
    while (!finished()) {
        int pid = wait(), worker = worker_of(pid, workers);

        if (finished())
            return;
        if (pid < 0)
            fail(1, "keeper and workers are gone");
        if (pid == board->keeper)
            start_keeper();
        else if (worker >= 0)
            start_worker((uint)worker);
    }
}

/* Ends all that is left, orphans too. */
static void end_all(void)
{
    int self = getpid();

    for (;;) {
        bool found = false;

        for (int pid = procnext(first_pid - 1); pid > 0; pid = procnext(pid)) {
            if (pid != self) {
                kill(pid);
                found = true;
            }
        }
        if (!found)
            break;
        sleep(1);
    }
    while (wait() > 0)
        ;
}

/* Removing files. */

static char root[MAX_ROOT][DIRSIZ + 1]; /* the root directory's entries, before the run */
static uint nroot;

static bool in_root(const char *name)
{
    for (uint i = 0; i < nroot; i++)
        if (strcmp(root[i], name) == 0)
            return true;
    return false;
}

static int read_entry(int fd, char name[DIRSIZ + 1])
{
    struct dirent entry;
    int n;

    while ((n = read(fd, &entry, sizeof(entry))) == sizeof(entry) && entry.inum == 0)
        ;
    memcpy(name, entry.name, DIRSIZ);
    name[DIRSIZ] = 0;
    return n;
}

static void remember_root(void)
{
    int fd = open("/", O_RDONLY);

    while (nroot < MAX_ROOT && read_entry(fd, root[nroot]) > 0)
        nroot++;
    close(fd);
}

/* Removes all in the working directory; in the root, what is new.  false: something stays. */
static bool remove_entries(bool is_root)
{
    char name[DIRSIZ + 1];
    bool all = true;
    int fd = open(".", O_RDONLY);

    while (read_entry(fd, name) > 0) {
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (is_root && in_root(name)) ||
            unlink(name) == 0)
            continue;
        if (chdir(name) == 0) {
            all &= remove_entries(false);
            chdir("..");
            if (unlink(name) == 0)
                continue;
        }
        printf(1, "sysfuzz: %s can't be removed\n", name);
        all = false;
    }
    close(fd);
    return all;
}

/* Are all that the root directory had still there? */
static bool root_is_whole(void)
{
    bool whole = true;

    for (uint i = 0; i < nroot; i++) {
        struct stat st;

        if (stat(root[i], &st) < 0) {
            printf(1, "sysfuzz: /%s is gone\n", root[i]);
            whole = false;
        }
    }
    return whole;
}

static bool remove_files(void)
{
    return chdir(DIRECTORY) == 0 && remove_entries(false) && chdir("/") == 0 && unlink(DIRECTORY) == 0 &&
           remove_entries(true) && root_is_whole();
}

static void remove_segments(void)
{
    for (uint i = 0; i < nidentifiers; i++) {
        int handle = ksmget(identifiers[i], 0, KSM_OPEN);

        if (handle > 0)
            ksmdelete(handle);
    }
}

/* The run. */

static void parse(int argc, char *argv[])
{
    int option;

    while ((option = getopt(argc, argv, "s:n:p:v")) != -1) {
        int *number = option == 's' ? &seed : option == 'n' ? &goal : option == 'p' ? &nworkers : NULL;

        if (option == 'v')
            verbose = true;
        else if (!number || !parse_number(optarg, number))
            fail(2, USAGE);
    }
    if (optind < argc || goal < 1 || nworkers < 1 || nworkers > MAX_WORKERS)
        fail(2, USAGE);
}

/* It lies between a segment that calls may hit and a page that can't be written: what is written below does not run
   into it.  Both pages are attachments of the board itself; to detach them takes the board first. */
static struct board *attach_board(void)
{
    int above = ksmget(identifiers[0], PAGE_SIZE), handle = ksmget(BOARD_ID, sizeof(struct board));
    void *top = ksmattach(above), *hole = ksmattach(above), *guard = ksmattach(handle, KSM_READ);
    void *p;

    if (ksmerror(top) || ksmerror(hole) || ksmerror(guard) || ksmdetachat(hole) < 0 ||
        ksmerror(p = ksmattach(handle)))
        fail(1, "there is no shared memory for the board");
    ksmdelete(handle); /* it goes with the last attachment */
    return p;
}

static void print_calls(void)
{
    const char *name;

    printf(1, "%-12s %9s %9s\n", "call", "succeeded", "failed");
    for (uint i = 0; (name = call_name(i)); i++)
        printf(1, "%-12s %9u %9u\n", name, board->succeeded[i], board->failed[i]);
}

static void print_wrong(void)
{
    static const char *const what[] = {
        [WRONG_REGISTER] = "a register changed",    [WRONG_FLAGS] = "flags are wrong",
        [WRONG_RESULT] = "there is no such result", [WRONG_MEMORY] = "memory of a process's own changed",
        [WRONG_FRESH] = "new memory is not zero",
    };

    printf(1, "sysfuzz: wrong: call %u: %s: 0x%x, not 0x%x\n", board->call,
           board->wrong < COUNT(what) ? what[board->wrong] : "?", board->got, board->want);
}

static int clean(void)
{
    remove_segments();
    return remove_files() ? 0 : 1;
}

static int run(void)
{
    bool bad;

    board = attach_board();
    first_pid = getpid() + 1;
    supervise();
    end_all();
    bad = board->wrong;
    if (verbose)
        print_calls();
    if (bad)
        print_wrong();
    printf(1, "sysfuzz: %u calls, %u odd states, %u workers, seed %d\n", board->ncalls, board->nstates, lives,
           seed);
    return bad;
}

static int nothing(void) { return 0; }

int main(int argc, char *argv[])
{
    struct footprint before, after;
    int status;

    parse(argc, argv);
    remember_root();
    in_process(nothing);
    footprint();
    before = footprint();
    if (mkdir(DIRECTORY) < 0)
        fail(1, "%s can't be made", DIRECTORY);
    status = in_process(run) | in_process(clean);
    for (int i = 0; i < SETTLE_TICKS && (after = footprint(), !same(&before, &after)); i++)
        sleep(1);
    if (!same(&before, &after)) {
        print_footprint("before", &before);
        print_footprint("after", &after);
        status = 1;
    }
    if (debug(DEBUG_CHECK, 0) < 0 && debug(DEBUG_FAIL_ALLOCATION, 0) == 0)
        status = 1;
    if (status)
        fail(1, "something is wrong; repeat it with -s %d -n %d -p %d", seed, goal, nworkers);
    return 0;
}
