/*
 * fault.h - what ended a program, in words.
 */
#ifndef FAULT_H
#define FAULT_H

#include "arch.h"

/* One line without its end, for the author of the program: what it did, where in its code, and the calls that led
   there.  The current process is the one that faulted.  Sleeps: may. */
#define FAULT_WORDS 200 /* the longest has 195 characters: one message holds two lines */
void fault_words(const struct trap_info *info, char text[FAULT_WORDS]);

#endif
