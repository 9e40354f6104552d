/*
 * t_mathbad.c - the Math Server against a hostile client, which writes into its segment.
 */
#include "chance.h"
#include "mathtest.h"
#include "procinfo.h"

static uint random = 7;

static uint pick(uint n) { return chance(&random, n); }

static uint segment_words(void) { return mathwire_nbytes(NSLOTS) / sizeof(uint); }

TEST("a server whose whole segment is overwritten lives, and serves new clients")
{
    uint *words;

    server_start();
    words = (uint *)server_attach();
    for (int round = 0; round < 5; round++) {
        for (uint i = 0; i < segment_words(); i++)
            words[i] = round == 0 ? 0 : round == 1 ? 0xffffffff : chance_next(&random);
        server_await();
        check_eq(procinfo(server_pid, &(struct procinfo){ 0 }), 0);
        client_expect("-e", "6*7", "6*7 = 42\n", 0);
    }
    ksmdetachat(words);
    server_end();
}

TEST("a busy server restores its header")
{
    struct mathwire_header *shared;
    struct mathwire wire;

    server_start();
    shared = server_attach();
    wire_open(&wire);
    shared->version = shared->nslots = shared->server.holder.pid = 0;
    for (int i = 0; i < 2; i++) { /* before it computes the second */
        struct math_result result;

        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1), 0);
        check_eq(mathwire_receive(&wire, &result), 0);
    }
    check_eq(shared->version, MATHWIRE_VERSION);
    check_eq(shared->nslots, NSLOTS);
    check_eq(shared->server.holder.pid, server_pid);
    mathwire_close(&wire);
    ksmdetachat(shared);
    server_end();
}

#define SETTLED 300 /* ticks from its start, after which a server gives way to no other */

TEST("a server does not end because somebody has written another server's name into its lock")
{
    char *argv[] = { "/mathserver", "-i", "another", NULL };
    char *end[] = { "/mathclient", "-i", "another", "-q", NULL };
    struct procinfo info = { 0 };
    struct mathwire_header *shared;
    int other, begin;

    server_start();
    begin = uptime();
    shared = server_attach();
    other = tap_start_program(argv, -1, -1);
    wait_until(procinfo(other, &info) == 0 && strcmp(info.name, "mathserver") == 0);
    wait_until(uptime() - begin > SETTLED);
    shared->server.holder = (struct ksmself){ (uint)other, info.start };
    server_await(); /* until it has written its own, or has ended */
    client_expect("-e", "6*7", "6*7 = 42\n", 0);
    check_eq(program_reap(tap_start_program(end, -1, -1)), 0);
    check_eq(program_reap(other), 0);
    ksmdetachat(shared);
    server_end();
}

TEST("of two servers with one segment, whose lock was overwritten meanwhile, one gives way")
{
    char *argv[] = { "/mathserver", "-i", segment_id, NULL };
    struct mathwire_header *shared;
    struct procinfo info;
    int first, second;

    server_start();
    first = server_pid;
    shared = server_attach();
    shared->server.holder = (struct ksmself){ 0, 0 };
    second = tap_start_program(argv, -1, -1);
    wait_until(procinfo(first, &info) < 0 || procinfo(second, &info) < 0);
    server_pid = procinfo(first, &info) == 0 ? first : second;
    check_eq(program_reap(server_pid == first ? second : first), 1);
    server_await();
    client_expect("-e", "6*7", "6*7 = 42\n", 0);
    ksmdetachat(shared);
    server_end();
}

#define SCRIBBLING 1000 /* ticks; without an end, an unlucky client would lose a hundred slots */

static void scribble(void *arg)
{
    int end = uptime() + SCRIBBLING;
    uint *words = arg;

    random = chance_start((uint)getpid(), 0);
    while (uptime() - end < 0)
        for (uint i = 0; i < 10000; i++)
            words[pick(segment_words())] = pick(3) ? chance_next(&random) : pick(5000);
    for (;;)
        sleep(1000);
}

TEST("a server whose segment is overwritten all the time lives")
{
    uint *words;
    int pid;

    server_start();
    words = (uint *)server_attach();
    pid = tap_start(scribble, words);
    for (int i = 0; i < 3; i++) { /* each asks for a new slot up to 100 times */
        struct program client = client_start("-e", "6*7", -1);

        program_finish(&client); /* whatever comes of it */
    }
    kill(pid);
    check_eq(program_reap(pid), KILLED);
    server_await();
    check_eq(procinfo(server_pid, &(struct procinfo){ 0 }), 0);
    client_expect("-e", "6*7", "6*7 = 42\n", 0);
    ksmdetachat(words);
    server_end();
}

TEST("a client whose slot is overwritten has no wrong result and ends, and the next one has right results")
{
    struct mathwire_header *shared;
    struct program client;

    server_start();
    shared = server_attach();
    client = client_start("-c", "/share/problems.txt", -1);
    for (int i = 0; i < 30; i++) {
        uint *words = (uint *)&shared->slots[i % NSLOTS].requests;

        for (int k = 0; k < 200; k++)
            words[pick(sizeof(shared->slots[0].requests) / 4)] = chance_next(&random);
        sleep(1);
    }
    program_finish(&client);
    for (const char *p = program_output; *p; p++)
        check(strncmp(p, "expected, not", 13) != 0); /* it may give up, but never prints a wrong result */
    client = client_start("-c", "/share/problems.txt", -1);
    check_eq(program_finish(&client), 0);
    ksmdetachat(shared);
    server_end();
}

TEST("a server answers random requests of all lengths, and goes on")
{
    struct mathwire wire;
    void *where;

    server_start();
    for (uint n = 1; n < 2000; n = n * 3 / 2 + 1) {
        struct math_result result;

        wire_open(&wire);
        check_eq(ksmring_reserve(&wire.requests, n, &where, 0), 0);
        for (uint i = 0; i < n; i++)
            ((uchar *)where)[i] = (uchar)pick(256);
        ksmring_commit(&wire.requests, n);
        wire.nsent++;
        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1), 0);
        check_eq(mathwire_receive(&wire, &result), KSM_EINVAL);
        mathwire_close(&wire);
        client_expect("-e", "1+1", "1+1 = 2\n", 0);
    }
    server_end();
}

TEST("a reply of which one bit was changed is not taken for a result")
{
    server_start();
    for (uint word = 0; word < sizeof(struct mathwire_reply) / sizeof(uint); word++) {
        struct mathwire wire;
        struct math_result result;
        uint *reply;

        wire_open(&wire);
        reply = (uint *)wire.replies.data + 1; /* after its length */
        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1+2", 3), 0);
        wait_until(__atomic_load_n(&wire.replies.side[KSMRING_WRITER]->at, __ATOMIC_SEQ_CST) != 0);
        reply[word] ^= 1u << pick(32);
        check_eq(mathwire_receive(&wire, &result), KSM_EINVAL);
        mathwire_close(&wire);
    }
    server_end();
}

TEST("a request of which one bit was changed is not computed")
{
    server_start();
    for (uint word = 0; word < mathwire_request_nbytes(7) / sizeof(uint); word++) {
        struct mathwire_request request = { .kind = MATHWIRE_COMPUTE, .length = 7 };
        struct mathwire wire;
        struct math_result result;

        wire_open(&wire);
        memcpy(request.text, "123+456", 7);
        request.check = mathwire_request_check(&request, wire.opened);
        ((uint *)&request)[word] ^= 1u << pick(32);
        check_eq(ksmring_write(&wire.requests, &request, mathwire_request_nbytes(7), 0), 0);
        wire.nsent++;
        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1), 0); /* for its bell */
        check_eq(mathwire_receive(&wire, &result), KSM_EINVAL);
        mathwire_close(&wire);
    }
    server_end();
}

static void send_and_wait(struct mathwire *wire, const char *text)
{
    check_eq(mathwire_send(wire, MATHWIRE_COMPUTE, text, 3), 0);
    wait_until(__atomic_load_n(&wire->replies.side[KSMRING_WRITER]->at, __ATOMIC_SEQ_CST) != 0);
}

TEST("of two clients with the same slot, neither takes the other's result for its own")
{
    struct mathwire first, second;
    struct math_result result;

    server_start_with(1);
    wire_open(&first);
    send_and_wait(&first, "3+4");
    first.slot->owner.holder.pid = 0;
    wire_open(&second);
    send_and_wait(&second, "6*7");
    check_eq(mathwire_receive(&first, &result), KSM_EINVAL);  /* it takes the second client's reply */
    check_eq(mathwire_receive(&second, &result), KSM_EINVAL); /* which does not wait for ever */
    ksmdetachat(first.shared);
    mathwire_close(&second);
    server_end();
}

TEST("a client that does not read its replies does not hold up others")
{
    struct mathwire wire;
    int nsent = 0;

    server_start();
    wire_open(&wire);
    while (nsent < 1000) {
        wire.nreceived = wire.nsent;
        nsent += mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1) == 0;
    }
    client_expect("-e", "1+1", "1+1 = 2\n", 0);
    mathwire_close(&wire);
    server_end();
}

TAP_MAIN(server_clean_up)
