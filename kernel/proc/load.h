/*
 * load.h - executables: from an ELF file to an address space.
 *
 *                            highest segment's end, rounded up
 *   0       | segments ...   | no access: guard | stack | heap ->
 */
#ifndef PROC_LOAD_H
#define PROC_LOAD_H

#include "fs/path.h"
#include "include/mustcheck.h"
#include "mm/aspace.h"

/* The caller's alone. */
struct image {
    struct aspace *as; /* the new address space, with segments, stack and break */
    uint entry;
    uint guard;     /* the page without access between the segments and the stack */
    uint stack_top; /* just above the stack; its highest page has a frame already */
    bool foreign;   /* not this system's own: it gets what xv6 would give it */
};

#define LOAD_UNUSABLE (-10) /* apart from enum aspace_error */

/* Makes a whole address space, which is the caller's, from the program in ip.  0; LOAD_UNUSABLE or ASPACE_ENOVA: no
   executable for this machine; ASPACE_ENOMEM.  Nothing is left after an error.  Sleeps: may. */
MUST_CHECK int load_image(struct inode *ip, struct image *image);

#endif
