/*
 * ksm_impl.h - what the files of this room share; nobody outside kernel/ksm includes it.
 *
 *   registry:  identifier --hash--> segment <--slot-- handle
 *   process:   handle slot --table--> holding --list--> attachments, newest first --> segment
 *
 * One spin lock, registry.lock (RANK_KSM), guards all of it.  The sleepers of wait.c have locks of their own
 * (RANK_KSM_WAIT), which are acquired inside or without it.
 *
 * Fields:  I immutable after creation   K ksm lock   W lock of the segment's stripe, see wait.c
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "base/list.h"
#include "ksm/ksm.h"
#include "sched/lock.h"
#include "sched/thread.h"

struct segment {
    uint id;               /* [I] */
    uint nbytes;           /* [I] as asked for at creation */
    uint npages;           /* [I] */
    int handle;            /* [I] */
    int cpid;              /* [I] creator */
    struct region *region; /* [K] NULL until it is born, and then immutable */
    struct segment *next;  /* [K] in the identifier's chain; after death in the list of those to bury */
    uint refs;             /* [K] 1 while unmarked + attachments + pins */
    uint nattached;        /* [K] */
    int mpid;              /* [K] last creation, attach, detach or delete */
    uint atime;            /* [K] last attach, in ticks; 0: never */
    uint dtime;            /* [K] last detach; 0: never */
    uint ctime;            /* [K] creation, or first marking */
    bool marked;           /* [K] */
    uint nfound;           /* [K] ksm_check()'s count of its references */
    struct list sleepers;  /* [W] sleepers on its words */
};

struct attachment {
    struct mapping mapping;  /* [I] where it is; the tree's links are the address space's */
    struct holding *holding; /* [I] */
    struct list link;        /* [K] in its holding */
};

/* What one process has of one segment.  It outlives the segment: whoever finds one asks holding_segment(). */
struct holding {
    int handle;              /* [K] 0: made for a segment that is not born yet */
    struct segment *segment; /* [K] for sure only while there are attachments, which hold references */
    struct list link;        /* [K] in its process */
    struct list attachments; /* [K] newest first (5.1) */
    struct attachment first; /* [K] saves an allocation where there is only one */
    bool first_used;         /* [o] by its process */
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

/* A hash of 1 to 32 bits: multiplying by 2^32 over the golden ratio spreads numbers that follow each
   other. */
static inline uint spread(uint n, uint bits) { return n * 2654435769u >> (32 - bits); }

/* registry.c: identifiers, handles, totals. */

struct slot {
    union {
        struct segment *segment; /* taken */
        uintptr_t next_free;     /* free: index of the next, or NO_SLOT */
    };
    uint state; /* free: the handle of its next segment; taken: the handle, and SLOT_TAKEN; SLOT_RETIRED */
};

#define SLOT_TAKEN     0x80000000u
#define SLOT_RETIRED   0u
#define NO_SLOT        (~0u)
#define SLOTS_PER_PAGE (PAGE_SIZE / sizeof(struct slot))

struct registry {
    struct spinlock lock;
    struct ksm_limits limits; /* [I] */
    uint nsegments;           /* [K] totals of those that are born (8) */
    uint npages;
    uint nattached;
    uint nunborn; /* [K] and of those whose pages are being made */
    uint nunborn_pages;
    struct waitq births;      /* [K] who waits for one to be decided */
    struct list tasks;        /* [K] tasks with holdings */
    struct slot **slot_pages; /* [I] */
    uint nslots;              /* [I] a power of two */
    uint nfresh;              /* [K] slots below were taken at least once */
    uint first_free;          /* [K] NO_SLOT: none but fresh ones */
};
extern struct registry registry;

static inline uint registry_slot(int handle) { return (uint)handle & (registry.nslots - 1); }
static inline struct slot *registry_slot_at(uint i)
{
    return &registry.slot_pages[i / SLOTS_PER_PAGE][i % SLOTS_PER_PAGE];
}
/* Is there a slot for one more segment? */
static inline bool registry_has_slot(void)
{
    return registry.first_free != NO_SLOT || registry.nfresh < registry.nslots;
}
/* The segment that has this handle, or had: then NULL. */
static inline struct segment *registry_find_handle(int handle)
{
    const struct slot *slot = registry_slot_at(registry_slot(handle));

    return slot->state == ((uint)handle | SLOT_TAKEN) ? slot->segment : NULL;
}

/* 0, or -1 for want of memory. */
int registry_init(const struct ksm_limits *limits);
/* Enters it under seg->id and gives it a handle; there is a slot. */
void registry_enter(struct segment *seg);
/* Takes it out.  spent: its handle was given out, and must never come again (3.8). */
void registry_leave(struct segment *seg, bool spent);
/* By identifier, born or not. */
struct segment *registry_find(uint id);
/* The segment, born or not, with the lowest slot >= *slot, which it stores; NULL when there is none. */
struct segment *registry_next(uint *slot);
/* Do slots, chains and free list agree?  NULL, or what is wrong. */
const char *registry_check(void);

/* segment.c: birth, death, delete, info. */

/* Gives one reference back; a segment that dies of it joins *dead.  The only place where segments die.
   Lock held. */
void segment_put(struct segment *seg, struct segment **dead);
/* Frees what died.  Lock not held: it may sleep. */
void segment_bury_all(struct segment *dead);
static inline void segment_bury(struct segment *dead)
{
    if (dead)
        segment_bury_all(dead);
}

/* holding.c: what a process has got; lock held for all of them. */

/* The holding that a task has for this very handle, or NULL. */
struct holding *holding_look_up(struct ksm_task *task, int handle);
/* The segment behind a handle that is good in this process (3.6, 3.8), or NULL; stores the holding. */
static inline struct segment *holding_segment(struct ksm_task *task, int handle, struct holding **holding)
{
    struct holding *h = task->recent;

    if (!h || h->handle != handle)
        h = holding_look_up(task, handle);
    *holding = h;
    return h ? registry_find_handle(handle) : NULL;
}
/* The holding for a slot, found or made; NULL for want of memory.  Its handle is that of a dead segment,
   or 0. */
struct holding *holding_make(struct ksm_task *task, uint slot);
/* Takes back what holding_make() made. */
void holding_cancel(struct ksm_task *task, uint slot);
/* From now on it is the holding of this segment; drops some that are dead (3.8). */
void holding_settle(struct ksm_task *task, struct holding *h, struct segment *seg);
static inline void holding_init(struct holding *h, int handle, struct segment *seg)
{
    h->handle = handle;
    h->segment = seg;
    h->first_used = false;
    list_init(&h->attachments);
}
static inline bool holding_any(const struct ksm_task *task) { return !list_empty(&task->holdings); }

/* wait.c. */

void wait_init(void);
/* All who sleep on the segment's words return and look again (11.6).  Ksm lock held. */
void wait_wake_all(struct segment *seg);
/* Are all sleepers where they should be?  Ksm lock held.  NULL, or what is wrong. */
const char *wait_check(void);
/* word.c: the word at a user address of this task. */
uint word_load(const struct ksm_task *task, uint va);

#endif
