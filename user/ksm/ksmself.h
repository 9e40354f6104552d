/*
 * ksmself.h - names of processes that are never used again: a pid together with the tick of its fork.
 *
 * What is built on shared memory writes such names into it, so that nobody takes a process that got an old pid
 * for the one that died (§11.6).  Zeroes name nobody.
 */
#ifndef KSMSELF_H
#define KSMSELF_H

#include "types.h"

struct ksmself {
    uint pid;
    uint start;
} __attribute__((aligned(8)));

/* The caller's name.  Enters the kernel the first time only, and once more in a child after fork().
   Sleeps: no. */
struct ksmself ksmself(void);

/* Does that process live?  A zombie does not.  A system call.  Sleeps: no. */
int ksmself_lives(struct ksmself who);

static inline int ksmself_same(struct ksmself a, struct ksmself b)
{
    return a.pid == b.pid && a.start == b.start;
}

/* Both words at once, if they are `old`.  Returns 1 if they were; a full barrier.  Sleeps: no. */
static inline int ksmself_replace(struct ksmself *word, struct ksmself old, struct ksmself new)
{
    typedef unsigned long long both __attribute__((aligned(8))); /* i386 aligns the type itself by 4 */
    union {
        struct ksmself self;
        both bits;
    } was = { old }, is = { new };

    return __sync_bool_compare_and_swap((both *)word, was.bits, is.bits);
}

/* A copy, which may be torn while another process changes it: ksmself_replace() finds out.  Sleeps: no. */
static inline struct ksmself ksmself_load(const struct ksmself *word)
{
    struct ksmself copy;

    copy.pid = __atomic_load_n(&word->pid, __ATOMIC_ACQUIRE);
    copy.start = __atomic_load_n(&word->start, __ATOMIC_ACQUIRE);
    return copy;
}

#endif
