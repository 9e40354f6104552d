/*
 * ksm_impl.h - what the files of this directory share: how long a call may wait.
 */
#ifndef KSM_IMPL_H
#define KSM_IMPL_H

#include "ulib.h"

/* Ticks of a sleep that may miss the end of the process that it depends on: half a second. */
#define KSM_SLICE 50

/* The time of one call, from its first sleep on: a call that need not sleep does not ask for the time. */
struct patience {
    int ticks;  /* 0: no limit */
    bool spun;  /* it has looked for a while without sleeping: once is enough */
    uint looks; /* that found the peer's position changed, but not far enough */
    bool begun;
    int begin;
};

/* Is there time left?  Stores the ticks of the next sleep, at most `slice` (0: any time).  Sleeps: no. */
static inline bool patience_left(struct patience *patience, int slice, int *ticks)
{
    int now;

    *ticks = slice;
    if (patience->ticks == 0)
        return true;
    now = uptime();
    if (!patience->begun) {
        patience->begun = true;
        patience->begin = now;
    }
    *ticks = patience->ticks - (now - patience->begin);
    if (*ticks <= 0)
        return false;
    if (slice && *ticks > slice)
        *ticks = slice;
    return true;
}

#endif
