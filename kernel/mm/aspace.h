/*
 * aspace.h - the address space of a process.
 *
 *   0            image   guard  stack  heap ->  brk      free       <- mappings   0x80000000
 *
 * Below brk lies private memory, copy-on-write after fork; a page there that was never touched is a promise.
 * Above it are mappings of regions, from the top down (contract, 4.2).
 *
 * An address space belongs to one process and is changed by it alone: there is no lock.  Threads would change
 * that here first.  For the same reason a range that user_check() accepted stays good during a system call.
 */
#ifndef ASPACE_H
#define ASPACE_H

#include "arch.h"
#include "mm/region.h"

enum aspace_error { ASPACE_ENOMEM = -1, ASPACE_ENOVA = -2, ASPACE_EFAULT = -3 };

/* One mapping of a region; embedded in whatever describes the attachment. */
struct mapping {
    uint va;
    uint npages;
    struct region *region;
    bool writable;
    struct mapping *twin; /* while fork copies it: in the other process */
    /* node of the address space's tree: kernel/mm's business */
    struct mapping *left, *right;
    int height;
    uint gap;       /* free bytes between this mapping's end and the next one (or USER_END) */
    uint max_gap;   /* largest gap in the subtree */
    uint max_chunk; /* the same, each gap counted from its first multiple of CHUNK_SIZE on */
};

struct aspace;

/* An address space without private memory.  NULL for want of memory. */
struct aspace *aspace_create(void);
/* Frees private memory and page tables.  No mapping is left, and no processor runs on it. */
void aspace_destroy(struct aspace *as);
/* A copy-on-write copy of the private memory; mappings are not inherited here.  NULL for want of memory:
   frames, or promises for what the child may come to write. */
struct aspace *aspace_fork(struct aspace *parent);
/* Makes it the current thread's and loads it; returns the former.  NULL: the kernel's half alone. */
struct aspace *aspace_switch(struct aspace *as);

/* Building an image, for exec.  Pages [va, va+nbytes) become private memory at once, with their frames;
   writable or read-only; what lies between them stays without access.  Page-aligned; a page may be extended
   twice. */
int aspace_add_image(struct aspace *as, uint va, uint nbytes, bool writable);
/* As above, but only promised: zeroes, made on the first touch.  A few pages are made at once. */
int aspace_add_zero(struct aspace *as, uint va, uint nbytes);
/* A kernel address for byte va of the image (up to the end of its page); NULL if no frame is there. */
void *aspace_image_byte(struct aspace *as, uint va);
/* Page-aligned or not; the pages below it have been added. */
void aspace_set_brk(struct aspace *as, uint brk);
uint aspace_brk(const struct aspace *as);

/* Moves the break by delta bytes; stores the old one.  A failure changes nothing (4.3). */
int aspace_sbrk(struct aspace *as, int delta, uint *old);

/* A touch of va faulted: makes the page or breaks the sharing.  0: try again; else there is no such
   access. */
int aspace_fault(struct aspace *as, uint va, bool write);

/* Maps a whole region at the highest hole that fits (§4.2) and fills in *m.  ASPACE_ENOVA, ASPACE_ENOMEM. */
int aspace_map(struct aspace *as, struct mapping *m, struct region *r, bool writable);
/* For fork: maps and fills in *m as `from` is in the parent.  Once that is done for all of the parent's
   mappings, aspace_inherit_done() is called; until then aspace_unmap_all() alone may be.  ASPACE_ENOMEM. */
int aspace_inherit(struct aspace *child, struct mapping *m, struct mapping *from);
void aspace_inherit_done(struct aspace *child, const struct aspace *parent);
/* Unmaps it; the next touch faults, on every processor. */
void aspace_unmap(struct aspace *as, struct mapping *m);
/* Unmaps all there are.  Lets others run. */
void aspace_unmap_all(struct aspace *as);
/* The mapping that covers va, or NULL. */
struct mapping *aspace_mapping_at(const struct aspace *as, uint va);
/* The lowest mapping that starts at or above va, or NULL: for walking all of them. */
struct mapping *aspace_mapping_from(const struct aspace *as, uint va);

/* Do the page tables say the same as this mapping?  Its process may run, but not be changing its mappings. */
bool aspace_mapping_intact(const struct aspace *as, const struct mapping *m);
/* Panics if tree, page tables, counts or promises disagree. */
void aspace_check(const struct aspace *as);

#endif
