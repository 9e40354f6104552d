/*
 * slab.h - kernel objects smaller than a page.
 *
 * Objects of one size class share frames; a frame goes back with its last object (contract, 8.4).
 */
#ifndef SLAB_H
#define SLAB_H

#include <stddef.h>

#define KMALLOC_MAX 4096u

/* n bytes, 16-aligned, undefined contents; a whole frame above 2,032; NULL when no frame is left.
   Sleeps: no.  Not from interrupts. */
void *kmalloc(size_t n);
void *kmalloc_zeroed(size_t n);
void kfree(void *p); /* NULL is fine */

#endif
