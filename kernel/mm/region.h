/*
 * region.h - sets of zeroed frames that address spaces can map.
 *
 * A region is created whole or not at all.  For each full 4 MB it owns a ready-made page table, so that
 * mapping, unmapping and inheriting set one directory entry for each 4 MB; the tail is copied by entries.  A
 * region knows nothing of who maps it: its owner destroys it when nobody does.
 */
#ifndef REGION_H
#define REGION_H

#include "arch.h"

struct region;

/* npages zeroed frames; NULL for want of memory.  Sleeps: it may; holds no lock while it zeroes. */
struct region *region_create(uint npages);
/* Gives all frames back.  Nobody maps it.  Sleeps: it may. */
void region_destroy(struct region *r);
uint region_npages(const struct region *r);

#endif
