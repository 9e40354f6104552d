/* init.c - process 1 of a system that knows nothing of this one: a console and a shell, for ever. */
#include "foreign.h"

int main(void)
{
    static char *argv[] = { "sh", 0 };

    if (open("console", 2) < 0) {
        mknod("console", 1, 1);
        open("console", 2);
    }
    dup(0);
    dup(0);
    for (;;) {
        int pid = fork();
        if (pid == 0) {
            exec("sh", argv);
            say("init: no sh\n");
            exit();
        }
        while (wait() != pid)
            ;
    }
}
