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
        check_eq(procinfo(server_pid, &(struct procinfo){ 0 }), 0);
        client_expect("-e", "6*7", "6*7 = 42\n", 0);
    }
    ksmdetachat(words);
    server_end();
}

static void scribble(void *arg)
{
    uint *words = arg;

    random = chance_start((uint)getpid(), 0);
    for (;;)
        words[pick(segment_words())] = pick(3) ? chance_next(&random) : pick(5000);
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
        request.check = mathwire_request_check(&request);
        ((uint *)&request)[word] ^= 1u << pick(32);
        check_eq(ksmring_write(&wire.requests, &request, mathwire_request_nbytes(7), 0), 0);
        wire.nsent++;
        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1), 0); /* for its bell */
        check_eq(mathwire_receive(&wire, &result), KSM_EINVAL);
        mathwire_close(&wire);
    }
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
