/*
 * mathpipe.c - the Math Server over two pipes, for comparison with shared memory.
 *
 *   mathpipe -b N [-e EXPR]      measures N requests, one after the other, to a server that it forks
 *
 * Requests and replies are those of mathwire.h, without check values; a request is preceded by its length.
 */
#include "mathwire.h"
#include "ulib.h"

#define BENCHMARK "1+2" /* the same as mathclient's */

struct message {
    uint n; /* bytes of the request */
    struct mathwire_request request;
};

/* Reads exactly n bytes.  Returns 0, or -1 at the end. */
static int read_all(int fd, void *buf, uint n)
{
    for (uint done = 0; done < n;) {
        int got = read(fd, (char *)buf + done, (int)(n - done));

        if (got <= 0)
            return -1;
        done += (uint)got;
    }
    return 0;
}

/* Reads a message, with one call if all of it is there.  Returns 0, or -1 at the end or if it is not a message. */
static int read_message(int fd, struct message *message)
{
    int got = read(fd, message, sizeof(*message));
    uint n;

    if (got <= 0)
        return -1;
    n = (uint)got;
    if (n < sizeof(message->n)) {
        if (read_all(fd, (char *)message + n, sizeof(message->n) - n) < 0)
            return -1;
        n = sizeof(message->n);
    }
    if (message->n < mathwire_request_nbytes(0) || message->n > sizeof(message->request) ||
        n > sizeof(message->n) + message->n)
        return -1;
    return read_all(fd, (char *)message + n, sizeof(message->n) + message->n - n);
}

static void serve(int in, int out)
{
    static struct message message;

    while (read_message(in, &message) == 0) {
        struct mathwire_reply reply = { .number = message.request.number };

        math_evaluate((const char *)message.request.text, message.request.length, &reply.result);
        if (write_all(out, &reply, sizeof(reply)) < 0)
            break;
    }
}

static void measure(int out, int in, int nrequests, const char *text)
{
    static struct message message;
    uint n = strlen(text);
    int begin, ticks;

    message.n = mathwire_request_nbytes(n);
    message.request.length = (ushort)n;
    memcpy(message.request.text, text, n);
    begin = uptime();
    for (int i = 0; i < nrequests; i++) {
        struct mathwire_reply reply;

        message.request.number = (uint)i;
        if (write_all(out, &message, (int)(sizeof(message.n) + message.n)) < 0 ||
            read_all(in, &reply, sizeof(reply)) < 0 || reply.number != (uint)i)
            fail(2, "the server died");
    }
    ticks = uptime() - begin;
    must_print("%d requests in %d ticks: %d requests a second\n", nrequests, ticks,
               (int)(nrequests * 100ll / (ticks > 0 ? ticks : 1)));
}

static void usage(void) { fail(2, "usage: mathpipe -b N [-e EXPR]"); }

int main(int argc, char *argv[])
{
    const char *text = BENCHMARK;
    int nrequests = 0, requests[2], replies[2], option, pid, status;

    while ((option = getopt(argc, argv, "b:e:")) >= 0) {
        if (option == 'e' && strlen(optarg) <= MATHWIRE_MAX_TEXT)
            text = optarg;
        else if (option != 'b' || !parse_number(optarg, &nrequests))
            usage();
    }
    if (nrequests <= 0 || optind < argc)
        usage();
    if (pipe(requests) < 0 || pipe(replies) < 0)
        fail(2, "cannot make a pipe");
    pid = fork();
    if (pid < 0)
        fail(2, "cannot start a process for the server");
    if (pid == 0) {
        close(requests[1]);
        close(replies[0]);
        serve(requests[0], replies[1]);
        return 0;
    }
    close(requests[0]);
    close(replies[1]);
    measure(requests[1], replies[0], nrequests, text);
    close(requests[1]);
    waits(&status);
    return 0;
}
