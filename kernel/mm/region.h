/*
 * region.h - sets of zeroed frames that address spaces can map.
 *
 * A region is created whole or not at all.  For each full 4 MB it owns a ready-made page table, so that
 * mapping, unmapping and inheriting set one directory entry for each 4 MB; the tail is copied by entries.  A
 * region does not count its mappings: its owner destroys it when there are none.  It needs no lock, as it
 * does not change.
 */
#ifndef REGION_H
#define REGION_H

#include "arch.h"
#include "include/mustcheck.h"

struct region;

/* npages zeroed frames, npages > 0.  NULL: no memory, or the process was killed meanwhile.  Holds no lock while
   it zeroes.  Sleeps: may. */
MUST_CHECK struct region *region_create(uint npages);
/* Gives all frames back.  Nothing maps it.  Sleeps: may. */
void region_destroy(struct region *r);
/* Sleeps: no. */
uint region_npages(const struct region *r);

#endif
