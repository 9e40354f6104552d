/*
 * region.h - sets of zeroed frames that address spaces can map.
 *
 * A region is created whole or not at all.  For each full 4 MB it owns a ready-made page table, so that
 * mapping, unmapping and inheriting set one directory entry for each 4 MB; the tail is copied by entries.  A
 * region does not count its mappings: its owner destroys it when there are none.  It needs no lock, as it
 * does not change.  The structure is its owner's memory, and stays where it is; only kernel/mm looks into it.
 */
#ifndef REGION_H
#define REGION_H

#include "arch.h"
#include "include/mustcheck.h"

/* Fields:  I immutable once it is made   m only region_create() and region_destroy() */
struct region {
    uint npages; /* [I] */
    uint nmade;  /* [m] pages that are there, if npages > 1: fewer only while it is made or freed */
    struct pmap_ready ready; /* [I] a page table for each full 4 MB, and the tail */
    uint single;             /* [I] the tail of a region of one page */
};

/* npages zeroed frames, npages > 0.  False: no memory, or the process was killed meanwhile; then there is nothing to
   destroy.  Holds no lock while it zeroes.  Sleeps: may. */
MUST_CHECK bool region_create(struct region *r, uint npages);
/* Gives all frames back.  Nothing maps it.  Sleeps: may, with more than one page. */
void region_destroy(struct region *r);
static inline uint region_npages(const struct region *r) { return r->npages; }

#endif
