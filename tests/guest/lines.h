/*
 * lines.h - lines of shell commands, with what they print and the status that they end with.
 *
 * What is printed includes error messages.
 */
#ifndef LINES_H
#define LINES_H

#include "ulib.h"

#define LINES_OUTPUT 20000

struct line {
    const char *command;
    const char *output;
    int status;
};

/* What lines_shell() printed. */
extern char lines_output[LINES_OUTPUT];

/* Runs /sh with these arguments and without input.  Returns its status.  Sleeps: may. */
int lines_shell(char **argv);

/* Makes /lines.dir the current directory; lines_leave() removes it, which must be empty again.  Sleeps: may. */
void lines_enter(void);
void lines_leave(void);

/* Runs the lines one after the other there, and checks each of them.  Sleeps: may. */
void lines_run(const struct line *lines, uint nlines);

#endif
