/*
 * compare.c - requests to the helpers of t_model, and their results beside the model's: see model.h.
 */
#include "model.h"

/* Requests to the helpers. */

static struct helper_request request; /* the last one, */
static uint by;                       /* and the helper that got it */

void model_send(uint helper, enum helper_op op, uint a, uint b, uint c)
{
    by = helper;
    request = (struct helper_request){ op, a, b, c };
    naive.now.since = (uint)uptime();
    check_eq(write(helper_fd(helper) + 1, &request, sizeof(request)), sizeof(request));
}

struct helper_reply model_receive(void)
{
    struct helper_reply reply;

    check_eq(read(helper_first_fd, &reply, sizeof(reply)), sizeof(reply));
    naive.now.until = (uint)uptime();
    return reply;
}

int model_call(uint helper, enum helper_op op, uint a, uint b, uint c)
{
    model_send(helper, op, a, b, c);
    return model_receive().result;
}

void model_expect(const char *what, uint got, uint want)
{
    if (got == want)
        return;
    tap_note("seed %d, step %u: after %s(0x%x, 0x%x, 0x%x) by process %u: %s", tap_seed, model_step,
             helper_op_names[request.op], request.a, request.b, request.c, by, what);
    check_eq(got, want);
}

static void expect_when(const char *what, uint got, struct naive_when when)
{
    if (got < when.since || got > when.until)
        model_expect(what, got, when.since);
}

/* Comparing the whole. */

static void compare_totals(const struct ksminfo_t *info)
{
    struct ksminfo_t want = naive_totals();

    model_expect("segments", info->total_shrg_nr, want.total_shrg_nr);
    model_expect("pages", info->total_shpg_nr, want.total_shpg_nr);
    model_expect("attachments", info->total_attached_nr, want.total_attached_nr);
}

static void compare_segment(uint helper, uint segment)
{
    const struct naive_segment *s = &naive.segments[segment];
    struct helper_request cause = request;
    uint cause_by = by;
    struct naive_when now = naive.now;

    model_send(helper, INFO, (uint)naive.procs[helper].handles[segment], 0, 0);

    struct helper_reply reply = model_receive();
    const struct ksminfo_t *info = &reply.info;

    request = cause; /* the call that made a difference, if there is one */
    by = cause_by;
    naive.now = now;
    model_expect("the result of info", (uint)reply.result, 0);
    model_expect("ksmsz", info->ksmsz, s->size);
    model_expect("cpid", (uint)info->cpid, (uint)s->cpid);
    model_expect("mpid", (uint)info->mpid, (uint)s->mpid);
    model_expect("attached_nr", info->attached_nr, s->nattached);
    model_expect("marked", info->marked, s->marked);
    expect_when("atime", info->atime, s->atime);
    expect_when("dtime", info->dtime, s->dtime);
    expect_when("ctime", info->ctime, s->ctime);
    compare_totals(info);
}

/* Each segment is looked at by a helper that has it. */
void model_compare(void)
{
    struct ksminfo_t totals = info_of(0);

    compare_totals(&totals);
    for (uint i = 0; i < NAIVE_SEGMENTS; i++) {
        uint first = pick(NAIVE_PROCS);

        for (uint j = 0; naive.segments[i].exists && j < NAIVE_PROCS; j++) {
            uint helper = (first + j) % NAIVE_PROCS;

            if (naive.procs[helper].alive && naive.procs[helper].handles[i]) {
                compare_segment(helper, i);
                break;
            }
        }
    }
}
