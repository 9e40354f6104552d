/* crowd.c - takes all the processes that it can get, and leaves them asleep behind it. */
#include "foreign.h"

int main(void)
{
    int fds[2], n = 0;
    char c;

    pipe(fds);
    if (fork() > 0) { /* the shell gets its prompt back */
        close(fds[1]);
        read(fds[0], &c, 1);
        say("crowded\n");
        exit();
    }
    while (n < 1000) {
        int pid = fork();
        if (pid < 0)
            break;
        if (pid == 0)
            for (;;)
                sleep(1000000);
        n++;
    }
    if (n < 1000)
        write(fds[1], "x", 1);
    for (;;) { /* and those that become free */
        int pid = fork();
        if (pid == 0)
            for (;;)
                sleep(1000000);
        if (pid > 0)
            say("and one more\n");
        sleep(1);
    }
}
