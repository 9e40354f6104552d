/*
 * ksm_impl.h - what the files of this directory share: how a call with a limit of ticks sleeps.
 *
 * A sleep is cut into slices, because the process that should end it may die just before it begins.
 */
#ifndef KSM_IMPL_H
#define KSM_IMPL_H

#include "ulib.h"

#define KSM_SLICE 50 /* ticks: half a second */

/* How long a call may wait.  It begins with the call's first sleep, so that a call that need not sleep does not
   ask for the time. */
struct patience {
    int ticks; /* 0: no limit */
    bool begun;
    int begin;
};

/* The ticks of the next sleep, at most a slice; 0: there is no time left.  Sleeps: no. */
static inline int patience_slice(struct patience *patience)
{
    int now, left;

    if (patience->ticks == 0)
        return KSM_SLICE;
    now = uptime();
    if (!patience->begun) {
        patience->begun = true;
        patience->begin = now;
    }
    left = patience->ticks - (now - patience->begin);
    if (left <= 0)
        return 0;
    return left < KSM_SLICE ? left : KSM_SLICE;
}

#endif
