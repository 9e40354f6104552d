/*
 * load.h - executables: from an ELF file to an address space.
 *
 *   lowest p_vaddr                   highest segment's end, rounded up
 *        | segments ... | no access: guard | stack | heap ->
 */
#ifndef PROC_LOAD_H
#define PROC_LOAD_H

#include "fs/path.h"
#include "mm/aspace.h"

/* The caller's alone. */
struct image {
    struct aspace *as; /* the new address space, with segments, stack and break */
    uint entry;
    uint stack_top; /* just above the stack; its highest page has a frame already */
    bool foreign;   /* made for xv6, not for this system */
};

/* Makes a whole address space, which is the caller's, from the program in ip.  0, or -1: no executable for this
   machine, or no memory; nothing is left then.  Sleeps: may. */
int load_image(struct inode *ip, struct image *image);

#endif
