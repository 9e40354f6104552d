/*
 * late.c - output that is hard to tell from the shell's.
 *
 *   late orphan   leaves a child that outlives it
 *   late prompt   prints a prompt, pauses, and goes on
 *   late plain    prints text without a newline
 *   late later    pauses, then prints
 */
#include "foreign.h"

int main(int argc, char **argv)
{
    char what = argc > 1 ? argv[1][1] : 0;

    switch (what) {
    case 'r': /* orphan, prompt */
        if (argv[1][0] == 'p') {
            say("$ ");
            sleep(120);
            say("not a prompt\n$ ");
        } else if (fork() == 0) {
            sleep(5);
        }
        break;
    case 'l':
        say("plain");
        break;
    case 'a':
        sleep(5);
        say("later\n");
        break;
    }
    exit();
}
