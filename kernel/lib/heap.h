/*
 * heap.h - where the library's structures get their memory; kernel/mm/slab.c provides it, host tests have
 * their own.
 *
 * The full contract is in mm/slab.h.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

void *kmalloc_zeroed(size_t n);
void kfree(void *p);

#endif
