/*
 * mathclient.c - has a Math Server compute expressions.
 *
 *   mathclient [-i ID] [-e EXPR]... [FILE]   the expressions given, then those in FILE, one a line;
 *                                            with neither those of standard input
 *   mathclient [-i ID] -c FILE               compares with what stands in FILE behind the expressions
 *   mathclient [-i ID] -b N [-e EXPR]        measures N requests, one after the other
 *   mathclient [-i ID] -q                    ends the server
 *
 * It prints "EXPR = VALUE" or "EXPR: message".
 *
 * Status 0: all were computed (with -c: all results are right); 1: not all; 2: wrong usage, or no server.
 *
 * A file for -c has lines "EXPR = VALUE", "EXPR ~ VALUE" (2 units in the last place are allowed) and
 * "EXPR: message"; # begins a line of comment.
 *
 * While more expressions are at hand they are sent ahead of the replies.  Before it waits for input the
 * client waits for what it is owed, so that a user at a terminal has his result before he types the next
 * line.
 */
#include "decimal.h"
#include "fcntl.h"
#include "mathfn.h"
#include "mathwire.h"
#include "ulib.h"

#define PATIENCE     500 /* ticks that a server may be late */
#define MAX_RENEWALS 100 /* of a slot that others damage */
#define BENCHMARK    "1+2"

/* An expression without a reply yet. */
struct item {
    char *text;
    uint length;      /* of the expression */
    char relation;    /* with -c: '=', '~' or ':'; else 0 */
    const char *want; /* what follows it */
};

struct client {
    int id;
    const char *name;
    struct mathwire mail;
    int renewals;
    bool checking;
    struct item items[MATHWIRE_WINDOW];
    uint first, nitems; /* of items, in order of sending */
    uint ntotal, nright;
};

static void give_up(const struct client *client, int error)
{
    if (error == KSM_EOWNERDEAD)
        fail(2, "%s: the server died", client->name);
    if (error == KSM_ENOENT)
        fail(2, "%s: no server answers", client->name);
    if (error == KSM_EINVAL)
        fail(2, "%s: this is no Math Server's segment, or it is damaged", client->name);
    fail(2, "%s: %s", client->name, ksmstrerror(error));
}

static void connect(struct client *client)
{
    int error = mathwire_open(&client->mail, client->id, PATIENCE);

    if (error < 0)
        give_up(client, error);
}

/* Results. */

/* How many doubles lie between the two?  Large if their signs differ. */
static unsigned long long distance(double a, double b)
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
            printf(1, "%s %c %s expected, not: %s\n", item->text, item->relation, item->want, text);
    } else {
        printf(1, ok ? "%s = %s\n" : "%s: %s\n", item->text, text);
    }
    client->ntotal++;
    client->nright += right;
    free(item->text);
}

/* Sending and receiving. */

static int send_item(struct client *client, const struct item *item)
{
    return mathwire_send(&client->mail, MATHWIRE_COMPUTE, item->text, item->length);
}

/* Gets another slot after this one was damaged, and sends again what has no reply. */
static void renew(struct client *client)
{
    int error;

    do {
        if (++client->renewals > MAX_RENEWALS)
            give_up(client, KSM_EINVAL);
        mathwire_close(&client->mail);
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

    while ((error = mathwire_receive(&client->mail, &result)) == KSM_EINVAL)
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

static bool is_blank(const char *text, uint n)
{
    for (uint i = 0; i < n; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    return true;
}

/* Splits a line of a file for -c at its last " = " or " ~ ", or else its first ": ". */
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

/* A line, or an argument: sends it if it is an expression. */
static void take(struct client *client, const char *text, uint n)
{
    struct item item = { 0 };

    if (n > 0 && text[n - 1] == '\r')
        n--;
    if (is_blank(text, n) || (client->checking && text[0] == '#'))
        return;
    item.text = malloc(n + 1);
    if (!item.text)
        fail(2, "not enough memory");
    memcpy(item.text, text, n);
    item.text[n] = 0;
    item.length = n;
    if (client->checking && !split_line(&item))
        fail(2, "no result stands behind: %s", item.text);
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
            receive_all(client); /* the next line may be long in coming */
    }
    if (reader.failed)
        fail(2, "reading failed");
}

static void take_path(struct client *client, const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        fail(2, "cannot open %s", path);
    take_file(client, fd);
    close(fd);
}

/* Other jobs. */

static void measure(struct client *client, int nrequests, const char *text)
{
    uint n = strlen(text);
    int begin, ticks;

    begin = uptime();
    for (int i = 0; i < nrequests; i++) {
        struct math_result result;
        int error = mathwire_send(&client->mail, MATHWIRE_COMPUTE, text, n);

        if (error == 0)
            error = mathwire_receive(&client->mail, &result);
        if (error < 0)
            give_up(client, error);
    }
    ticks = uptime() - begin;
    printf(1, "%d requests in %d ticks: %d requests a second\n", nrequests, ticks,
           (int)(nrequests * 100ll / (ticks > 0 ? ticks : 1)));
}

static void end_server(struct client *client)
{
    struct math_result result;
    int error = mathwire_send(&client->mail, MATHWIRE_END, "", 0);

    if (error == 0)
        error = mathwire_receive(&client->mail, &result);
    if (error < 0)
        give_up(client, error);
}

static void usage(void)
{
    fail(2, "usage: mathclient [-i ID] [-e EXPR]... [FILE] | -c FILE | -b N [-e EXPR] | -q");
}

/* What the arguments ask for. */
struct job {
    int nrequests; /* -b */
    bool end;      /* -q */
    const char *check, *file;
    int nexprs;
    char **exprs; /* -e, as many as there are arguments at most */
};

static void parse_arguments(struct client *client, struct job *job, int argc, char *argv[])
{
    job->exprs = calloc((uint)argc, sizeof(char *));
    if (!job->exprs)
        fail(2, "not enough memory");
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(option, "-q") == 0) {
            job->end = true;
            continue;
        }
        if (option[0] != '-' || option[1] == 0) {
            if (job->file)
                usage();
            job->file = option;
            continue;
        }
        if (!value)
            usage();
        i++;
        if (strcmp(option, "-i") == 0)
            client->name = value;
        else if (strcmp(option, "-e") == 0)
            job->exprs[job->nexprs++] = value;
        else if (strcmp(option, "-c") == 0)
            job->check = value;
        else if (strcmp(option, "-b") != 0 || !parse_number(value, &job->nrequests) || job->nrequests <= 0)
            usage();
    }
    if (job->file && (job->check || job->nrequests || job->end))
        usage();
    if (job->nexprs > (job->nrequests ? 1 : argc) || (job->nexprs && (job->check || job->end)))
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
        end_server(&client);
    } else if (job.nrequests) {
        measure(&client, job.nrequests, job.nexprs ? job.exprs[0] : BENCHMARK);
    } else if (job.check) {
        client.checking = true;
        take_path(&client, job.check);
        receive_all(&client);
        printf(1, "%u of %u right\n", client.nright, client.ntotal);
    } else {
        for (int i = 0; i < job.nexprs; i++)
            take(&client, job.exprs[i], strlen(job.exprs[i]));
        if (job.file && strcmp(job.file, "-") != 0)
            take_path(&client, job.file);
        else if (job.file || job.nexprs == 0)
            take_file(&client, 0);
        receive_all(&client);
    }
    mathwire_close(&client.mail);
    return client.nright == client.ntotal ? 0 : 1;
}
