/*
 * t_math.c - the Math Server's programs from outside.
 */
#include "mathtest.h"

/* What clients print. */

TEST("a client prints the value of an expression")
{
    server_start();
    client_expect("-e", "0.1+0.2", "0.1+0.2 = 0.30000000000000004\n", 0);
    client_expect("-e", "-2^2", "-2^2 = -4\n", 0);
    server_end();
}

TEST("a client prints what is wrong with an expression, and the server lives on")
{
    server_start();
    client_expect("-e", "1/0", "1/0: division by zero\n", 1);
    client_expect("-e", "sqrt(-1)", "sqrt(-1): domain error: not defined there\n", 1);
    client_expect("-e", "1+*2", "1+*2: syntax error at column 3: a number, a name or '(' expected\n", 1);
    client_expect("-e", "exp(1000)", "exp(1000): overflow: the result is too large\n", 1);
    client_expect("-e", "7*6", "7*6 = 42\n", 0);
    server_end();
}

TEST("every result of share/problems.txt is right")
{
    struct program client;
    char want[64];

    server_start();
    client = client_start("-c", "/share/problems.txt", -1);
    check_eq(program_finish(&client), 0);
    check(atoi(program_output) >= 400);
    snprintf(want, sizeof(want), "%d of %d right\n", atoi(program_output), atoi(program_output));
    check_str(program_output, want);
    server_end();
}

TEST("a client computes the lines of its standard input, and skips empty ones")
{
    static const char lines[] = "1+1\n\n   \n2*3\r\nfact(5)";
    struct program client;
    int fds[2];

    server_start();
    check_eq(pipe(fds), 0);
    client = client_start(NULL, NULL, fds[0]);
    close(fds[0]);
    check(write_all(fds[1], lines, (int)strlen(lines)) == 0);
    close(fds[1]);
    check_eq(program_finish(&client), 0);
    check_str(program_output, "1+1 = 2\n2*3 = 6\nfact(5) = 120\n");
    server_end();
}

TEST("a client prints each result before it reads the next line")
{
    struct program client;
    char line[8];
    int fds[2], n = 0;

    server_start();
    check_eq(pipe(fds), 0);
    client = client_start(NULL, NULL, fds[0]);
    close(fds[0]);
    check(write_all(fds[1], "1+1\n", 4) == 0);
    while (n < (int)sizeof(line))
        n += read(client.out, line + n, (int)sizeof(line) - n);
    check_eq(memcmp(line, "1+1 = 2\n", sizeof(line)), 0);
    close(fds[1]);
    check_eq(program_finish(&client), 0);
    server_end();
}

/* Servers and clients in any order. */

TEST("a client waits for its server")
{
    struct program client;

    segment_choose();
    client = client_start("-e", "1+1", -1);
    tap_until_asleep(client.pid);
    server_start();
    client_expect_finish(&client, "1+1 = 2\n", 0);
    server_end();
}

TEST("a client without a server gives up and says how to start one")
{
    char *argv[] = { "/mathclient", "-e", "1+1", NULL };
    struct program usual = program_start(argv, -1);
    char want[96];

    segment_choose();
    snprintf(want, sizeof(want), "mathclient: %s: no server answers; start one: mathserver -i %s &\n",
             ksmid_show(segment_id), segment_id);
    client_expect("-e", "1+1", want, 2);
    snprintf(want, sizeof(want), "mathclient: %s: no server answers; start one: mathserver &\n",
             ksmid_show(MATHWIRE_NAME));
    client_expect_finish(&usual, want, 2);
}

TEST("a server refuses to start beside a living one")
{
    char *argv[] = { "/mathserver", "-i", segment_id, NULL };
    int other;

    server_start();
    ksmdetachat(server_attach());
    other = tap_start_program(argv, -1, -1);
    check_eq(program_reap(other), 1);
    client_expect("-e", "1+1", "1+1 = 2\n", 0);
    server_end();
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

static void kill_server(void)
{
    kill(server_pid);
    check_eq(program_reap(server_pid), KILLED);
    server_pid = 0;
}

TEST("a server takes over after a dead one")
{
    struct mathwire_header *shared;

    server_start();
    client_expect("-e", "1+1", "1+1 = 2\n", 0);
    shared = server_attach(); /* so the segment stays */
    kill_server();
    server_start();
    client_expect("-e", "2+2", "2+2 = 4\n", 0);
    server_stop();
    ksmdetachat(shared);
    check(!segment_exists());
}

TEST("a client that asks for rings just when a server takes over is not told that it has them")
{
    struct mathwire_header *shared;
    uint wanted;

    server_start();
    shared = server_attach();
    kill_server();
    wanted = shared->slots[0].wanted = shared->slots[0].opened + 1;
    shared->version = 0;
    server_start();
    wait_until(__atomic_load_n(&shared->version, __ATOMIC_ACQUIRE));
    check(shared->slots[0].opened != wanted);
    server_stop();
    ksmdetachat(shared);
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

    server_start();
    shared = server_attach();
    client = client_start("-b", "100000000", -1);
    wait_until(has_slot(shared, client.pid));
    kill_server();
    check_eq(program_finish(&client), 2);
    check(contains(program_output, "died\n"));
    ksmdetachat(shared);
}

static void open_and_hang(void *arg)
{
    struct mathwire wire;

    wire_open(&wire);
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
    server_start_with(2);
    shared = server_attach();
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
    client_expect("-e", "2+2", "2+2 = 4\n", 0);
    ksmdetachat(shared);
    server_end();
}

static void ask_often(void *arg)
{
    int number = (int)(long)arg;
    struct mathwire wire;

    wire_open(&wire);
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
    server_start_with(3);
    for (int i = 0; i < 12; i++)
        tap_start(ask_often, (void *)(long)i);
    tap_join_all(12);
    server_end();
}

TEST("a client sends as many requests ahead of their replies as the window holds")
{
    struct mathwire wire;
    struct math_result result;

    server_start();
    wire_open(&wire);
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
    server_end();
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
    server_start();
    check_measure(client, "1000 requests in ");
    check_measure(flight, "1000 requests in ");
    check_measure(pipes, "1000 requests in ");
    check_measure(one, "1 requests in ");
    check_measure(batch, "1001 requests in ");
    check_measure(timed, "");
    server_end();
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

TAP_MAIN(server_clean_up)
