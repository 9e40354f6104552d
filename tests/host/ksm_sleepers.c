/*
 * ksm_sleepers.c - see ksm_sleepers.h.
 */
#include "ksm_sleepers.h"

struct sleeper sleepers[NAIVE_PROCS];
static uint nfell_asleep;

void sleepers_begin(void)
{
    for (uint p = 0; p < NAIVE_PROCS; p++)
        sleepers[p] = (struct sleeper){ 0 };
    nfell_asleep = 0;
}

void sleepers_add(uint p, int seg, uint offset, uint nticks, int peer)
{
    sleepers[p] = (struct sleeper){ .asleep = true,
                                    .private = seg == NOBODY,
                                    .seg = seg,
                                    .peer = peer,
                                    .offset = offset,
                                    .deadline = nticks ? naive.now.since + nticks : 0,
                                    .since = nfell_asleep++ };
}

static bool sleeps(const struct sleeper *s) { return s->asleep && !s->woken; }

static void wake(struct sleeper *s, int result)
{
    s->woken = true;
    s->result = result;
}

int sleepers_wake(int seg, uint offset, uint n)
{
    uint nwoken = 0;

    for (; nwoken < n && seg != NOBODY; nwoken++) {
        struct sleeper *first = NULL;
        for (uint p = 0; p < NAIVE_PROCS; p++) {
            struct sleeper *s = &sleepers[p];
            if (sleeps(s) && !s->private && s->seg == seg && s->offset == offset &&
                (!first || s->since < first->since))
                first = s;
        }
        if (!first)
            break;
        wake(first, 0);
    }
    return (int)nwoken;
}

void sleepers_time_out(void)
{
    for (uint p = 0; p < NAIVE_PROCS; p++)
        if (sleeps(&sleepers[p]) && sleepers[p].deadline && sleepers[p].deadline <= naive.now.since)
            wake(&sleepers[p], KSM_ETIMEDOUT);
}

static bool has_attached(uint p, int seg)
{
    for (uint i = 0; i < naive.procs[p].nviews; i++)
        if (naive.procs[p].views[i].segment == seg)
            return true;
    return false;
}

/* Does the end of process p wake that sleeper? */
static bool concerns(const struct sleeper *s, uint p)
{
    if (s->peer == PEER_ANY)
        return !s->private && has_attached(p, s->seg);
    return s->peer == (int)p;
}

void sleepers_exit(uint p)
{
    for (uint q = 0; q < NAIVE_PROCS; q++)
        if (q != p && sleeps(&sleepers[q]) && concerns(&sleepers[q], p))
            wake(&sleepers[q], KSM_EAGAIN);
    sleepers[p] = (struct sleeper){ 0 };
}
