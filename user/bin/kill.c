/*
 * kill.c - ends processes.
 *
 *   kill PID...
 */
#include "ulib.h"

int main(int argc, char *argv[])
{
    int status = 0, pid;

    if (argc < 2)
        fail(2, "usage: kill PID...");
    for (int i = 1; i < argc; i++) {
        if (!parse_number(argv[i], &pid)) {
            warn("%s: not a number", argv[i]);
            status = 1;
        } else if (kill(pid) < 0) {
            warn("%s: no such process", argv[i]);
            status = 1;
        }
    }
    return status;
}
