/*
 * mm_impl.h - what the files of this folder know of each other and nobody else does.
 */
#ifndef MM_PRIVATE_H
#define MM_PRIVATE_H

#include "mm/aspace.h"
#include "pmap.h"

struct aspace {
    struct pmap map;
    uint brk;                 /* private memory lies below it */
    uint nwritable;           /* private pages that may be written: see aspace.c */
    struct mapping *mappings; /* tree: mapping.h */
};

struct region {
    uint npages;
    uint nmade;   /* pages there are; less than npages only while it is made */
    uint ntables; /* whole page tables, for 4 MB each */
    uint ntail;   /* single entries behind them */
    uint *tail;
    uint tables[]; /* their ready directory entries; the tail's entries follow where they fit */
};

#endif
