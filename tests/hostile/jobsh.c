/*
 * jobsh.c - a shell that someone else wrote: it says which job is in the foreground after the fork, and reads keys
 * without a word that it starts a program.
 *
 * Started in the shell's place, it starts a job in the background, runs one that sleeps for ever, and has the first one
 * take all memory that it can have.  Then it reads a key, runs a job that reads a line, and reads keys again.
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

/* In the background: waits for an end of file, takes all memory that it can have, and keeps it. */
static void take_all(int begins, int done)
{
    char c;

    read(begins, &c, 1);
    for (int n = 1 << 24; n >= (int)PAGE_SIZE; n /= 2)
        for (char *p; (p = sbrk(n)) != (char *)-1;)
            for (int i = 0; i < n; i += (int)PAGE_SIZE)
                p[i] = 1;
    close(done);
    for (;;)
        sleep(1000);
}

int main(void)
{
    int begins[2], done[2];
    char c;

    pipe(begins);
    pipe(done);
    int hog = fork();
    if (hog == 0) {
        close(begins[1]);
        close(done[0]);
        take_all(begins[0], done[1]);
    }
    close(done[1]);

    int pid = fork();
    if (pid == 0)
        for (;;)
            sleep(1000);
    printf(1, "in the foreground: %d\n", foreground(pid));
    printf(1, "ended: %d\n", wait() == pid);

    close(begins[1]);
    read(done[0], &c, 1);
    int nleft = 0;
    while (sbrk((int)PAGE_SIZE) != (char *)-1)
        nleft++;
    printf(1, "%d pages are left\n", nleft);
    sbrk(-nleft * (int)PAGE_SIZE);
    kill(hog);
    wait();

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
