/*
 * ksm_impl.h - what the files of this room share.
 *
 *   registry:  identifier --hash--> segment <--slot-- handle
 *   process:   handle slot --table--> holding --list--> attachments, newest first --> segment
 *   segment --list--> holdings, of all processes
 *
 * One spin lock, registry.lock (RANK_KSM), guards all of it; `_locked` functions need it held.  The sleepers of
 * wait.c have locks of their own (RANK_KSM_WAIT, RANK_KSM_PEER), acquired with or without it.
 *
 * A call that walks over many things does so as its last part, and calls registry_step_locked() for each.  That
 * releases the lock now and then, and the registry is `divided` until registry_release_walked(): the walker alone
 * sees what is half changed, all others wait in registry_acquire().  So calls stay atomic (§12), and no lock is held
 * for long.  To free the dead is the last part of a walk.
 *
 * Fields:  I immutable after creation   K ksm lock   W lock of the segment's stripe, see wait.c
 *          o only the process itself
 *
 * Sleeps: no, unless a contract below says otherwise.
 */
#ifndef KSM_IMPL_H
#define KSM_IMPL_H

#include "base/list.h"
#include "ksm/ksm.h"
#include "mm/region.h"
#include "sched/lock.h"
#include "sched/thread.h"

enum segment_state { SEGMENT_UNBORN, SEGMENT_LIVE, SEGMENT_MARKED }; /* see segment.c */

struct segment {
    uint id;                  /* [I] */
    uint nbytes;              /* [I] as asked for at creation */
    uint npages;              /* [I] */
    int handle;               /* [I] */
    int cpid;                 /* [I] creator */
    enum segment_state state; /* [K] */
    struct region region;     /* [I] its creator alone looks at it while it is unborn */
    union {
        struct segment *child[2]; /* [K] below it in a tree of identifiers, see registry.c */
        struct segment *next;     /* [K] after death: in the list of those to bury */
    };
    uint refs;                /* [K] 1 while unmarked + attachments */
    uint nattached;           /* [K] */
    int mpid;                 /* [K] last creation, attach, detach or delete */
    uint atime;               /* [K] last attach, in ticks; 0: never */
    uint dtime;               /* [K] last detach; 0: never */
    uint ctime;               /* [K] creation, or first marking */
    char name[KSM_NAME_SIZE]; /* [K] one that it was asked for by, if a program has said it; or "" */
    uint nfound;              /* [K] ksm_check()'s count of its references */
    struct list holdings;     /* [K] all that are good, and the markers of walks (visit.c) */
    struct list sleepers;     /* [W] sleepers on its words that the end of any process wakes */
};

struct attachment {
    struct mapping mapping;  /* [I] where it is; the tree's links are the address space's */
    struct holding *holding; /* [I] */
    struct list link;        /* [K] in its holding */
};

/* What one process has of one segment.  It outlives the segment. */
struct holding {
    int handle;              /* [K] 0: made for a segment that is not born yet */
    struct segment *segment; /* [K] NULL: dead, or not born yet */
    struct ksm_task *task;   /* [I] NULL: a walk's marker */
    struct list link;        /* [K] in its process's list, of good ones or of dead ones */
    struct list in_segment;  /* [K] in its segment's list */
    struct list attachments; /* [K] newest first (§5.1) */
    uint nattached;          /* [K] */
    /* [o] saves an allocation where there is only one; free while its own holding is NULL */
    struct attachment first;
};

static inline struct attachment *attachment_of(struct mapping *m)
{
    return container_of(m, struct attachment, mapping);
}

static inline struct attachment *attachment_at(struct list *link)
{
    return container_of(link, struct attachment, link);
}

static inline struct holding *holding_at(struct list *link)
{
    return container_of(link, struct holding, link);
}

/* A hash of 1 to 32 bits: multiplying by 2^32 over the golden ratio spreads consecutive numbers. */
static inline uint spread(uint n, uint bits) { return n * 2654435769u >> (32 - bits); }

/* registry.c: identifiers, handles, totals. */

/* Fields:  K ksm lock */
struct slot {
    union {
        struct segment *segment; /* [K] taken */
        uintptr_t next_free;     /* [K] free: index of the next, or NO_SLOT */
        uint nkept;              /* [K] spent: the holdings at this slot, all of them dead */
    };
    /* [K] free: the handle of its next segment; taken: its segment's handle and SLOT_TAKEN; else SLOT_SPENT */
    uint state;
};

#define KSM_STEPS      8u /* of a walk, or sleepers looked at, while a lock is held */
#define SLOT_TAKEN     0x80000000u
#define SLOT_SPENT     0u
#define NO_SLOT        (~0u)
#define SLOTS_PER_PAGE (PAGE_SIZE / sizeof(struct slot))

struct registry {
    struct spinlock lock;
    struct ksm_limits limits; /* [I] */
    uint nsegments;           /* [K] totals of those that are born (§8) */
    uint npages;              /* [K] */
    uint nattached;           /* [K] */
    uint nunborn;             /* [K] the same of those that are unborn */
    uint nunborn_pages;       /* [K] */
    uint nahead;              /* [K] gets that look again before another birth begins */
    uint nexpecting;          /* [K] gets that wait for a birth, and will be ahead when one has ended */
    uint nended;              /* [K] births that have ended */
    bool divided;             /* [K] a call is walking, or frees the dead, and has released the lock */
    uint nsteps;              /* [K] since the lock was released in a walk */
    struct waitq waiters;     /* [K] for a walk or a birth to finish */
    struct list tasks;        /* [K] tasks with holdings */
    struct slot **slot_pages; /* [I] */
    uint nslots;              /* [I] a power of two */
    uint nfresh;              /* [K] slots below were taken at least once */
    uint first_free;          /* [K] NO_SLOT: none but fresh ones */
    uint nspent;              /* [K] slots that rest */
};
extern struct registry registry;

/* The lock.  registry_acquire() and registry_sleep_locked() return when no walk is under way.  The latter returns when
   the caller is to look again; false if it was killed.  Sleeps: may. */
void registry_wait_locked(void);
static inline void registry_acquire(void)
{
    spin_acquire(&registry.lock);
    if (registry.divided)
        registry_wait_locked();
}
/* What a get waits for: that those ahead of it have looked; room or memory, which a birth may leave after all; or the
   birth of its own segment.  The end of any birth is the end of each of these waits. */
enum get_wait { WAIT_TURN, WAIT_ROOM, WAIT_BIRTH };
MUST_CHECK bool registry_sleep_locked(enum get_wait what);
/* In a walk, between two things: lets others have the lock and the processor now and then.  Sleeps: may. */
REACQUIRES void registry_pause_locked(void);
static inline void registry_step_locked(void)
{
    if (++registry.nsteps >= KSM_STEPS)
        registry_pause_locked();
}
void registry_resume_locked(void);
static inline void registry_release_walked(void)
{
    if (registry.divided)
        registry_resume_locked();
    spin_release(&registry.lock);
}
/* For calls that can't have walked. */
static inline void registry_release(void) { spin_release(&registry.lock); }

static inline uint registry_slot(int handle) { return (uint)handle & (registry.nslots - 1); }
static inline struct slot *registry_slot_at(uint i)
{
    return &registry.slot_pages[i / SLOTS_PER_PAGE][i % SLOTS_PER_PAGE];
}
/* Is there a slot for one more segment? */
static inline bool registry_has_slot_locked(void)
{
    return registry.first_free != NO_SLOT || registry.nfresh < registry.nslots;
}
/* The segment that has this handle; NULL when it is dead. */
static inline struct segment *registry_find_handle_locked(int handle)
{
    const struct slot *slot = registry_slot_at(registry_slot(handle));

    return slot->state == ((uint)handle | SLOT_TAKEN) ? slot->segment : NULL;
}

/* 0, or -1 when memory runs out. */
MUST_CHECK int registry_init(const struct ksm_limits *limits);
/* Enters it where registry_find_locked() found none, and gives it a handle; there is a slot. */
void registry_enter_locked(struct segment *seg, struct segment **link);
/* Takes it out.  spent: its handle was given out, and comes again only in its turn (§3.8); walks then.
   Sleeps: may. */
void registry_leave_locked(struct segment *seg, bool spent);
/* A linked task has one holding more at a slot, or one less. */
void registry_keep_spent_locked(uint slot, int change);
static inline void registry_keep_locked(int handle, int change)
{
    if (registry.nspent)
        registry_keep_spent_locked(registry_slot(handle), change);
}
/* The link to the segment with this identifier, born or not; to NULL where it would be. */
MUST_CHECK struct segment **registry_find_locked(uint id);
/* The segment, born or not, with the lowest slot >= *slot, which it stores; NULL when there is none. */
MUST_CHECK struct segment *registry_next_locked(uint *slot);
/* The root of one of the trees of identifiers, of which there are as many as slots. */
struct segment **registry_tree_at(uint i);

/* segment.c: birth, death, delete, info. */

/* Nothing refers to it any more: it joins *dead, or is freed at once.  Walks.  Sleeps: may. */
void segment_die_locked(struct segment *seg, struct segment **dead);
/* Gives n references back (§5.5: an unmarked segment holds one to itself).  The only place where segments die.  Walks.
   Sleeps: may. */
static inline void segment_put_locked(struct segment *seg, uint n, struct segment **dead)
{
    seg->refs -= n;
    if (!seg->refs)
        segment_die_locked(seg, dead);
}
/* Frees the dead, while all others wait: whoever finds a segment gone finds its memory free (§12).  Sleeps: may. */
REACQUIRES void segment_bury_all_locked(struct segment *dead);
static inline void registry_release_buried(struct segment *dead)
{
    if (dead)
        segment_bury_all_locked(dead);
    registry_release_walked();
}

/* holding.c: a process's handles. */

/* The task's holding with this very handle, or NULL. */
MUST_CHECK struct holding *holding_look_up_locked(struct ksm_task *task, int handle);
/* The segment of a handle that is good in this process (§3.6, §3.8), or NULL; stores the holding. */
static inline struct segment *holding_segment_locked(struct ksm_task *task, int handle,
                                                     struct holding **holding)
{
    struct holding *h = task->recent;

    if (!h || h->handle != handle)
        h = holding_look_up_locked(task, handle);
    *holding = h;
    return h ? h->segment : NULL;
}
/* The holding for a slot: a good one, or one of no segment, found or made; NULL when memory runs out. */
MUST_CHECK struct holding *holding_make_locked(struct ksm_task *task, uint slot);
/* Takes back what holding_make_locked() made. */
void holding_cancel_locked(struct holding *h, uint slot);
/* From now on it is the holding of this segment. */
void holding_settle_locked(struct holding *h, struct segment *seg);
/* Its segment is dead, and it is in no segment's list.  The process keeps it for a while (§3.8). */
void holding_retire_locked(struct holding *h);
/* The same for all holdings of a segment.  Walks.  Sleeps: may. */
void holding_retire_all_locked(struct segment *seg);
static inline void holding_init(struct holding *h, struct ksm_task *task, int handle)
{
    h->handle = handle;
    h->segment = NULL;
    h->task = task;
    h->nattached = 0;
    h->first.holding = NULL;
    list_init(&h->in_segment);
    list_init(&h->attachments);
}
static inline bool holding_any(const struct ksm_task *task)
{
    return !list_empty(&task->holdings) || !list_empty(&task->dead);
}

/* attach.c: what all that attaches or detaches is made of. */

/* NULL when memory runs out.  The holding's process calls them, or for a new child its parent. */
MUST_CHECK struct attachment *attachment_alloc(struct holding *h);
void attachment_free(struct attachment *a);
/* A process, pid, has attached the segment n times more, or n times less.  References are the caller's matter. */
void count_attach_locked(struct segment *seg, uint n, int pid);
void count_detach_locked(struct segment *seg, uint n, int pid);

/* visit.c: a walk over all segments, and over the holdings of each. */

/* Fields:  K ksm lock   o only the walking thread.  It begins as zeroes, but for the marker: holding_init(). */
struct visit {
    /* [o] what the last step found, good while the lock is held; one is NULL, or both */
    struct segment *segment;
    const struct holding *holding;
    uint slot;             /* [o] the next one to look at; that of the marker's segment is the one before */
    uint nleft;            /* [o] holdings to visit at most: others may come as fast as they are visited */
    struct holding marker; /* [K] before the next holding; a holding of no task */
};
/* A step.  False: that was all. */
MUST_CHECK bool visit_next_locked(struct visit *v);

/* wait.c: sleepers on words. */

#define NSTRIPES   16u /* twice as many as processors: two words rarely meet */
#define QUEUE_BITS 6   /* 64 queues in a stripe: as many sleepers as there are processes make short ones */
#define WORD_SIZE  4u

struct stripe {
    struct spinlock lock;
    struct list queues[1 << QUEUE_BITS]; /* [W] of struct ksm_word */
};
extern struct stripe stripes[NSTRIPES];
extern struct spinlock peers_lock;

static inline struct stripe *stripe_of(const struct segment *seg)
{
    return &stripes[(uint)seg->handle % NSTRIPES];
}

static inline struct list *queue_of(struct stripe *stripe, const struct segment *seg, uint offset)
{
    return &stripe->queues[spread(offset / WORD_SIZE + (uint)seg->handle, QUEUE_BITS)];
}

void wait_init(void);
/* The sleepers on the segment's words that any end wakes return and look again (§11.6).  Walks.  Sleeps: may. */
void wait_wake_all_locked(struct segment *seg);
/* The sleepers that wait for this process's end do so (§11.7).  No lock is held.  Sleeps: may. */
void wait_wake_watchers(struct ksm_task *task);
/* word.c: the word at a user address of this task.  May it be read?  Words in attachments may. */
MUST_CHECK bool word_readable(const struct ksm_task *task, uint va);
MUST_CHECK uint word_read(const struct ksm_task *task, uint va);

#endif
