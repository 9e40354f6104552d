/*
 * aspace.h - the address space of a process.
 *
 *   0            image   guard  stack  heap ->  brk      free       <- mappings   0x80000000
 *
 * Below brk lies private memory, copy-on-write after fork; a page there may be a promise until it is touched.
 * Above it are mappings of regions, from the top down (§4.2).
 *
 * An address space belongs to one process, and only that process changes it: there is no lock.  Threads would
 * change that here first.  For the same reason a range that user_check() accepted stays good during a system
 * call.  A space that is being built, by fork or exec, belongs to its builder.
 */
#ifndef ASPACE_H
#define ASPACE_H

#include "arch.h"
#include "include/mustcheck.h"
#include "mm/region.h"

enum aspace_error { ASPACE_ENOMEM = -1, ASPACE_ENOVA = -2, ASPACE_EFAULT = -3 };

/* One mapping of a region; embedded in whatever describes the attachment, whose owner keeps it until it is
   unmapped.  Fields:  I immutable while it is mapped   o only the process, or the fork that copies it */
struct mapping {
    uint va;               /* [I] page-aligned */
    uint npages;           /* [I] */
    struct region *region; /* [I] */
    bool writable;         /* [I] */
    struct mapping *twin;  /* [o] while fork copies it: the one in the other process */
    /* node of the address space's tree: kernel/mm's business */
    struct mapping *left, *right; /* [o] */
    int height;                   /* [o] */
    uint gap;       /* [o] free bytes between this mapping's end and the next one, or USER_END */
    uint max_gap;   /* [o] largest gap in the subtree */
    uint max_chunk; /* [o] the same, each gap counted from its first multiple of CHUNK_SIZE on */
};

struct aspace;

/* An empty address space.  NULL: no memory.  Sleeps: no. */
MUST_CHECK struct aspace *aspace_create(void);
/* Frees private memory and page tables, and lets other threads run in between.  No mapping is left, and no
   processor runs on it.  Sleeps: may. */
void aspace_destroy(struct aspace *as);
/* A copy-on-write copy of the private memory of the current process; mappings are not inherited here.  NULL: no
   memory: frames, or promises for what the child may come to write.  Sleeps: may. */
MUST_CHECK struct aspace *aspace_fork(struct aspace *parent);
/* Makes it the current thread's and loads it; returns the former.  NULL: the kernel's half alone.
   Sleeps: no. */
MUST_CHECK struct aspace *aspace_switch(struct aspace *as);

/* Building an image, for exec, in a space that no process runs yet. */

/* Pages [va, va+nbytes) become private memory at once, with their frames; writable or read-only.  Both are
   page-aligned; a page may be added twice.  What lies between ranges stays without access.  0, ASPACE_ENOVA or
   ASPACE_ENOMEM; after an error the space is good for aspace_destroy() alone.  Sleeps: may. */
MUST_CHECK int aspace_add_image(struct aspace *as, uint va, uint nbytes, bool writable);
/* The same, writable and only promised: zeroes, made on the first touch.  A few pages are made at once.
   Sleeps: may. */
MUST_CHECK int aspace_add_zero(struct aspace *as, uint va, uint nbytes);
/* A kernel address for byte va of the image, good up to the end of its page; NULL: no frame is there.
   Sleeps: no. */
MUST_CHECK void *aspace_image_byte(struct aspace *as, uint va);
/* Page-aligned or not; the pages below it have been added.  Sleeps: no. */
void aspace_set_brk(struct aspace *as, uint brk);
/* Sleeps: no. */
uint aspace_brk(const struct aspace *as);

/* Moves the break by delta bytes, and stores the old one.  ASPACE_ENOVA or ASPACE_ENOMEM: nothing has changed
   (§4.3).  Sleeps: may. */
MUST_CHECK int aspace_sbrk(struct aspace *as, int delta, uint *old);

/* A touch of va faulted: makes the page or breaks the sharing.  0: the touch will succeed now; ASPACE_EFAULT:
   there is no such access.  The current process's space.  Sleeps: no. */
MUST_CHECK int aspace_fault(struct aspace *as, uint va, bool write);

/* Maps a whole region at the highest hole that fits (§4.2) and fills in *m.  0, ASPACE_ENOVA or ASPACE_ENOMEM.
   Sleeps: no. */
MUST_CHECK int aspace_map(struct aspace *as, struct mapping *m, struct region *r, bool writable);
/* For fork: maps and fills in *m as `from` is in the parent.  0 or ASPACE_ENOMEM.  After all of the parent's
   mappings the caller calls aspace_inherit_done(); until then it may call nothing but aspace_unmap_all().
   Sleeps: no. */
MUST_CHECK int aspace_inherit(struct aspace *child, struct mapping *m, struct mapping *from);
/* Sleeps: may. */
void aspace_inherit_done(struct aspace *child, const struct aspace *parent);
/* Unmaps it; the next touch faults, on every processor.  Sleeps: no. */
void aspace_unmap(struct aspace *as, struct mapping *m);
/* Unmaps all there are, and lets other threads run in between.  Sleeps: may. */
void aspace_unmap_all(struct aspace *as);
/* The mapping that covers va, or NULL.  Sleeps: no. */
struct mapping *aspace_mapping_at(const struct aspace *as, uint va);
/* Debug kernels only: the lowest mapping that starts at or above va, or NULL, for walking all of them.  Sleeps: no. */
struct mapping *aspace_mapping_from(const struct aspace *as, uint va);

/* Debug kernels only: do the page tables agree with this mapping?  Its process may run, but changes no mappings.
   Sleeps: no. */
bool aspace_mapping_intact(const struct aspace *as, const struct mapping *m);
/* Debug kernels only: panics if the current space's tree, page tables, counts or promises disagree.  Sleeps: no. */
void aspace_check(const struct aspace *as);
/* Debug kernels only: prints each run of pages of the same kind, in the order of their addresses, as
   0x00001000-0x00002000 read-only; the kinds are pmap.h's, and pages without access have no line.  The current
   process's space.  Sleeps: no. */
void aspace_print(const struct aspace *as);

#endif
