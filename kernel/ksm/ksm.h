/*
 * ksm.h - the door to shared memory: the calls of the contract (docs/ksm.md), hooks for fork, exec and exit, and what
 * the operator, the feed and the report of a fault ask.
 *
 * Arguments are already copied in; the caller copies results out.  A call returns 0, a positive result, or an
 * error of ksmabi.h.  Lock: RANK_KSM, acquired and released inside; no call zeroes or copies a segment's pages
 * under it, nor frees more than one (§12).
 */
#ifndef KERNEL_KSM_H
#define KERNEL_KSM_H

#include "include/ksmabi.h"
#include "ksm/ksm_task.h"

struct ksm_limits { /* §10 */
    uint nsegments; /* 1 to KSM_MAX_SEGMENTS */
    uint nattachments, npages;
};
#define KSM_DEFAULT_SEGMENTS    4096u
#define KSM_DEFAULT_ATTACHMENTS 16384u
#define KSM_MAX_SEGMENTS        65536u
#define KSM_MAX_ATTACHMENTS     (1u << 20)

/* Once at boot; its pools come from page_alloc() and are never given back.  0, or -1 when memory runs out; then
   nothing is kept.  Sleeps: no. */
MUST_CHECK int ksm_init(const struct ksm_limits *limits);

/* Sleeps: no. */
void ksm_task_init(struct ksm_task *task, int pid, struct aspace *as);

/* §3.  Sleeps: may. */
MUST_CHECK int ksm_get(struct ksm_task *task, uint id, uint nbytes, uint flags);
/* §4: the attachment's address.  Sleeps: may. */
MUST_CHECK int ksm_attach(struct ksm_task *task, int handle, uint flags);
/* §5.1.  Sleeps: may. */
MUST_CHECK int ksm_detach(struct ksm_task *task, int handle);
/* §5.2.  Sleeps: may. */
MUST_CHECK int ksm_detach_at(struct ksm_task *task, uint va);
/* §6.  Sleeps: may. */
MUST_CHECK int ksm_delete(struct ksm_task *task, int handle);
/* §8.  With handle 0 only the totals are filled in.  Sleeps: may. */
MUST_CHECK int ksm_info(struct ksm_task *task, int handle, struct ksminfo_t *info);

/* §13: the segment was asked for by this name, which is text.  Sleeps: may. */
MUST_CHECK int ksm_name(struct ksm_task *task, int handle, const char *name);

/* §7.1: the child, whose task and address space are new, gets the parent's handles and attachments.  0, or -1,
   which leaves no trace.  Sleeps: may. */
MUST_CHECK int ksm_fork(struct ksm_task *parent, struct ksm_task *child);
/* §7.2, §7.3: detaches all and drops the handles, while task->as is still whole.  After exec the caller sets
   task->as to the new address space.  at_exit: wakes the sleepers that wait for its end (§11.6, §11.7), which look
   at once whether the process lives, so procinfo() must already report it gone.  Sleeps: may. */
void ksm_release(struct ksm_task *task, bool at_exit);

/* Waiting, in two steps or three (§11.1, §11.7).  va is aligned, and the task is the caller's own.  0; KSM_EFAULT: the
   word can't be read; or KSM_EAGAIN: one of private memory holds another value.  Then that is all.  Sleeps: no. */
MUST_CHECK int ksm_wait_prepare(struct ksm_sleeper *self, struct ksm_task *task, uint va, uint expected,
                                int peer);
/* If peer is a pid: that process, which lives, has the sleeper woken by ksm_release().  The lock of the tree of
   processes is held, so that it can't end meanwhile.  Sleeps: no. */
void ksm_watch(struct ksm_task *peer, struct ksm_sleeper *sleeper);
/* nticks 0: no limit.  Sleeps: may. */
MUST_CHECK int ksm_wait_sleep(struct ksm_sleeper *self, uint nticks);
/* The same on a word of a segment, for the feed: puts two events, for which there is room.  Sleeps: may. */
MUST_CHECK int ksm_wait_watched(struct ksm_sleeper *self, uint nticks);
/* §11.3.  Returns how many were woken, or KSM_EFAULT: the word can't be read.  Sleeps: may. */
int ksm_wake(struct ksm_task *task, uint va, uint n);

/* For the feed (docs/feed.md): segments and attachments into a snapshot, see base/snapshot.h.  Between freeze and thaw
   no call on shared memory takes effect, and those that come sleep; so the caller makes none.  One thread alone.
   Sleeps: may. */
void ksm_freeze(void);
void ksm_thaw(void);
void ksm_snapshot_totals(uint nlost); /* of events */
void ksm_snapshot(void);
uint ksm_snapshot_bytes(void); /* the most that they take */
/* The word of a segment that a process sleeps on; false: none.  Its thread is asleep, and can't wake.  Sleeps: no. */
struct ksm_sleeping {
    uint id, va, offset;
    int peer, holder; /* holder: of the user library's lock that the word is; or 0 */
};
bool ksm_sleeping(const struct ksm_task *task, struct ksm_sleeping *copy);

/* What an address that the caller may not touch has to do with shared memory.  False: nothing.  Sleeps: may. */
struct ksm_place {
    enum { KSM_PLACE_IN, KSM_PLACE_PAST, KSM_PLACE_DETACHED } kind;
    uint offset; /* from where the segment begins, or began */
    uint id;     /* of an attached one, and its name, or "" */
    char name[KSM_NAME_SIZE];
};
MUST_CHECK bool ksm_find_place(const struct ksm_task *task, uint va, struct ksm_place *place);

/* Debug kernels only: proves the invariants of kernel/ksm/README.md.  Returns NULL, or what is wrong.  Sleeps: may. */
MUST_CHECK const char *ksm_check(void);
/* §13: prints segments and where each process has them attached, a line at a time.  Sleeps: may. */
void ksm_print(void);

#endif
