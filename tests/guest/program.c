/*
 * program.c - see program.h.
 */
#include "program.h"

#define DEAD_MAX 64

char segment_id[16];
char program_output[PROGRAM_OUTPUT];

void segment_choose(void) { snprintf(segment_id, sizeof(segment_id), "%d", getpid() + 0x6578616d); }

bool segment_exists(void) { return ksmget(ksmid_parse(segment_id), 0, KSM_OPEN) != KSM_ENOENT; }

int segment_create(uint nbytes)
{
    int handle = ksmget(ksmid_parse(segment_id), nbytes, KSM_MUSTNOTEXIST);

    check_positive(handle);
    return handle;
}

struct program program_start(char *argv[], int in)
{
    struct program program;
    int fds[2];

    check_eq(pipe(fds), 0);
    program.pid = tap_start_program(argv, in, fds[1]);
    program.out = fds[0];
    close(fds[1]);
    return program;
}

int program_reap(int pid)
{
    static struct {
        int pid, status;
    } dead[DEAD_MAX];
    static int ndead;
    int status, ended;

    for (int i = 0; i < ndead; i++)
        if (dead[i].pid == pid) {
            status = dead[i].status;
            dead[i] = dead[--ndead];
            return status;
        }
    while ((ended = waits(&status)) != pid) {
        check(ended > 0 && ndead < DEAD_MAX);
        dead[ndead].pid = ended;
        dead[ndead++].status = status;
    }
    return status;
}

int program_finish(struct program *program)
{
    read_all(program->out, program_output, PROGRAM_OUTPUT);
    close(program->out);
    return program_reap(program->pid);
}

void program_expect_refusal(char *argv[], const char *part)
{
    struct program program = program_start(argv, -1);

    check_eq(program_finish(&program), 1);
    check(contains(program_output, part));
}

void program_expect_usage_errors(char *wrong[][6], uint n)
{
    int fds[2];

    check_eq(pipe(fds), 0); /* their messages, which nobody reads */
    for (uint i = 0; i < n; i++)
        check_eq(program_reap(tap_start_program(wrong[i], -1, fds[1])), 2);
    close(fds[0]);
    close(fds[1]);
}
