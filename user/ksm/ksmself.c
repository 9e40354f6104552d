/*
 * ksmself.c - the caller's own name, remembered until it forks.
 *
 * A program that uses this file gets the fork() below instead of the plain call: a child must not use its
 * parent's name.
 */
#include "ksmself.h"

#include "procinfo.h"
#include "ulib.h"

int sys_fork(void);

static struct ksmself self; /* pid 0: not known yet */

struct ksmself ksmself(void)
{
    if (self.pid == 0) {
        struct procinfo info = { 0 };
        int pid = getpid();

        procinfo(pid, &info);
        self = (struct ksmself){ .pid = (uint)pid, .start = info.start };
    }
    return self;
}

int fork(void)
{
    int pid = sys_fork();

    if (pid == 0)
        self.pid = 0;
    return pid;
}

int ksmself_lives(struct ksmself who)
{
    struct procinfo info;

    if ((int)who.pid <= 0)
        return 0;
    if (ksmself_same(who, self))
        return 1;
    return procinfo((int)who.pid, &info) == 0 && info.start == who.start;
}
