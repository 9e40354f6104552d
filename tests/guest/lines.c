/*
 * lines.c - runs lines of shell commands: see lines.h.
 */
#include "lines.h"

#include "scratch.h"

void lines_enter(void) { scratch_enter("/lines.dir"); }

void lines_leave(void) { scratch_leave("/lines.dir"); }

int lines_shell(const char *command)
{
    struct program sh;
    int none[2];

    check_eq(pipe(none), 0);
    close(none[1]);
    sh = program_start((char *[]){ "/sh", "-c", (char *)command, NULL }, none[0]);
    close(none[0]);
    return program_finish(&sh);
}

void lines_run(const struct line *lines, uint nlines)
{
    lines_enter();
    for (uint i = 0; i < nlines; i++) {
        int status = lines_shell(lines[i].command);

        if (status != lines[i].status || strcmp(program_output, lines[i].output) != 0) {
            tap_note("line: %s", lines[i].command);
            tap_note("status %d, output: %.150s", status, program_output);
            check(!"as expected");
        }
    }
    lines_leave();
}
