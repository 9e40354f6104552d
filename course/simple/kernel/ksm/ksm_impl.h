/*
 * ksm_impl.h - what the files of this room share.
 *
 *   registry.slots[i] --> struct segment ---- region (kernel/mm): zeroed frames
 *        ^                      ^
 *        | handle % NSLOTS      |
 *   struct ksm_task --list--> holding --list--> attachment = struct mapping in the address space
 *      (one a process)       (its handle)        (newest first)
 *
 * One spin lock, registry.lock, guards all of it; `_locked` functions need it held.  Pages are made and freed without
 * it.  Only a process itself changes its holdings and its address space.
 *
 * Fields:  I immutable after creation   K ksm lock   o only the process itself
 *
 * Sleeps: no, unless a contract below says otherwise.
 */
#ifndef KSM_IMPL_H
#define KSM_IMPL_H

#include "ksm/ksm.h"
#include "mm/region.h"
#include "sched/lock.h"
#include "sched/thread.h"

struct segment {
    uint id;                  /* [I] */
    uint nbytes;              /* [I] as asked for at creation */
    uint npages;              /* [I] */
    int handle;               /* [I] */
    int cpid;                 /* [I] creator */
    struct region region;     /* [I] */
    bool marked;              /* [K] */
    uint nattached;           /* [K] */
    int mpid;                 /* [K] last creation, attach, detach or delete */
    uint atime;               /* [K] last attach, in ticks; 0: never */
    uint dtime;               /* [K] last detach; 0: never */
    uint ctime;               /* [K] creation, or first marking */
    struct segment *next;     /* [o] after death: in the list of those to bury */
    char name[KSM_NAME_SIZE]; /* [K] one that it was asked for by (§13), or "" */
};

struct attachment {
    struct mapping mapping;  /* [I] where it is */
    struct segment *segment; /* [I] */
    struct list link;        /* [o] in its holding */
};

/* What one process has of one segment, which may be dead. */
struct holding {
    int handle;              /* [I] */
    struct list attachments; /* [o] newest first (§5.1) */
    struct list link;        /* [o] in its process's list */
};

#define NSLOTS KSM_DEFAULT_SEGMENTS

struct registry {
    struct spinlock lock;
    struct ksm_limits limits;      /* [I] */
    uint nsegments;                /* [K] totals (§8) */
    uint npages;                   /* [K] */
    uint nattached;                /* [K] */
    struct segment *slots[NSLOTS]; /* [K] NULL: free */
    int handles[NSLOTS];           /* [K] of the slot's segment, or of its next one */
    uint nused;                    /* [K] slots from here on were never taken */
};
extern struct registry registry;

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

/* segment.c */

/* The segment with this handle, whoever has it; NULL: it is dead. */
struct segment *segment_at_locked(int handle);
/* The segment behind a handle that is good in this process (§3.6, §3.8), or NULL; stores the holding. */
MUST_CHECK struct segment *segment_find_locked(struct ksm_task *task, int handle, struct holding **holding);
/* A new holding of a process; NULL: no memory. */
MUST_CHECK struct holding *holding_make(struct ksm_task *task, int handle);
/* The segment dies: it leaves the registry, and joins *dead. */
void segment_leave_locked(struct segment *seg, struct segment **dead);
/* Frees the dead.  The lock is not held.  Sleeps: may. */
void segment_bury(struct segment *dead);

/* wait.c */

void wait_init(void);
/* The process ends: those that sleep until then, or on words of its segments, look again (§11.6, §11.7). */
void wait_wake_end_locked(const struct ksm_task *task);
/* word.c: the word at a user address of this task.  May it be read?  Words in attachments may. */
MUST_CHECK bool word_readable(const struct ksm_task *task, uint va);
MUST_CHECK uint word_read(const struct ksm_task *task, uint va);

#endif
