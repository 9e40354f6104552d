/*
 * jobsh.c - a shell that someone else wrote: it says which job is in the foreground after the fork, and reads keys
 * without a word that it starts a program.
 *
 * Started in the shell's place, it runs a job that sleeps for ever, reads a key, runs a job that reads a line, and
 * reads keys again.
 */
#include "consolectl.h"
#include "ulib.h"

static void show_key(void)
{
    char key = '?';

    consolectl(CONSOLE_KEYS);
    printf(1, "key?\n");
    read(0, &key, 1);
    printf(1, "key %c\n", key);
}

static void show_line(void)
{
    char line[80];

    printf(1, "line?\n");
    int n = read(0, line, sizeof(line));
    write(1, line, n);
}

int main(void)
{
    int pid = fork();

    if (pid == 0)
        for (;;)
            sleep(1000);
    printf(1, "in the foreground: %d\n", foreground(pid));
    printf(1, "ended: %d\n", wait() == pid);

    show_key();
    foreground(getpid());
    if (fork() == 0) {
        show_line();
        return 0;
    }
    wait();
    show_key();

    foreground(-getpid());
    pid = fork();
    if (pid == 0)
        for (;;)
            sleep(1000);
    printf(1, "a shell in the foreground: %d\n", foreground(pid));
    for (;;)
        show_key();
}
