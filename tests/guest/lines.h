/*
 * lines.h - lines of shell commands, with what they print and the status that they end with.
 *
 * What is printed includes error messages.
 */
#ifndef LINES_H
#define LINES_H

#include "program.h"

struct line {
    const char *command;
    const char *output;
    int status;
};

/* Runs sh with this line and without input: program_output is what it prints.  Returns its status.  Sleeps: may. */
int lines_shell(const char *command);

/* Makes /lines.dir the current directory; lines_leave() removes it, which must be empty again.  Sleeps: may. */
void lines_enter(void);
void lines_leave(void);

/* Runs the lines one after the other there, and checks each of them.  Sleeps: may. */
void lines_run(const struct line *lines, uint nlines);

#endif
