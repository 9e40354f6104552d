/*
 * ksm_sleepers.h - who sleeps on which word and what wakes it (§11), computed the naive way, beside tests/naive.h.
 */
#ifndef KSM_SLEEPERS_H
#define KSM_SLEEPERS_H

#include "naive.h"

#define PEER_ANY  (-1) /* the end of any process that has the segment attached wakes it */
#define PEER_NONE (-2)

struct sleeper {
    bool asleep, private;
    int seg, peer; /* peer: a process, or one of the two */
    uint offset, deadline, since;
    bool woken; /* and what it will return */
    int result;
};
extern struct sleeper sleepers[NAIVE_PROCS];

void sleepers_begin(void);
/* Process p falls asleep on a word of a segment; NOBODY: on a private one. */
void sleepers_add(uint p, int seg, uint offset, uint nticks, int peer);
int sleepers_wake(int seg, uint offset, uint n);
/* Wakes those whose time is over. */
void sleepers_time_out(void);
/* Process p ends; it still has its attachments. */
void sleepers_exit(uint p);

#endif
