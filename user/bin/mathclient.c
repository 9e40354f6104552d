/*
 * mathclient.c - has a Math Server compute expressions.
 *
 *   mathclient [-i ID] [-e EXPR]... [FILE]   computes the expressions given, then those in FILE, one a line;
 *                                            with neither, those of standard input
 *   mathclient [-i ID] -c FILE               compares the results with those in FILE
 *   mathclient [-i ID] -b N [-w W] [-e EXPR] measures N requests, W of them in flight (1); with -t TICKS in place of
 *                                            -b N, as many as it can in that time
 *   mathclient [-i ID] -q                    ends the server
 *
 * It prints "EXPR = VALUE" or "EXPR: message".
 *
 * Status 0: all were computed (with -c, all results were right); 1: not all; 2: bad usage, or no server.
 *
 * A file for -c has lines "EXPR = VALUE", "EXPR ~ VALUE" (which allows 2 units in the last place) and
 * "EXPR: message"; # begins a comment line.
 *
 * While more expressions are at hand, the client sends them ahead of the replies.  Before it waits for input it waits
 * for all replies, so a user at a terminal sees each result before typing the next line.
 */
#include "ctype.h"
#include "decimal.h"
#include "fcntl.h"
#include "mathfn.h"
#include "mathmeasure.h"
#include "mathwire.h"
#include "ulib.h"

#define PATIENCE     500 /* ticks to wait for a server */
#define MAX_RENEWALS 100 /* new slots in place of damaged ones, before the client gives up */

/* An expression that was sent and has no reply. */
struct item {
    char *text;
    uint length;      /* of the expression */
    char relation;    /* with -c: '=', '~' or ':'; else 0 */
    const char *want; /* the text after it */
};

struct client {
    int id;
    const char *name;
    struct mathwire wire;
    int renewals;
    bool checking;
    struct item items[MATHWIRE_WINDOW];
    uint first, nitems; /* of items[], a ring in the order of sending */
    uint ntotal, nright;
};

static void give_up(const struct client *client, int error)
{
    bool usual = strcmp(client->name, MATHWIRE_NAME) == 0;

    if (error == KSM_EOWNERDEAD)
        fail(2, "%s: the server died", ksmid_show(client->name));
    if (error == KSM_ENOENT)
        fail(2, "%s: no server answers; start one: mathserver%s%s &", ksmid_show(client->name),
             usual ? "" : " -i ", usual ? "" : client->name);
    if (error == KSM_EINVAL)
        fail(2, "%s: the segment is not a Math Server's, or is damaged", ksmid_show(client->name));
    fail(2, "%s: %s", ksmid_show(client->name), ksmstrerror(error));
}

static void connect(struct client *client)
{
    int error = mathwire_open(&client->wire, client->id, PATIENCE);

    if (error < 0)
        give_up(client, error);
}

/* Results. */

/* The number of doubles from a to b.  It is large if their signs differ. */
static uint64_t distance(double a, double b)
{
    union math_bits x = { a }, y = { b };

    return x.bits < y.bits ? y.bits - x.bits : x.bits - y.bits;
}

static bool is_right(const struct item *item, const struct math_result *result, const char *text)
{
    double want;
    const char *digits = item->want + (item->want[0] == '-');
    int n = (int)strlen(digits);

    if (item->relation != '~')
        return (result->status == MATH_OK) == (item->relation == '=') && strcmp(text, item->want) == 0;
    if (result->status != MATH_OK || decimal_parse(digits, n, &want) != n)
        return false;
    return distance(result->value, digits == item->want ? want : -want) <= 2;
}

static void finish(struct client *client, struct item *item, const struct math_result *result)
{
    char text[MATH_MESSAGE_SIZE];
    bool ok = result->status == MATH_OK, right = ok;

    if (ok)
        decimal_format(result->value, text);
    else
        math_message(result, text);
    item->text[item->length] = 0;
    if (client->checking) {
        right = is_right(item, result, text);
        if (!right)
            must_print("%s %c %s expected, not: %s\n", item->text, item->relation, item->want, text);
    } else {
        must_print(ok ? "%s = %s\n" : "%s: %s\n", item->text, text);
    }
    client->ntotal++;
    client->nright += right;
    free(item->text);
}

/* Sending and receiving. */

static int send_item(struct client *client, const struct item *item)
{
    return mathwire_send(&client->wire, MATHWIRE_COMPUTE, item->text, item->length);
}

/* Replaces a damaged slot by another, and sends again what has no reply. */
static void renew(struct client *client)
{
    int error;

    do {
        if (++client->renewals > MAX_RENEWALS)
            give_up(client, KSM_EINVAL);
        mathwire_close(&client->wire);
        connect(client);
        error = 0;
        for (uint i = 0; i < client->nitems && error == 0; i++)
            error = send_item(client, &client->items[(client->first + i) % MATHWIRE_WINDOW]);
    } while (error == KSM_EINVAL || error == KSM_EAGAIN);
    if (error < 0)
        give_up(client, error);
}

/* Waits for the oldest reply and prints it. */
static void receive(struct client *client)
{
    struct math_result result;
    int error;

    while ((error = mathwire_receive(&client->wire, &result)) == KSM_EINVAL)
        renew(client);
    if (error < 0)
        give_up(client, error);
    finish(client, &client->items[client->first], &result);
    client->first = (client->first + 1) % MATHWIRE_WINDOW;
    client->nitems--;
}

static void receive_all(struct client *client)
{
    while (client->nitems > 0)
        receive(client);
}

static void submit(struct client *client, const struct item *item)
{
    int error;

    if (client->nitems == MATHWIRE_WINDOW)
        receive(client);
    while ((error = send_item(client, item)) < 0) {
        if (error == KSM_EAGAIN && client->nitems > 0)
            receive(client);
        else if (error == KSM_EINVAL || error == KSM_EAGAIN)
            renew(client);
        else
            give_up(client, error);
    }
    client->items[(client->first + client->nitems++) % MATHWIRE_WINDOW] = *item;
}

/* Expressions. */

static bool has_only_blanks(const char *text, uint n)
{
    for (uint i = 0; i < n; i++)
        if (!isblank(text[i]))
            return false;
    return true;
}

/* Splits a line of a file for -c at its last " = " or " ~ ", or otherwise at its first ": ". */
static bool split_line(struct item *item)
{
    char *at = NULL;

    for (char *p = item->text; *p; p++)
        if (p[0] == ' ' && (p[1] == '=' || p[1] == '~') && p[2] == ' ')
            at = p + 1;
    if (at) {
        item->relation = *at;
        item->length = (uint)(at - 1 - item->text);
        item->want = at + 2;
        return true;
    }
    for (at = item->text; *at && !(at[0] == ':' && at[1] == ' '); at++)
        ;
    if (!*at)
        return false;
    item->relation = ':';
    item->length = (uint)(at - item->text);
    item->want = at + 2;
    return true;
}

/* Sends a line, or an argument, if it is an expression. */
static void take(struct client *client, const char *text, uint n)
{
    struct item item = { 0 };

    if (n > 0 && text[n - 1] == '\r')
        n--;
    if (has_only_blanks(text, n) || (client->checking && text[0] == '#'))
        return;
    item.text = malloc(n + 1);
    if (!item.text)
        fail(2, "out of memory");
    memcpy(item.text, text, n);
    item.text[n] = 0;
    item.length = n;
    if (client->checking && !split_line(&item))
        fail(2, "this line has no result: %s", item.text);
    submit(client, &item);
}

static void take_file(struct client *client, int fd)
{
    struct line_reader reader = LINE_READER(fd);
    char *line;
    uint n;

    while ((line = line_next(&reader, &n)) != NULL) {
        take(client, line, n);
        if (!reader.buf || !memchr(reader.buf + reader.at, '\n', reader.end - reader.at))
            receive_all(client); /* the next line may take long to come */
    }
    if (reader.failed)
        fail(2, "read error");
}

static void take_path(struct client *client, const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        fail(2, "%s: cannot open", path);
    take_file(client, fd);
    close(fd);
}

/* The other jobs. */

/* Sends `more` equal requests, or as many as the ring holds.  Returns their number. */
static uint send_some(struct client *client, uint more, const char *text, uint n)
{
    for (uint i = 0; i < more; i++) {
        int error = mathwire_send(&client->wire, MATHWIRE_COMPUTE, text, n);

        if (error == KSM_EAGAIN && mathwire_owed(&client->wire) > 0)
            return i;
        if (error < 0)
            give_up(client, error);
    }
    return more;
}

static void measure(struct client *client, struct mathmeasure *m, const char *text)
{
    uint n = strlen(text), nsent = 0, nreceived = 0;

    mathmeasure_begin(m);
    for (;;) {
        struct math_result result;
        int error;

        nsent += send_some(client, mathmeasure_more(m, nsent, nreceived), text, n);
        if (nreceived == nsent)
            break;
        error = mathwire_receive(&client->wire, &result);
        if (error < 0)
            give_up(client, error);
        nreceived++;
    }
    mathmeasure_end(m, nreceived);
}

static void end_server(struct client *client)
{
    struct math_result result;
    int error = mathwire_send(&client->wire, MATHWIRE_END, "", 0);

    if (error == 0)
        error = mathwire_receive(&client->wire, &result);
    if (error < 0)
        give_up(client, error);
}

static void usage(void)
{
    fail(2, "usage: mathclient [-i ID] [-e EXPR]... [FILE] | -c FILE | -b N | -t TICKS [-w WINDOW] [-e EXPR] "
            "| -q");
}

/* What the arguments ask for. */
struct job {
    struct mathmeasure measure; /* -b, -t, -w */
    bool end;                   /* -q */
    const char *check, *file;
    int nexprs;
    char **exprs; /* -e; there is room for as many as there are arguments */
};

static void parse_arguments(struct client *client, struct job *job, int argc, char *argv[])
{
    bool measured;
    int option;

    job->exprs = calloc((uint)argc, sizeof(char *));
    if (!job->exprs)
        fail(2, "out of memory");
    while ((option = getopt(argc, argv, MATHMEASURE_OPTIONS "i:e:c:q")) >= 0) {
        if (option == 'i')
            client->name = optarg;
        else if (option == 'e')
            job->exprs[job->nexprs++] = optarg;
        else if (option == 'c')
            job->check = optarg;
        else if (option == 'q')
            job->end = true;
        else if (!mathmeasure_option(&job->measure, option, optarg))
            usage();
    }
    if (argc - optind > 1)
        usage();
    job->file = argv[optind]; /* NULL if there is none */
    measured = mathmeasure_wanted(&job->measure);
    if (job->file && (job->check || measured || job->end))
        usage();
    if (job->nexprs > (measured ? 1 : argc) || (job->measure.window && !measured) ||
        (job->nexprs && (job->check || job->end)))
        usage();
}

int main(int argc, char *argv[])
{
    static struct client client = { .name = MATHWIRE_NAME };
    struct job job = { 0 };

    parse_arguments(&client, &job, argc, argv);
    client.id = ksmid_parse(client.name);
    connect(&client);
    if (job.end) {
        end_server(&client); /* NOLINT(clang-analyzer-unix.Malloc): exit frees it */
    } else if (mathmeasure_wanted(&job.measure)) {
        measure(&client, &job.measure, job.nexprs ? job.exprs[0] : MATHMEASURE_TEXT);
    } else if (job.check) {
        client.checking = true;
        take_path(&client, job.check);
        receive_all(&client);
        must_print("%u of %u right\n", client.nright, client.ntotal);
    } else {
        for (int i = 0; i < job.nexprs; i++)
            take(&client, job.exprs[i], strlen(job.exprs[i]));
        if (job.file && strcmp(job.file, "-") != 0)
            take_path(&client, job.file);
        else if (job.file || job.nexprs == 0)
            take_file(&client, 0); /* NOLINT(clang-analyzer-unix.Malloc): exit frees it */
        receive_all(&client);
    }
    mathwire_close(&client.wire);
    return client.nright == client.ntotal ? 0 : 1;
}
