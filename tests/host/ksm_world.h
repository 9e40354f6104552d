/*
 * ksm_world.h - processes for the tests of kernel/ksm, made and ended as kernel/proc does.
 */
#ifndef KSM_WORLD_H
#define KSM_WORLD_H

#include "fakes/fake.h"
#include "host.h"
#include "ksm/ksm.h"

#define PID_JANITOR 9999 /* of the process that cleans up */
#define HEAP_END    0x10000u

/* A system after boot, with these limits. */
void world_begin_with(struct ksm_limits limits);
void world_begin(void);
/* Ends all processes and deletes all segments; nothing may be left. */
void world_end(void);
/* Both: another system. */
void world_again(void);

struct ksm_task *world_task(int pid);
struct ksm_task *world_fork(struct ksm_task *parent, int pid); /* NULL: refused */
void world_exec(struct ksm_task *task);
void world_exit(struct ksm_task *task);

/* Waits as ksmwaitpeer() does; peer: NULL for any process, WORLD_NOBODY for none. */
#define WORLD_NOBODY ((struct ksm_task *)1)
int world_wait(struct ksm_task *task, uint va, uint expected, uint nticks, struct ksm_task *peer);

/* Get, which must work. */
int world_get(struct ksm_task *task, uint id, uint nbytes);
/* Attach, which must work: where it is. */
uint world_attach(struct ksm_task *task, int handle, uint flags);
struct ksminfo_t world_info(struct ksm_task *task, int handle);
/* The figures that a failed call must not change. */
struct world_figures {
    uint nsegments, npages, nattached, nobjects, nframes;
};
struct world_figures world_figures(void);
bool world_same(struct world_figures a, struct world_figures b);

/* ksm_check() finds nothing. */
#define check_sound() check_str(ksm_check(), NULL)
void world_check_sound(void); /* for fake_on_switch: unless a walk is under way */

#endif
