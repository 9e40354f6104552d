/*
 * mapping.h - the tree of an address space's mappings.
 *
 * Ordered by address and balanced; the time of every operation grows with the logarithm of their number.
 * Mappings do not overlap and lie below USER_END.  No memory is allocated: struct mapping is the node, and
 * belongs to the caller.  There is no lock: see aspace.h.  Sleeps: no.
 */
#ifndef MAPPING_H
#define MAPPING_H

#include "include/mustcheck.h"
#include "mm/aspace.h"

static inline uint mapping_end(const struct mapping *m) { return m->va + (m->npages << PAGE_SHIFT); }

/* The bytes of a gap at va that mappings at multiples of CHUNK_SIZE can use. */
static inline uint mapping_chunk_room(uint va, uint gap)
{
    uint skipped = -va & (CHUNK_SIZE - 1);

    return gap > skipped ? gap - skipped : 0;
}

/* m->va and m->npages are set, and nothing is mapped there. */
void mapping_insert(struct mapping **root, struct mapping *m);
/* m is in the tree. */
void mapping_remove(struct mapping **root, struct mapping *m);

/* Fork copies a whole tree without searching: *root is a chain of copies until mapping_twins_done(), after
   the last of the parent's mappings, gives it the shape of the parent's tree.  It calls pause() after each, which may
   sleep: then nobody else may use the trees. */
void mapping_add_twin(struct mapping **root, struct mapping *m, struct mapping *from);
void mapping_twins_done(struct mapping **root, const struct mapping *parent_root, void (*pause)(void));
/* Takes the lowest mapping out, or the last twin; NULL: there is none.  What is left is good for nothing but
   this. */
struct mapping *mapping_pop(struct mapping **root);

/* The mapping that covers va, or NULL. */
struct mapping *mapping_at(struct mapping *root, uint va);
/* The lowest mapping that starts at va or above, or NULL. */
struct mapping *mapping_from(struct mapping *root, uint va);

/* The highest hole of nbytes (a multiple of PAGE_SIZE) between `floor` and USER_END; from CHUNK_SIZE bytes
   up at a multiple of CHUNK_SIZE.  floor lies below all mappings, page-aligned.  0: there is none. */
MUST_CHECK uint mapping_find_hole(struct mapping *root, uint floor, uint nbytes);

/* check.c, of debug kernels: what is wrong with the tree, or NULL; counts the pages of all mappings. */
const char *mapping_check(struct mapping *root, uint *npages);

#endif
