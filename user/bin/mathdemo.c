/*
 * mathdemo.c - shows the Math Server: a server, four clients that solve share/problems.txt at the same time, and how
 * many requests a second it answers through shared memory and through pipes.
 *
 * Status 0: every result was right.
 */
#include "ulib.h"

#define NCLIENTS 4
#define ID       "mathdemo"
#define PROBLEMS "/share/problems.txt"

static int start(char *argv[])
{
    int pid = fork();

    if (pid < 0)
        fail(1, "%s: cannot start a process", argv[0]);
    if (pid == 0) {
        exec(argv[0], argv);
        fail(1, "%s: cannot execute", argv[0]);
    }
    return pid;
}

/* Runs a program until it ends.  Returns its status, or -1 if it was killed. */
static int run(char *argv[])
{
    int pid = start(argv), status = -1, ended;

    do
        ended = waits(&status);
    while (ended > 0 && ended != pid);
    return ended == pid ? status : -1;
}

int main(void)
{
    static char *server[] = { "/mathserver", "-i", ID, NULL };
    static char *problems[] = { "/mathclient", "-i", ID, "-c", PROBLEMS, NULL };
    static char *shared[] = { "/mathclient", "-i", ID, "-b", "100000", NULL };
    static char *pipes[] = { "/mathpipe", "-b", "20000", NULL };
    static char *end[] = { "/mathclient", "-i", ID, "-q", NULL };
    int pids[NCLIENTS], nright = 0, status, pid;

    must_print("A Math Server and %d clients, which share nothing but an identifier:\n", NCLIENTS);
    start(server);
    for (int i = 0; i < NCLIENTS; i++)
        pids[i] = start(problems);
    for (int left = NCLIENTS; left > 0 && (pid = waits(&status)) > 0;)
        for (int i = 0; i < NCLIENTS; i++)
            if (pids[i] == pid) {
                nright += status == 0;
                left--;
            }
    must_print("%d of %d clients had every result right.\n", nright, NCLIENTS);
    must_print("Through shared memory: ");
    status = run(shared);
    must_print("Through pipes:         ");
    status |= run(pipes) | run(end);
    return nright == NCLIENTS && status == 0 ? 0 : 1;
}
