/*
 * userptr.h - USER, which makes a pointer one to user memory: see arch.h.
 *
 * clang and sparse have attributes for it.  gcc has none, but keeps pointers into its named address spaces apart as
 * well; nothing is ever reached through one.
 */
#ifndef USERPTR_H
#define USERPTR_H

#if defined(__clang__) || defined(__CHECKER__)
#define USER __attribute__((noderef, address_space(1)))
#else
#define USER __seg_fs
#endif

#endif
