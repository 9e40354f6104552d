/*
 * pool.h - memory for the large tables that are made at boot: a page of pointers to pages.  Sleeps: no.
 */
#ifndef POOL_H
#define POOL_H

#include "arch.h"
#include "include/mustcheck.h"

#define POOL_PAGES_MAX (PAGE_SIZE / sizeof(void *))

/* The page of pointers; the npages pages hold zeroes.  All of it is the caller's.  NULL: there is too little memory, or
   npages is above POOL_PAGES_MAX; then nothing is kept. */
MUST_CHECK void *pool_alloc(uint npages);
void pool_free(void *pool);

#endif
