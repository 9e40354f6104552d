/* mm_impl.h - structures that only kernel/mm knows. */
#ifndef MM_IMPL_H
#define MM_IMPL_H

#include "mm/aspace.h"
#include "pmap.h"

/* Fields:  o only its process, or the fork or exec that builds it */
struct aspace {
    struct pmap map;          /* [o] */
    uint brk;                 /* [o] private memory lies below it */
    uint nwritable;           /* [o] private pages that may be written: see aspace.c */
    struct mapping *mappings; /* [o] tree: mapping.h */
};

#endif
