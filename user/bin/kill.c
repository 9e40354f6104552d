/*
 * kill.c - ends processes, or all processes of a job.
 *
 *   kill PID...
 *   kill -j JOB...
 */
#include "procinfo.h"
#include "ulib.h"

static void usage(void) { fail(2, "usage: kill PID... | kill -j JOB..."); }

static const char *reason(int number, bool jobs)
{
    struct procinfo info;

    if (jobs)
        return "no such job";
    return procinfo(number, &info) < 0 ? "no such process" : "cannot be ended";
}

int main(int argc, char *argv[])
{
    bool jobs = false;
    int status = 0, option, number;

    while ((option = getopt(argc, argv, "j")) >= 0) {
        if (option != 'j')
            usage();
        jobs = true;
    }
    if (optind == argc)
        usage();
    for (int i = optind; i < argc; i++) {
        if (!parse_number(argv[i], &number)) {
            warn("%s: not a number", argv[i]);
            status = 1;
        } else if ((jobs ? killjob(number) : kill(number)) < 0) {
            warn("%s: %s", argv[i], reason(number, jobs));
            status = 1;
        }
    }
    return status;
}
