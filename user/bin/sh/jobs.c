/*
 * jobs.c - the shell's children, and which of them has the console.
 */
#include "jobs.h"

#include "consolectl.h"
#include "procinfo.h"

static bool interactive; /* this process itself talks with the user; its children do not */
static bool broken;      /* the line, by Ctrl-C: nothing more of it runs */
static uint nchildren;   /* that were started and not waited for */

void jobs_talk(void)
{
    interactive = true;
    foreground(0);
}

bool jobs_talks(void) { return interactive; }

void jobs_begin_line(void) { broken = false; }

/* Ctrl-C has ended the job in the foreground, if there was one. */
bool jobs_broken(void)
{
    broken |= interactive && consolectl(CONSOLE_BREAK) > 0;
    return broken;
}

static int status_of(int ended) { return ended < 0 ? STATUS_KILLED : ended; }

int job_fork(void)
{
    int pid = fork();

    if (pid < 0)
        warn("cannot start a process: too many, or too little memory");
    if (pid == 0) {
        interactive = false;
        nchildren = 0;
    }
    nchildren += pid > 0;
    return pid;
}

uint jobs_living(int shell)
{
    struct procinfo info;
    uint n = 0;

    for (int pid = procnext(0); pid > 0; pid = procnext(pid))
        n += procinfo(pid, &info) == 0 && info.ppid == shell;
    return n;
}

int jobs_wait_any(int *status)
{
    int pid = waits(status);

    nchildren -= pid > 0 && nchildren > 0; /* what became the shell may have had children */
    return pid;
}

void jobs_reap(void)
{
    uint nliving = nchildren ? jobs_living(getpid()) : 0;
    int status;

    while (nchildren > nliving && jobs_wait_any(&status) > 0)
        ;
}

int job_wait_each(const int *pids, uint n)
{
    int ended = 1, died, result = 1;
    uint left = 0;

    for (uint i = 0; i < n; i++)
        left += pids[i] > 0;
    while (left > 0 && (died = jobs_wait_any(&ended)) > 0) {
        for (uint i = 0; i < n; i++) {
            if (pids[i] == died) {
                left--;
                if (i == n - 1)
                    result = status_of(ended);
            }
        }
    }
    return result;
}

/* The child is in the foreground from its birth on, or gets the console. */
int job_start(bool hand_over)
{
    bool talks = interactive;

    if (talks)
        foreground(hand_over ? -getpid() : getpid());

    int pid = job_fork();

    if (pid < 0 && talks)
        foreground(0);
    if (pid > 0 && jobs_broken()) /* before there was a job that Ctrl-C could end */
        killjob(pid);
    return pid;
}

int job_wait(int pid)
{
    int status = job_wait_each(&pid, 1);

    if (interactive)
        foreground(0);
    jobs_broken();
    return status;
}
