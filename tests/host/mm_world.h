/*
 * mm_world.h - the real kernel/mm on an arena that plays the part of RAM, for tests with several processors.
 *
 * What a processor caches of page tables is played as well (fakes/tlb.h): a user's touch goes through it, and pages
 * that are freed while some processor may still reach them fail the test.
 */
#ifndef MM_WORLD_H
#define MM_WORLD_H

#include "fakes/orders.h"
#include "mm/aspace.h"
#include "mm/page.h"

/* Around each test.  All threads may use the last frame. */
void world_begin(void);
void world_end(void);

/* Takes frames, or gives some of them back, until `left` can be had.  world_end() gives all back. */
void world_leave_frames(uint left);

/* What a program does, on the thread's processor; false: there is no such access, and it would be killed. */
bool world_read(uint va, uint *word);
bool world_write(uint va, uint word);

/* Makes the thread's address space this one, and checks that its processor has forgotten the former. */
void world_enter(struct aspace *as);

#endif
