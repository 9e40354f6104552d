/*
 * common.c - what the loads of bulk share.
 */
#include "bulk.h"

#include "procinfo.h"

void need(bool condition, const char *what)
{
    if (!condition)
        fail(1, "%s", what);
}

int start(void (*body)(uint), uint argument)
{
    int pid = fork();

    need(pid >= 0, "fork");
    if (pid)
        return pid;
    body(argument);
    exits(0);
}

void nothing(uint unused) { (void)unused; }

void join(uint n)
{
    int status;

    while (n-- > 0)
        need(waits(&status) > 0, "wait");
}

void fork_once(void)
{
    start(nothing, 0);
    join(1);
}

void run_apart(void (*body)(uint), uint argument)
{
    start(body, argument);
    join(1);
}

void run_program(char *name)
{
    int pid = fork();

    if (pid == 0) {
        exec(name, (char *[]){ name, NULL });
        exits(1);
    }
    join(1);
}

void many(void (*body)(uint), uint argument, uint n)
{
    while (n-- > 0)
        start(body, argument);
}

void until_asleep(void)
{
    struct procinfo info;

    for (int pid = getpid(); (pid = procnext(pid)) > 0;)
        while (procinfo(pid, &info) == 0 && info.state != PROC_SLEEPING)
            sleep(1);
}

void kill_later(void)
{
    for (int child = getpid(); (child = procnext(child)) > 0;)
        kill(child);
}

void hold(uint unused)
{
    (void)unused;
    for (;;)
        sleep(1000);
}
