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

/* Fields:  I immutable once it is made   m only region_create() and region_destroy() */
struct region {
    uint npages;   /* [I] */
    uint nmade;    /* [m] pages there are; less than npages only while it is made */
    uint ntables;  /* [I] whole page tables, for 4 MB each */
    uint ntail;    /* [I] single entries after them */
    uint *tail;    /* [I] */
    uint tables[]; /* [I] their ready directory entries; the tail's entries follow where they fit */
};

#endif
