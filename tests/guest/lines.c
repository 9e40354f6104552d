/*
 * lines.c - runs lines of shell commands: see lines.h.
 */
#include "lines.h"

#include "scratch.h"

char lines_output[LINES_OUTPUT];

void lines_enter(void) { scratch_enter("/lines.dir"); }

void lines_leave(void) { scratch_leave("/lines.dir"); }

int lines_shell(char **argv)
{
    int ends[2], n = 0, got, pid, status;

    check_eq(pipe(ends), 0);
    pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        int none[2];

        pipe(none);
        close(none[1]);
        close(0);
        dup(none[0]);
        for (int fd = 1; fd <= 2; fd++) {
            close(fd);
            dup(ends[1]);
        }
        for (int fd = 3; fd < 12; fd++)
            close(fd);
        exec("/sh", argv);
        exits(99);
    }
    close(ends[1]);
    while ((got = read(ends[0], lines_output + n, sizeof(lines_output) - 1 - n)) > 0)
        n += got;
    lines_output[n] = 0;
    close(ends[0]);
    check_eq(waits(&status), pid);
    return status;
}

void lines_run(const struct line *lines, uint nlines)
{
    lines_enter();
    for (uint i = 0; i < nlines; i++) {
        int status = lines_shell((char *[]){ "sh", "-c", (char *)lines[i].command, NULL });

        if (status != lines[i].status || strcmp(lines_output, lines[i].output) != 0) {
            tap_note("line: %s", lines[i].command);
            tap_note("status %d, output: %.150s", status, lines_output);
            check(!"as expected");
        }
    }
    lines_leave();
}
