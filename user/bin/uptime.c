/*
 * uptime.c - prints how long the system has been running, and how many processes it has.
 *
 *   uptime                       up 1 day, 02:03:04, 5 processes
 */
#include "param.h"
#include "ulib.h"

static uint count_processes(void)
{
    uint n = 0;

    for (int pid = procnext(0); pid > 0; pid = procnext(pid))
        n++;
    return n;
}

int main(int argc, char *argv[])
{
    uint seconds = (uint)uptime() / HZ, ndays = seconds / (24 * 60 * 60), n = count_processes();

    if (getopt(argc, argv, "") >= 0 || optind < argc)
        fail(2, "usage: uptime");
    must_print("up ");
    if (ndays > 0)
        must_print("%u day%s, ", ndays, ndays == 1 ? "" : "s");
    must_print("%02u:%02u:%02u, %u process%s\n", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, n,
               n == 1 ? "" : "es");
    return 0;
}
