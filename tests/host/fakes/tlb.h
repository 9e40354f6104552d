/*
 * tlb.h - what processors keep of page tables, as far as a test watches.  It takes the place of the machine's io.h.
 *
 * The worst that is allowed (Intel SDM 3A 4.10.2 to 4.10.4): at each point a processor caches every entry on the way to
 * the watched addresses that is present then, page tables and pages, and keeps it until it is told to forget.
 */
#ifndef TLB_H
#define TLB_H
#define IO_H /* kernel/arch/i386/io.h is not wanted */

#include <stdbool.h>
#include <stddef.h>

#include "kernel/arch/i386/layout.h"

#include "include/types.h"

#define TLB_NCPUS 4u

/* The processor's own, as the kernel sees it. */
uint cr3_read(void);
void cr3_write(uint pa);
void tlb_drop(uint va);

/* The test's.  Nothing is watched and nothing cached at first. */
void tlb_watch(uint va);
void tlb_watch_none(void);
/* This processor caches what it may. */
void tlb_fill(void);
/* Where this processor finds a byte; NULL: a page fault, after which it has nothing cached of that page. */
void *tlb_walk(uint va, bool write);
/* May this processor be left with what it has cached?  Checks that it agrees with the page tables. */
void tlb_check(void);
/* Checks that this page, which is about to be freed, is no page table for any processor, and no page for this one.
   (Another one may be about to forget it: between its copy of the page and its return to the program.) */
void tlb_check_unreachable(const void *page);

/* Of kernel/arch/i386/copy.h. */
void words_fill(uint *dst, uint word, size_t nwords);
void words_copy_masked(uint *dst, const uint *src, uint mask, size_t nwords);

#endif
