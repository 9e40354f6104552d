/*
 * t_math.c - the Math Server from outside: its programs, and a hostile client that writes into its segment.
 *
 * Each test has a server of its own, whose segment is program.h's.
 */
#include "chance.h"
#include "mathwire.h"
#include "procinfo.h"
#include "program.h"

#define NSLOTS         4   /* of a server, unless a test says otherwise */
#define OPEN_TICKS     500 /* in which a server gives a slot */
#define STRING(number) STRING_(number)
#define STRING_(text)  #text

static int server;

static void start_server_with(char *slots)
{
    char *argv[] = { "/mathserver", "-i", segment_id, "-n", slots, NULL };

    segment_choose();
    server = tap_start_program(argv, -1, -1);
}

static void start_server(void) { start_server_with(STRING(NSLOTS)); }

/* The server's segment, when there is one and the server has filled it in. */
static struct mathwire_header *attach(void)
{
    struct mathwire_header *shared;
    int handle;

    wait_until((handle = ksmget(ksmid_parse(segment_id), 0, KSM_OPEN)) > 0);
    shared = ksmattach(handle);
    check_eq(ksmerror(shared), 0);
    wait_until(__atomic_load_n(&shared->version, __ATOMIC_ACQUIRE));
    return shared;
}

static struct program start_client(char *option, char *value, int in)
{
    char *argv[] = { "/mathclient", "-i", segment_id, option, value, NULL };

    return program_start(argv, in);
}

static void open_wire(struct mathwire *wire)
{
    check_eq(mathwire_open(wire, ksmid_parse(segment_id), OPEN_TICKS), 0);
}

static void expect_finish(struct program *client, const char *want, int want_status)
{
    int status = program_finish(client);

    check_str(program_output, want);
    check_eq(status, want_status);
}

/* Runs a client with one option. */
static void expect(char *option, char *value, const char *want, int want_status)
{
    struct program client = start_client(option, value, -1);

    expect_finish(&client, want, want_status);
}

/* The segment goes with the server, unless another process has it attached. */
static void stop_server(void)
{
    expect("-q", NULL, "", 0);
    check_eq(program_reap(server), 0);
    server = 0;
}

static void end_server(void)
{
    stop_server();
    check(!segment_exists());
}

static void kill_server(void)
{
    kill(server);
    check_eq(program_reap(server), KILLED);
    server = 0;
}

static void clean_up(void)
{
    if (server > 0)
        kill(server);
}

/* What clients print. */

TEST("a client prints the value of an expression")
{
    start_server();
    expect("-e", "0.1+0.2", "0.1+0.2 = 0.30000000000000004\n", 0);
    expect("-e", "-2^2", "-2^2 = -4\n", 0);
    end_server();
}

TEST("a client prints what is wrong with an expression, and the server lives on")
{
    start_server();
    expect("-e", "1/0", "1/0: division by zero\n", 1);
    expect("-e", "sqrt(-1)", "sqrt(-1): domain error: not defined there\n", 1);
    expect("-e", "1+*2", "1+*2: syntax error at column 3: a number, a name or '(' expected\n", 1);
    expect("-e", "exp(1000)", "exp(1000): overflow: the result is too large\n", 1);
    expect("-e", "7*6", "7*6 = 42\n", 0);
    end_server();
}

TEST("every result of share/problems.txt is right")
{
    struct program client;
    char want[64];

    start_server();
    client = start_client("-c", "/share/problems.txt", -1);
    check_eq(program_finish(&client), 0);
    check(atoi(program_output) >= 400);
    snprintf(want, sizeof(want), "%d of %d right\n", atoi(program_output), atoi(program_output));
    check_str(program_output, want);
    end_server();
}

TEST("a client computes the lines of its standard input, and skips empty ones")
{
    static const char lines[] = "1+1\n\n   \n2*3\r\nfact(5)";
    struct program client;
    int fds[2];

    start_server();
    check_eq(pipe(fds), 0);
    client = start_client(NULL, NULL, fds[0]);
    close(fds[0]);
    check(write_all(fds[1], lines, (int)strlen(lines)) == 0);
    close(fds[1]);
    check_eq(program_finish(&client), 0);
    check_str(program_output, "1+1 = 2\n2*3 = 6\nfact(5) = 120\n");
    end_server();
}

TEST("a client prints each result before it reads the next line")
{
    struct program client;
    char line[8];
    int fds[2], n = 0;

    start_server();
    check_eq(pipe(fds), 0);
    client = start_client(NULL, NULL, fds[0]);
    close(fds[0]);
    check(write_all(fds[1], "1+1\n", 4) == 0);
    while (n < (int)sizeof(line))
        n += read(client.out, line + n, (int)sizeof(line) - n);
    check_eq(memcmp(line, "1+1 = 2\n", sizeof(line)), 0);
    close(fds[1]);
    check_eq(program_finish(&client), 0);
    end_server();
}

/* Servers and clients in any order. */

TEST("a client waits for its server")
{
    struct program client;

    segment_choose();
    client = start_client("-e", "1+1", -1);
    tap_until_asleep(client.pid);
    start_server();
    expect_finish(&client, "1+1 = 2\n", 0);
    end_server();
}

TEST("a client without a server gives up and says how to start one")
{
    char *argv[] = { "/mathclient", "-e", "1+1", NULL };
    struct program usual = program_start(argv, -1);
    char want[96];

    segment_choose();
    snprintf(want, sizeof(want), "/mathclient: %s: no server answers; start one: mathserver -i %s &\n",
             ksmid_show(segment_id), segment_id);
    expect("-e", "1+1", want, 2);
    snprintf(want, sizeof(want), "/mathclient: %s: no server answers; start one: mathserver &\n",
             ksmid_show(MATHWIRE_NAME));
    expect_finish(&usual, want, 2);
}

TEST("a server refuses to start beside a living one")
{
    char *argv[] = { "/mathserver", "-i", segment_id, NULL };
    int other;

    start_server();
    ksmdetachat(attach());
    other = tap_start_program(argv, -1, -1);
    check_eq(program_reap(other), 1);
    expect("-e", "1+1", "1+1 = 2\n", 0);
    end_server();
}

TEST("a server refuses a segment that is not a Math Server's")
{
    char *argv[] = { "/mathserver", "-i", segment_id, NULL };
    int handle;

    segment_choose();
    handle = segment_create(5000);
    check_eq(program_reap(tap_start_program(argv, -1, -1)), 1);
    check_eq(ksmdelete(handle), 0);
}

TEST("a server takes over after a dead one")
{
    struct mathwire_header *shared;

    start_server();
    expect("-e", "1+1", "1+1 = 2\n", 0);
    shared = attach(); /* so the segment stays */
    kill_server();
    start_server();
    expect("-e", "2+2", "2+2 = 4\n", 0);
    stop_server();
    ksmdetachat(shared);
    check(!segment_exists());
}

static bool has_slot(const struct mathwire_header *shared, int pid)
{
    for (uint i = 0; i < NSLOTS; i++) {
        if (ksmlock_holder(&shared->slots[i].owner) == pid)
            return true;
    }
    return false;
}

TEST("a client whose server dies says so")
{
    struct mathwire_header *shared;
    struct program client;

    start_server();
    shared = attach();
    client = start_client("-b", "100000000", -1);
    wait_until(has_slot(shared, client.pid));
    kill_server();
    check_eq(program_finish(&client), 2);
    check(contains(program_output, "died\n"));
    ksmdetachat(shared);
}

static void open_and_hang(void *arg)
{
    struct mathwire wire;

    open_wire(&wire);
    check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1+1", 3), 0);
    *(uint *)arg = 1;
    for (;;)
        sleep(1000);
}

TEST("clients that die in the middle of a request lose their slots to others")
{
    struct mathwire_header *shared;
    volatile uint *flags;
    int pids[2], handle = ksmget(getpid() ^ 0x12345, 4096, KSM_MUSTNOTEXIST);

    flags = ksmattach(handle);
    ksmdelete(handle);
    start_server_with("2");
    shared = attach();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            flags[i] = 0;
            pids[i] = tap_start(open_and_hang, (void *)&flags[i]);
        }
        wait_until(flags[0] && flags[1]);
        check(ksmlock_holder(&shared->slots[0].owner) && ksmlock_holder(&shared->slots[1].owner));
        for (int i = 0; i < 2; i++)
            kill(pids[i]);
        for (int i = 0; i < 2; i++)
            check_eq(program_reap(pids[i]), KILLED);
    }
    expect("-e", "2+2", "2+2 = 4\n", 0);
    ksmdetachat(shared);
    end_server();
}

static void ask_often(void *arg)
{
    int number = (int)(long)arg;
    struct mathwire wire;

    open_wire(&wire);
    for (int i = 0; i < 300; i++) {
        struct math_result result;
        char text[32];
        int n = snprintf(text, sizeof(text), "%d*1000+%d", number, i);

        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, text, (uint)n), 0);
        check_eq(mathwire_receive(&wire, &result), 0);
        check_eq(result.status, MATH_OK);
        check_eq((int)result.value, number * 1000 + i);
    }
    mathwire_close(&wire);
}

TEST("more clients than slots take turns")
{
    start_server_with("3");
    for (int i = 0; i < 12; i++)
        tap_start(ask_often, (void *)(long)i);
    tap_join_all(12);
    end_server();
}

TEST("a client sends as many requests ahead of their replies as the window holds")
{
    struct mathwire wire;
    struct math_result result;

    start_server();
    open_wire(&wire);
    check_eq(mathwire_receive(&wire, &result), KSM_EAGAIN);
    for (int i = 0; i < (int)MATHWIRE_WINDOW; i++) {
        char digit = (char)('0' + i % 10);

        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, &digit, 1), 0);
    }
    check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1), KSM_EAGAIN);
    for (int i = 0; i < (int)MATHWIRE_WINDOW; i++) {
        check_eq(mathwire_receive(&wire, &result), 0);
        check(result.value == i % 10);
    }
    mathwire_close(&wire);
    end_server();
}

/* A hostile client. */

static uint random = 7;

static uint pick(uint n) { return chance(&random, n); }

static uint segment_words(void) { return mathwire_nbytes(NSLOTS) / sizeof(uint); }

TEST("a server whose whole segment is overwritten lives, and serves new clients")
{
    uint *words;

    start_server();
    words = (uint *)attach();
    for (int round = 0; round < 5; round++) {
        for (uint i = 0; i < segment_words(); i++)
            words[i] = round == 0 ? 0 : round == 1 ? 0xffffffff : chance_next(&random);
        check_eq(procinfo(server, &(struct procinfo){ 0 }), 0);
        expect("-e", "6*7", "6*7 = 42\n", 0);
    }
    ksmdetachat(words);
    end_server();
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

    start_server();
    words = (uint *)attach();
    pid = tap_start(scribble, words);
    for (int i = 0; i < 3; i++) { /* each asks for a new slot up to 100 times */
        struct program client = start_client("-e", "6*7", -1);

        program_finish(&client); /* whatever comes of it */
    }
    kill(pid);
    check_eq(program_reap(pid), KILLED);
    check_eq(procinfo(server, &(struct procinfo){ 0 }), 0);
    expect("-e", "6*7", "6*7 = 42\n", 0);
    ksmdetachat(words);
    end_server();
}

TEST("a client whose slot is overwritten has no wrong result and ends, and the next one has right results")
{
    struct mathwire_header *shared;
    struct program client;

    start_server();
    shared = attach();
    client = start_client("-c", "/share/problems.txt", -1);
    for (int i = 0; i < 30; i++) {
        uint *words = (uint *)&shared->slots[i % NSLOTS].requests;

        for (int k = 0; k < 200; k++)
            words[pick(sizeof(shared->slots[0].requests) / 4)] = chance_next(&random);
        sleep(1);
    }
    program_finish(&client);
    for (const char *p = program_output; *p; p++)
        check(strncmp(p, "expected, not", 13) != 0); /* it may give up, but never prints a wrong result */
    client = start_client("-c", "/share/problems.txt", -1);
    check_eq(program_finish(&client), 0);
    ksmdetachat(shared);
    end_server();
}

TEST("a server answers random requests of all lengths, and goes on")
{
    struct mathwire wire;
    void *where;

    start_server();
    for (uint n = 1; n < 2000; n = n * 3 / 2 + 1) {
        struct math_result result;

        open_wire(&wire);
        check_eq(ksmring_reserve(&wire.requests, n, &where, 0), 0);
        for (uint i = 0; i < n; i++)
            ((uchar *)where)[i] = (uchar)pick(256);
        ksmring_commit(&wire.requests, n);
        wire.nsent++;
        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1), 0);
        check_eq(mathwire_receive(&wire, &result), KSM_EINVAL);
        mathwire_close(&wire);
        expect("-e", "1+1", "1+1 = 2\n", 0);
    }
    end_server();
}

TEST("a reply of which one bit was changed is not taken for a result")
{
    start_server();
    for (uint word = 0; word < sizeof(struct mathwire_reply) / sizeof(uint); word++) {
        struct mathwire wire;
        struct math_result result;
        uint *reply;

        open_wire(&wire);
        reply = (uint *)wire.replies.data + 1; /* after its length */
        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1+2", 3), 0);
        wait_until(__atomic_load_n(&wire.replies.side[KSMRING_WRITER]->at, __ATOMIC_SEQ_CST) != 0);
        reply[word] ^= 1u << pick(32);
        check_eq(mathwire_receive(&wire, &result), KSM_EINVAL);
        mathwire_close(&wire);
    }
    end_server();
}

TEST("a request of which one bit was changed is not computed")
{
    start_server();
    for (uint word = 0; word < mathwire_request_nbytes(7) / sizeof(uint); word++) {
        struct mathwire_request request = { .kind = MATHWIRE_COMPUTE, .length = 7 };
        struct mathwire wire;
        struct math_result result;

        open_wire(&wire);
        memcpy(request.text, "123+456", 7);
        request.check = mathwire_request_check(&request);
        ((uint *)&request)[word] ^= 1u << pick(32);
        check_eq(ksmring_write(&wire.requests, &request, mathwire_request_nbytes(7), 0), 0);
        wire.nsent++;
        check_eq(mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1), 0); /* for its bell */
        check_eq(mathwire_receive(&wire, &result), KSM_EINVAL);
        mathwire_close(&wire);
    }
    end_server();
}

TEST("a client that does not read its replies does not hold up others")
{
    struct mathwire wire;
    int nsent = 0;

    start_server();
    open_wire(&wire);
    while (nsent < 1000) {
        wire.nreceived = wire.nsent;
        nsent += mathwire_send(&wire, MATHWIRE_COMPUTE, "1", 1) == 0;
    }
    expect("-e", "1+1", "1+1 = 2\n", 0);
    mathwire_close(&wire);
    end_server();
}

/* The measurements. */

/* What mathclient prints with these arguments, or mathpipe. */
static void check_measure(char *argv[], const char *begins)
{
    struct program program = program_start(argv, -1);

    check_eq(program_finish(&program), 0);
    check_eq(memcmp(program_output, begins, strlen(begins)), 0);
    check(strstr(program_output, " ticks: ") && strstr(program_output, " requests a second\n"));
    check(!strstr(program_output, " 0 ticks: ") || strstr(program_output, " 0 ticks: over "));
}

TEST("mathclient and mathpipe measure themselves")
{
    char expression[600]; /* 64 of them fill the rings, and the pipes */
    char *client[] = { "/mathclient", "-i", segment_id, "-b", "1000", NULL };
    char *flight[] = { "/mathclient", "-i", segment_id, "-b", "1000", "-w", "64", "-e", expression, NULL };
    char *pipes[] = { "/mathpipe", "-b", "1000", NULL };
    char *one[] = { "/mathpipe", "-b", "1", NULL };
    char *batch[] = { "/mathpipe", "-b", "1001", "-w", "64", "-e", expression, NULL };
    char *timed[] = { "/mathpipe", "-t", "1", "-w", "7", NULL };

    memset(expression, '1', sizeof(expression) - 1);
    for (uint i = 1; i < sizeof(expression) - 1; i += 2)
        expression[i] = '+';
    expression[sizeof(expression) - 1] = 0;
    start_server();
    check_measure(client, "1000 requests in ");
    check_measure(flight, "1000 requests in ");
    check_measure(pipes, "1000 requests in ");
    check_measure(one, "1 requests in ");
    check_measure(batch, "1001 requests in ");
    check_measure(timed, "");
    end_server();
}

TEST("the Math Server's programs refuse wrong usage")
{
    char *wrong[][6] = {
        { "/mathserver", "-n", "0", NULL },
        { "/mathserver", "-n", "1025", NULL },
        { "/mathserver", "-x", "1", NULL },
        { "/mathserver", "-i", NULL },
        { "/mathclient", "-b", "0", NULL },
        { "/mathclient", "-z", "1", NULL },
        { "/mathclient", "-e", NULL },
        { "/mathclient", "a", "b", NULL },
        { "/mathpipe", NULL },
        { "/mathpipe", "-b", "x", NULL },
        { "/mathpipe", "-w", "2", NULL },
        { "/mathpipe", "-b", "5", "-w", "65", NULL },
        { "/mathclient", "-w", "2", NULL },
    };

    program_expect_usage_errors(wrong, COUNT(wrong));
}

TAP_MAIN(clean_up)
