/*
 * mathtest.c - a Math Server and its clients, for the tests of both.
 */
#include "mathtest.h"

#include "procinfo.h"

#define OPEN_TICKS 500 /* in which a server gives a slot */

int server_pid;

/* Has the server filled its segment in? */
static bool server_answers(void)
{
    int handle = ksmget(ksmid_parse(segment_id), 0, KSM_OPEN);
    struct mathwire_header *shared = handle < 0 ? NULL : ksmattach(handle);
    bool answers;

    if (!shared || ksmerror(shared))
        return false;
    answers = ksmlock_holder(&shared->server) == server_pid &&
              __atomic_load_n(&shared->version, __ATOMIC_ACQUIRE) == MATHWIRE_VERSION;
    ksmdetachat(shared);
    return answers;
}

void server_await(void)
{
    struct procinfo info;

    wait_until(server_answers() || procinfo(server_pid, &info) < 0);
}

void server_start_with(uint nslots)
{
    char slots[16];
    char *argv[] = { "/mathserver", "-i", segment_id, "-n", slots, NULL };

    snprintf(slots, sizeof(slots), "%u", nslots);
    segment_choose();
    server_pid = tap_start_program(argv, -1, -1);
    server_await();
}

void server_start(void) { server_start_with(NSLOTS); }

struct mathwire_header *server_attach(void)
{
    struct mathwire_header *shared;
    int handle;

    wait_until((handle = ksmget(ksmid_parse(segment_id), 0, KSM_OPEN)) > 0);
    shared = ksmattach(handle);
    check_eq(ksmerror(shared), 0);
    wait_until(__atomic_load_n(&shared->version, __ATOMIC_ACQUIRE));
    return shared;
}

void server_stop(void)
{
    client_expect("-q", NULL, "", 0);
    check_eq(program_reap(server_pid), 0);
    server_pid = 0;
}

void server_end(void)
{
    server_stop();
    check(!segment_exists());
}

void server_clean_up(void)
{
    if (server_pid > 0)
        kill(server_pid);
}

struct program client_start(char *option, char *value, int in)
{
    char *argv[] = { "/mathclient", "-i", segment_id, option, value, NULL };

    return program_start(argv, in);
}

void client_expect_finish(struct program *client, const char *want, int want_status)
{
    int status = program_finish(client);

    check_str(program_output, want);
    check_eq(status, want_status);
}

void client_expect(char *option, char *value, const char *want, int want_status)
{
    struct program client = client_start(option, value, -1);

    client_expect_finish(&client, want, want_status);
}

void wire_open(struct mathwire *wire)
{
    check_eq(mathwire_open(wire, ksmid_parse(segment_id), OPEN_TICKS), 0);
}
