/*
 * malloc_impl.h - the allocator of malloc.c, and what is in front of it in a library that is built with DEBUG=1.
 *
 * A `site` is a place in the program that asked for something: the address of its call.  Sleeps: no.
 */
#ifndef MALLOC_IMPL_H
#define MALLOC_IMPL_H

#include "ulib.h"

#define HEAP_LARGEST 0x7FFF0000u /* bytes of a block; the address space ends at 0x80000000 */

/* n <= HEAP_LARGEST bytes, aligned to 16, with any contents.  grow: more memory may be asked for.  NULL: there is not
   enough. */
MUST_CHECK void *heap_alloc(uint n, bool grow);
void heap_free(void *p);
/* How many bytes it has room for. */
MUST_CHECK uint heap_size(const void *p);

#define CALL_SITE ((uint)__builtin_return_address(0) - 1)

#ifdef DEBUG
/* The same, checked; a mistake ends the program with a message.  p may be any number. */
MUST_CHECK void *checked_alloc(uint n, uint site);
void checked_free(void *p, uint site);
MUST_CHECK uint checked_size(void *p, uint site);
#else
static inline void *checked_alloc(uint n, uint site)
{
    (void)site;
    return n <= HEAP_LARGEST ? heap_alloc(n, true) : NULL;
}
static inline void checked_free(void *p, uint site)
{
    (void)site;
    heap_free(p);
}
static inline uint checked_size(void *p, uint site)
{
    (void)site;
    return heap_size(p);
}
#endif

#endif
