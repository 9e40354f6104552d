/*
 * comet.c - chains of processes, each of which forks the next one and ends.
 *
 *   comet [N]    N chains; the first process says that all fly, and waits
 */
#include "ulib.h"

static void fly(void)
{
    for (;;) {
        int pid = fork();

        if (pid > 0)
            exits(0);
        if (pid < 0)
            sleep(1);
    }
}

int main(int argc, char *argv[])
{
    int n = argc > 1 ? atoi(argv[1]) : 1;

    for (int i = 0; i < n; i++)
        if (fork() == 0)
            fly();
    for (int i = 0; i < n; i++)
        wait(); /* each chain's first link has made its second */
    printf(1, "comet: all fly\n");
    for (;;)
        sleep(1000);
}
