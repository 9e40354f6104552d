/* init.c - process 1 of a system that knows nothing of this one: a console, one shell after another, and a word for
   each orphan, as in xv6. */
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
        say("init: starting sh\n");
        int pid = fork(), died;
        if (pid == 0) {
            exec("sh", argv);
            say("init: no sh\n");
            exit();
        }
        while ((died = wait()) != pid)
            if (died > 0)
                say("zombie!\n");
    }
}
