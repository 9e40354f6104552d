/*
 * user.h - memory of the current process, as system calls reach it.
 *
 * user_check() is asked first, for the whole range; after it, the kernel may read or write the range
 * by bytes_to_user() and its kin for the rest of the call: pages that are not made yet are made by the fault.  The
 * bytes may be shared, and then change at any moment: what is decided on is copied in once, and the copy is
 * used (§4.6).  No lock is needed.  Sleeps: may, in ranges of 4 MB and more, where others get their turn.
 */
#ifndef KERNEL_USER_H
#define KERNEL_USER_H

#include "arch.h"
#include "include/mustcheck.h"

/* May the current process read (or write) nbytes at p?  nbytes > 0. */
MUST_CHECK bool user_check(const void USER *p, uint nbytes, bool write);
/* Check and copy; 0, or -1 with nothing written. */
MUST_CHECK int user_copy_in(void *dst, const void USER *src, uint nbytes);
/* Copies a string with its 0, size > 0.  Its length, or -1: it leaves readable memory, or is longer than
   size-1. */
MUST_CHECK int user_copy_string(char *dst, const void USER *src, uint size);

#endif
