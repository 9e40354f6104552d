/*
 * ps.c - lists the living processes.
 *
 *   ps                           PID PARENT JOB STATE START SIZE SHARED NAME
 *
 * JOB is the pid of the first process of its job, START the tick of its fork, SIZE its private memory in kilobytes,
 * SHARED the number of its attachments of shared memory.
 */
#include "procinfo.h"
#include "ulib.h"

int main(int argc, char *argv[])
{
    static const char *const states[] = {
        [PROC_SLEEPING] = "sleep", [PROC_READY] = "ready", [PROC_RUNNING] = "run"
    };
    struct procinfo info;

    if (getopt(argc, argv, "") >= 0 || optind < argc)
        fail(2, "usage: ps");
    must_print("%5s %6s %5s %-5s %8s %7s %6s %s\n", "PID", "PARENT", "JOB", "STATE", "START", "SIZE",
               "SHARED", "NAME");
    for (int pid = procnext(0); pid > 0; pid = procnext(pid)) {
        if (procinfo(pid, &info) < 0) /* it has just died */
            continue;
        make_printable(info.name, strnlen(info.name, sizeof(info.name)));
        must_print("%5d %6d %5d %-5s %8u %6uK %6u %.16s\n", info.pid, info.ppid, info.job, states[info.state],
                   info.start, info.nbytes / 1024, info.nattached, info.name);
    }
    return 0;
}
