/*
 * mathdemo.c - shows the Math Server.
 *
 *   mathdemo        a server and four clients that solve share/problems.txt at the same time; then the figures
 *   mathdemo -f     the figures alone: requests a second, over pipes and through shared memory, one at a time and 64 in
 *                   flight
 *
 * Both ways carry the same requests, and both may hand over as many at once as are there.
 *
 * Status 0: every result was right.
 */
#include "ksmspin.h"
#include "ulib.h"

#define NCLIENTS 4
#define ID       "mathdemo"
#define PROBLEMS "/share/problems.txt"
#define TICKS    "100" /* for each figure */

static int start(char *argv[], int out)
{
    int pid = fork();

    if (pid < 0)
        fail(1, "%s: cannot start a process", argv[0]);
    if (pid == 0) {
        if (out != 1) {
            close(1);
            dup(out);
            close(out);
        }
        exec(argv[0], argv);
        fail(1, "%s: cannot execute", argv[0]);
    }
    return pid;
}

/* Waits for a process.  Returns its status, or -1 if it was killed. */
static int reap(int pid)
{
    int status = -1, ended;

    do
        ended = waits(&status);
    while (ended > 0 && ended != pid);
    return ended == pid ? status : -1;
}

/* Runs a program that measures itself.  Returns the requests a second that it reports. */
static int measured(char *argv[])
{
    char line[100];
    const char *rate;
    int fds[2], n = 0, got, pid;

    if (pipe(fds) < 0)
        fail(1, "cannot make a pipe");
    pid = start(argv, fds[1]);
    close(fds[1]);
    while (n < (int)sizeof(line) - 1 && (got = read(fds[0], line + n, (int)sizeof(line) - 1 - n)) > 0)
        n += got;
    close(fds[0]);
    line[n] = 0;
    rate = strstr(line, ": ");
    if (reap(pid) != 0 || !rate)
        fail(1, "%s: no figure: %s", argv[0], line);
    return atoi(rate + 2);
}

/* One line of figures, each as soon as it is known. */
static void compare(const char *title, char *window)
{
    char *pipes[] = { "/mathpipe", "-t", TICKS, "-w", window, NULL };
    char *shared[] = { "/mathclient", "-i", ID, "-t", TICKS, "-w", window, NULL };
    int piped, shared_memory;

    must_print("  %-14s", title);
    piped = measured(pipes);
    must_print("%13d", piped);
    shared_memory = measured(shared);
    must_print("%24d   %.1f times as many\n", shared_memory, (double)shared_memory / (piped > 0 ? piped : 1));
}

static const char meaning_of_one[] =
    "On one processor, client and server take turns: a request by itself costs two\n"
    "switches either way; 64 share them, and then a pipe, which copies all 64 at\n"
    "once, costs less than a ring in shared memory, where each has its own record.\n";
static const char meaning_of_many[] =
    "On several processors, client and server run at the same time.  One at a time,\n"
    "a request enters the kernel four times over pipes, and never for shared memory:\n"
    "that is much faster while the host has two processors free.  On a busy host,\n"
    "one side often waits for the other to run at all, and pipes can be faster.\n"
    "With 64 in flight, one call moves all that are in a pipe, and they share its\n"
    "cost.  A ring pays for each record, and still needs both processors at once: it\n"
    "gains little, and on a busy host it loses.\n";

static void show_figures(void)
{
    uint ncpus = ksmspin_ncpus();

    must_print("Requests a second on %u processor%s, measured for a second each:\n", ncpus,
               ncpus == 1 ? "" : "s");
    must_print("                   over pipes   through shared memory\n");
    compare("one at a time", "1");
    compare("64 in flight", "64");
    must_print("%s", ncpus == 1 ? meaning_of_one : meaning_of_many);
}

static bool solve_problems(void)
{
    static char *problems[] = { "/mathclient", "-i", ID, "-c", PROBLEMS, NULL };
    int pids[NCLIENTS], nright = 0, status, pid;

    must_print("A Math Server and %d clients, which share only an identifier, solve\n%s:\n", NCLIENTS,
               PROBLEMS);
    for (int i = 0; i < NCLIENTS; i++)
        pids[i] = start(problems, 1);
    for (int left = NCLIENTS; left > 0 && (pid = waits(&status)) > 0;)
        for (int i = 0; i < NCLIENTS; i++)
            if (pids[i] == pid) {
                nright += status == 0;
                left--;
            }
    must_print("%d of %d clients had every result right.\n", nright, NCLIENTS);
    return nright == NCLIENTS;
}

int main(int argc, char *argv[])
{
    static char *server[] = { "/mathserver", "-i", ID, NULL };
    static char *end[] = { "/mathclient", "-i", ID, "-q", NULL };
    bool alone = argc == 2 && strcmp(argv[1], "-f") == 0, right;

    if (argc > 1 && !alone)
        fail(2, "usage: mathdemo [-f]");
    start(server, 1);
    right = alone || solve_problems();
    show_figures();
    return reap(start(end, 1)) == 0 && right ? 0 : 1;
}
