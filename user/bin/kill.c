/*
 * kill.c - ends processes, or all processes of a job.
 *
 *   kill PID...
 *   kill -j JOB...
 */
#include "ulib.h"

static void usage(void) { fail(2, "usage: kill PID... | kill -j JOB..."); }

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
            warn("%s: no such %s", argv[i], jobs ? "job" : "process");
            status = 1;
        }
    }
    return status;
}
