/*
 * slab.h - kernel objects smaller than a page.
 *
 * Objects of one size class share frames; a frame goes back with its last object (§8.4).  An object belongs to
 * the caller of kmalloc() until kfree().  Lock: RANK_SLAB, taken and released inside; not from interrupts.
 */
#ifndef SLAB_H
#define SLAB_H

#include <stddef.h>

#include "include/mustcheck.h"

#define KMALLOC_MAX 4096u

/* Once at boot, before the first kmalloc().  Sleeps: no. */
void slab_init(void);
/* n bytes, 16-aligned, undefined contents; above half a page a whole frame.  NULL: no frame is left, or n is
   above KMALLOC_MAX.  Sleeps: no. */
MUST_CHECK void *kmalloc(size_t n);
/* The same, with zeroes.  Sleeps: no. */
MUST_CHECK void *kmalloc_zeroed(size_t n);
/* NULL is fine.  Sleeps: no. */
void kfree(void *p);

#endif
