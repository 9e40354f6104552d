/*
 * fs_cut.h - power cuts: is the disk what a prefix of the operations made of it?
 *
 * Series of operations (fsops.h), each in a place of its own, have left their history: what users saw in their place
 * after each of them.  world->events has each block that was written meanwhile, and each flush.  What was flushed is on
 * the disk; of the blocks written since, any may be, in any order.  After a cut the image must be consistent, mount,
 * and show in each place what its series had made after some operation: none that a sync() had promised is missing, and
 * none that ended a second ago.
 */
#ifndef FS_CUT_H
#define FS_CUT_H

#include "fs_world.h"

#define CUT_NOPS_MAX 1500u

/* In memory that all boots share. */
struct history {
    char place[DIRSIZ + 1]; /* a path */
    uint nops;
    uint fingerprint[CUT_NOPS_MAX + 1]; /* after this many operations; 0: the place did not exist */
    uint end_tick[CUT_NOPS_MAX + 1];
};
/* i: below WORLD_PLACES.  The first call is made before any boot. */
struct history *cut_history(uint i);

/* In a boot: n operations of this seed in place i, whose paths begin with the prefix, with a sync() now and then.  The
   first one makes the place, if it is not the root.  Records their history, and tells the flusher the time. */
void cut_work(uint i, const char *prefix, uint seed, uint n);

/* The disk as it is now is the one that the events to come change. */
void cut_keep_disk(void);
/* Sets the disk to what a power cut after event `cut` leaves: all up to the last flush, and each later block with this
   chance in 256.  Cuts come in ascending order. */
void cut_power(uint cut, uint chance);
/* Cuts the power and looks at what is left, in nplaces places. */
MUST_CHECK bool cut_check(uint cut, uint chance, uint nplaces);
/* Mounts the disk as it is, and compares with what a cut after this event may leave. */
MUST_CHECK bool cut_look(const struct event *e, uint nplaces);

#endif
