/*
 * page_impl.h - what debug builds keep about free frames, to find a use of them; nothing in others.  For page.c alone.
 *
 * `caller` is who called the function that frees.  Sleeps: no.
 */
#ifndef PAGE_IMPL_H
#define PAGE_IMPL_H

#include "base/printk.h"
#include "mm/page.h"

#ifdef DEBUG
/* Notes who frees the page: the caller, and the thread. */
void page_sign(const void *page, const void *caller);
/* The same, and fills it, so that page_check_free() finds a later write. */
void page_poison(void *page, const void *caller);
/* Panics if a page that was free, or one with zeroes, has been written. */
void page_check_free(const void *page);
void page_check_zeroed(const void *page);
void page_freed_twice(const void *page) __attribute__((noreturn));
#else
static inline void page_sign(const void *page, const void *caller) { (void)page, (void)caller; }
static inline void page_poison(void *page, const void *caller) { (void)page, (void)caller; }
static inline void page_check_free(const void *page) { (void)page; }
static inline void page_check_zeroed(const void *page) { (void)page; }
static inline void page_freed_twice(const void *page) { panic("page %p is freed twice", page); }
#endif

#endif
