/*
 * copy.h - moving and clearing memory, 16 bytes at a time where that pays.
 *
 * The kernel is compiled without vector registers, so those that these functions use hold the program's
 * values, or nothing when CR0.TS is set.  The functions save what they use on the stack, and put TS back as
 * it was: a page fault in the middle may come here again.  Interrupt handlers must not use them.
 * Sleeps: no.
 */
#ifndef COPY_H
#define COPY_H

#include "arch.h"

void copy_zero_page(void *page);
static inline void page_zero(void *page) { copy_zero_page(page); }

/* nwords times the same word. */
void words_fill(uint *dst, uint word, size_t nwords);
/* As words_copy(), each word ANDed with the mask. */
void words_copy_masked(uint *dst, const uint *src, uint mask, size_t nwords);

#endif
