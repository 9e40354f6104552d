/* procinfo.h - what procinfo() reports about a living process (§11.6). */
#ifndef PROCINFO_H
#define PROCINFO_H

#include "types.h"

enum proc_state { PROC_SLEEPING = 1, PROC_READY, PROC_RUNNING };

struct procinfo {
    int pid;
    int ppid;
    int state;      /* enum proc_state */
    uint start;     /* tick of its fork: pid and start together never name a second process */
    uint nbytes;    /* size of its private memory: its break */
    uint nattached; /* attachments of shared memory */
    char name[16];
    int job;     /* what Ctrl-C and killjob() end as a whole: its first process's pid; 0: none */
    uint nticks; /* clock ticks at which it was running on some processor */
};

#endif
