/*
 * inject.h - debug builds can make any allocation fail, to try out what happens then.
 */
#ifndef INJECT_H
#define INJECT_H

#include "arch.h"

#ifdef DEBUG
/* The nth allocation from now on (frame, promise or kernel object; 1 is the next) of this process fails, or
   that of a child it makes meanwhile, each counting for itself.  0: none does.  Sleeps: no. */
void page_inject_failure(uint nth);
/* Counts an allocation; true when it is the one that is to fail.  Sleeps: no. */
bool inject_now(void);
#else
static inline bool inject_now(void) { return false; }
#endif

#endif
