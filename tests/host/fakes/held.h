/*
 * held.h - how many spin locks are held: nothing else runs between the acquiring of one and its release.
 *
 * held.c counts in what a debug kernel's spin locks call.  The fakes that choose what runs ask.
 */
#ifndef HELD_H
#define HELD_H

#include "include/types.h"

extern uint nlocks_held;

#endif
