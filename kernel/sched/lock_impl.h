/* lock_impl.h - what debug builds check about mutexes; nothing in others.  For lock.c alone.  Sleeps: no. */
#ifndef LOCK_IMPL_H
#define LOCK_IMPL_H

#include "sched/lock.h"

#ifdef DEBUG
void mutex_debug_acquire(const struct mutex *m);
void mutex_debug_acquired(const struct mutex *m);
void mutex_debug_release(const struct mutex *m);
#else
static inline void mutex_debug_acquire(const struct mutex *m) { (void)m; }
static inline void mutex_debug_acquired(const struct mutex *m) { (void)m; }
static inline void mutex_debug_release(const struct mutex *m) { (void)m; }
#endif

#endif
