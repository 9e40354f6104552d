/*
 * mathpipe.c - the Math Server over two pipes, for comparison with shared memory.
 *
 *   mathpipe -b N [-w W] [-e EXPR]       measures N requests to a server that it forks, W of them in flight (1)
 *   mathpipe -t TICKS [-w W] [-e EXPR]   measures as many as it can in that time
 *
 * Requests and replies are those of mathwire.h, check values included; a request is preceded by its length.  Each side
 * reads with one call all that is there, and writes with one call all that it has.
 */
#include "mathmeasure.h"
#include "mathwire.h"
#include "ulib.h"

#define WINDOW MATHWIRE_WINDOW

struct message {
    uint n; /* bytes of the request */
    struct mathwire_request request;
};

/* Computes a request.  False if it is none. */
static bool answer(const struct mathwire_request *request, uint nbytes, struct mathwire_reply *reply)
{
    if (mathwire_request_nbytes(request->length) != nbytes ||
        request->check != mathwire_request_check(request, 0))
        return false;
    reply->number = request->number;
    math_evaluate((const char *)request->text, request->length, &reply->result);
    reply->check = mathwire_reply_check(reply, 0);
    return true;
}

/* Answers the whole messages of a buffer, at most WINDOW.  Returns how many, and in *used their bytes; -1: none. */
static int answer_all(const char *buf, uint n, struct mathwire_reply *replies, uint *used)
{
    int nreplies = 0;

    *used = 0;
    while (nreplies < (int)WINDOW && n - *used >= sizeof(uint)) {
        const struct message *message = (const void *)(buf + *used);
        uint nbytes = sizeof(message->n) + message->n;

        if (message->n > sizeof(message->request))
            return -1;
        if (nbytes > n - *used)
            break;
        if (!answer(&message->request, message->n, &replies[nreplies++]))
            return -1;
        *used += nbytes;
    }
    return nreplies;
}

static void serve(int in, int out)
{
    static char buf[WINDOW * sizeof(struct message)] __attribute__((aligned(4)));
    static struct mathwire_reply replies[WINDOW]; /* no more requests are in flight */
    uint n = 0, used;
    int got;

    while ((got = read(in, buf + n, (int)(sizeof(buf) - n))) > 0) {
        int nreplies = answer_all(buf, n += (uint)got, replies, &used);

        if (nreplies < 0 || write_all(out, replies, nreplies * (int)sizeof(replies[0])) < 0)
            break;
        n -= used;
        memmove(buf, buf + used, n);
    }
}

/* The client. */

struct client {
    int out, in;
    const char *text;
    uint nsent, nreceived;
};

static void send(struct client *client, uint count)
{
    static char buf[WINDOW * sizeof(struct message)] __attribute__((aligned(4)));
    uint length = strlen(client->text), nbytes = sizeof(uint) + mathwire_request_nbytes(length);

    for (uint i = 0; i < count; i++) {
        struct message *message = (void *)(buf + i * nbytes);

        message->n = nbytes - sizeof(message->n);
        message->request.number = client->nsent++;
        message->request.kind = MATHWIRE_COMPUTE;
        message->request.length = (ushort)length;
        message->request.text[length / 4] = 0;
        memcpy(message->request.text, client->text, length);
        message->request.check = mathwire_request_check(&message->request, 0);
    }
    if (write_all(client->out, buf, (int)(count * nbytes)) < 0)
        fail(2, "the server died");
}

/* Waits for one reply, and takes with it all others that are there. */
static void receive(struct client *client)
{
    static struct mathwire_reply replies[WINDOW];
    uint n = 0;
    int got;

    do {
        got = read(client->in, (char *)replies + n, (int)(sizeof(replies) - n));
        if (got <= 0)
            fail(2, "the server died");
        n += (uint)got;
    } while (n % sizeof(replies[0]) != 0);
    for (uint i = 0; i < n / sizeof(replies[0]); i++)
        if (replies[i].number != client->nreceived++ ||
            replies[i].check != mathwire_reply_check(&replies[i], 0))
            fail(2, "the server answers what was not asked");
}

static void measure(struct client *client, struct mathmeasure *m)
{
    mathmeasure_begin(m);
    for (;;) {
        uint more = mathmeasure_more(m, client->nsent, client->nreceived);

        if (more > 0)
            send(client, more);
        if (client->nreceived == client->nsent)
            break;
        receive(client);
    }
    mathmeasure_end(m, client->nreceived);
}

static void usage(void) { fail(2, "usage: mathpipe -b N | -t TICKS [-w WINDOW] [-e EXPR]"); }

int main(int argc, char *argv[])
{
    struct mathmeasure m = { 0 };
    struct client client = { .text = MATHMEASURE_TEXT };
    int requests[2], replies[2], option, pid, status;

    while ((option = getopt(argc, argv, MATHMEASURE_OPTIONS "e:")) >= 0) {
        if (option == 'e' && strlen(optarg) <= MATHWIRE_MAX_TEXT)
            client.text = optarg;
        else if (!mathmeasure_option(&m, option, optarg))
            usage();
    }
    if (!mathmeasure_wanted(&m) || optind < argc)
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
    client.out = requests[1];
    client.in = replies[0];
    measure(&client, &m);
    close(requests[1]);
    waits(&status);
    return 0;
}
