/*
 * late.c - output that is hard to tell from the shell's.
 *
 *   late orphan   leaves a child that outlives it
 *   late prompt   prints a prompt, pauses, and goes on
 *   late plain    prints text without a newline
 */
#include "foreign.h"

int main(int argc, char **argv)
{
    int fds[2];
    char c, what = argc > 1 ? argv[1][1] : 0;

    switch (what) {
    case 'r': /* orphan, prompt */
        if (argv[1][0] == 'p') {
            say("$ ");
            sleep(120);
            say("not a prompt\n$ ");
        } else {
            pipe(fds);
            if (fork() == 0) {
                close(fds[1]);
                read(fds[0], &c, 1); /* until its parent has ended */
            }
        }
        break;
    case 'l':
        say("plain");
        break;
    }
    exit();
}
