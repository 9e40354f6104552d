/*
 * tree.c - the tree of processes: their numbers, their lives, and who descends from whom.
 *
 *   FORMING (fork is at work) -> ALIVE -> DEAD (a zombie, until its parent waits for it) -> gone
 *
 * A table leads from a pid to its process, from FORMING to the end.  A process stands in its parent's list
 * of children while it lives and in its list of the dead afterwards; init adopts the orphans of both kinds.
 * One that is FORMING is found by walks over all numbers alone (proc_from_locked()), and by no call that names a pid.
 *
 * proc_lock guards the tree and the jobs (job.c).  It also guards the name and the address space of a living
 * process, which other processes look at: the process itself changes them under the lock.
 *
 * The lock is never held for long, however many processes there are: whoever walks over all of them releases it
 * now and then.
 */
#include "mm/slab.h"
#include "proc/proc_impl.h"

#define LAST_PID 0x7fffffffu

#define SEEN_AT_ONCE 16u /* processes looked at, or killed, while the lock is held */

#define RESERVED_NUMBERS 16u /* of NPROC, for depths up to DEPTH_COMMAND: a shell can always clean up */

struct spinlock proc_lock = SPINLOCK_INIT(RANK_PROC, "proc");
struct proc *proc_one; /* [I] */
bool proc_foreign;

static struct table procs = TABLE_INIT; /* [P] pid -> struct proc */
static uint nprocs;                     /* [P] */
static uint last_pid;                   /* [P] */

/* Numbers are given out in order, so that none is used again soon; after the largest, those in use are passed over. */
static bool number_locked(struct proc *p)
{
    uint pid = last_pid;

    do
        pid = pid == LAST_PID ? 1 : pid + 1;
    while (table_get(&procs, pid));
    p->pid = (int)pid;
    if (p->parent)
        job_enter_locked(p);
    if (nprocs >= (p->depth <= DEPTH_COMMAND ? NPROC : NPROC - RESERVED_NUMBERS) ||
        !table_set(&procs, pid, p))
        return false;
    last_pid = pid;
    nprocs++;
    return true;
}

struct proc *proc_new(struct proc *parent)
{
    struct proc *p = kmalloc_zeroed(sizeof(*p));

    if (!p)
        return NULL;
    p->life = PROC_FORMING;
    p->parent = parent;
    list_init(&p->children);
    list_init(&p->sibling);
    list_init(&p->dead);
    waitq_init(&p->child_died);
    spin_acquire(&proc_lock);
    bool numbered = number_locked(p);
    spin_release(&proc_lock);
    if (!numbered) {
        kfree(p);
        return NULL;
    }
    p->start_tick = ticks_now;
    return p;
}

void proc_delete(struct proc *p)
{
    spin_acquire(&proc_lock);
    table_remove(&procs, (uint)p->pid);
    nprocs--;
    spin_release(&proc_lock);
    kfree(p);
}

void proc_publish(struct proc *p)
{
    spin_acquire(&proc_lock);
    p->life = PROC_ALIVE;
    if (p->parent) {
        list_push_back(&p->parent->children, &p->sibling);
        if (thread_killed(&p->parent->thread))
            thread_kill(&p->thread); /* a kill that did not find it yet */
    }
    job_begin_locked(p);
    spin_release(&proc_lock);
}

void proc_set_dead(struct proc *self)
{
    if (self->controls_jobs)
        job_shell_ends(self);
    spin_acquire(&proc_lock);
    self->life = PROC_DEAD;
    int left = job_leave_locked(self);
    spin_release(&proc_lock);
    if (self->controls_jobs)
        proc_kill_job(left);
    else if (left)
        job_update_reserves();
}

struct proc *proc_find_locked(int pid)
{
    struct proc *p = pid > 0 ? table_get(&procs, (uint)pid) : NULL;

    return p && p->life != PROC_FORMING ? p : NULL;
}

struct proc *proc_find_alive_locked(int pid)
{
    struct proc *p = proc_find_locked(pid);

    return p && p->life == PROC_ALIVE ? p : NULL;
}

struct proc *proc_from_locked(uint *pid) { return table_next(&procs, pid); }

struct proc *REACQUIRES proc_walk_locked(struct proc_walk *walk)
{
    struct proc *p;

    do {
        if (++walk->nseen % SEEN_AT_ONCE == 0) {
            spin_release(&proc_lock);
            spin_acquire(&proc_lock);
        }
        walk->pid++;
        p = proc_from_locked(&walk->pid);
    } while (p && p->life != PROC_ALIVE);
    return p;
}

int proc_next(int pid)
{
    struct proc_walk walk = { .pid = pid > 0 ? (uint)pid : 0 };

    spin_acquire(&proc_lock);
    struct proc *p = proc_walk_locked(&walk);
    int next = p ? p->pid : -1;
    spin_release(&proc_lock);
    return next;
}

int proc_kill(int pid)
{
    spin_acquire(&proc_lock);
    struct proc *p = proc_find_locked(pid);
    if (p == proc_one)
        p = NULL;
    if (p && p->life == PROC_ALIVE)
        thread_kill(&p->thread);
    spin_release(&proc_lock);
    return p ? 0 : -1;
}

bool proc_watch(int pid, struct ksm_sleeper *sleeper)
{
    spin_acquire(&proc_lock);
    struct proc *p = proc_find_alive_locked(pid);
    if (p)
        ksm_watch(&p->ksm, sleeper);
    spin_release(&proc_lock);
    return p;
}
