/*
 * job.c - jobs: what the console's shell starts, which of it is in the foreground, and who may take the last pages.
 *
 *   depth 0      init
 *         1      the console's shells: children of init, and children to which a shell hands the console
 *         2      the programs that a shell starts
 *         3      all below them
 *
 * A job is what a shell starts at once: a child of it, and all descendants of that.  Its number is the child's pid.
 * A shell is in no job itself.
 *
 * One job at most is in the foreground, until its first process ends: what that leaves behind runs on in the
 * background.  A shell names it after the fork; or it says before the fork that its next child will be it, or will be
 * a shell in its turn, so that nothing can happen in between.
 *
 * The last pages and numbers are reserved by depth and job (§10), so that whatever a job does, a shell can clean up.
 * A thread's reserve follows from the foreground, and is set anew when that changes.
 *
 * A shell that was given the console ends at the latest with the one that gave it: otherwise it and the next shell
 * would share what is typed.
 *
 * A job that kills its shell gains nothing by it.  In the foreground, where it may have taken all pages, it dies too.
 * In the background it can't take what the shell gives back: that is kept until init has started the next one.
 */
#include "mm/page.h"
#include "proc/proc_impl.h"

#define SHELL_RESERVE 16u /* of the last pages, for init and the shell where none calls foreground() */
#define SHELL_PAGES   40u /* what a shell takes */

static volatile uint foreground;  /* [P to change] a job, or 0 */
static bool foreground_chosen;    /* [P] a shell has called foreground() */
static struct proc *controller;   /* [P] the last shell that did, if it is alive */
static volatile uint keys_reader; /* atomic: a pid, or 0; its job is the foreground */

/* What a shell has said of its next child.  [P to change] */
static struct {
    int parent;    /* the shell's pid; 0: no shell has said anything */
    bool is_shell; /* it is to be a shell; else, the job in the foreground */
} next_child;

/* How many of the last pages the process may take (§10). */
static uint reserve_locked(const struct proc *p)
{
    if (p->depth <= DEPTH_SHELL)
        return PAGE_RESERVE + SHELL_PAGES;
    if (!foreground_chosen)
        return p->depth == DEPTH_COMMAND ? PAGE_RESERVE - SHELL_RESERVE : 0;
    if (p->job != (int)foreground)
        return 0;
    return p->pid == p->job ? PAGE_RESERVE : PAGE_LASTING; /* others may outlive the first one */
}

void job_enter_locked(struct proc *p)
{
    const struct proc *parent = p->parent;
    bool handed_over = next_child.is_shell && next_child.parent == parent->pid;

    p->depth = parent->depth + (!handed_over && parent->depth <= DEPTH_COMMAND);
    p->nesting = parent->nesting + handed_over;
    p->session = parent == proc_one ? p->pid : parent->session;
    if (p->depth > DEPTH_SHELL)
        p->job = parent->depth == DEPTH_SHELL ? p->pid : parent->job;
}

/* Is this process `self`, or a shell that has the console from it, directly or not? */
static bool has_console_from(const struct proc *p, const struct proc *self)
{
    return p == self || (p && p->session == self->session && p->depth == DEPTH_SHELL &&
                         self->depth == DEPTH_SHELL && p->nesting > self->nesting);
}

/* A walk that kills the processes of a job, on the killer's stack. */
struct killing {
    struct list link; /* [P] in killings */
    int job;
};
static struct list killings = LIST_INIT(killings); /* [P] under way */

/* A process that reads keys and is not of this job reads none from now on.  One that begins at the same time sees this
   job, or is seen here: each side writes before it looks. */
static void set_foreground_locked(int job)
{
    atomic_swap(&foreground, (uint)job);
    const struct proc *reader = proc_find_locked((int)keys_reader);
    if (reader && reader->job != job)
        atomic_cas(&keys_reader, (uint)reader->pid, 0);
}

void job_begin_locked(struct proc *p)
{
    if (p->parent && p->parent->pid == next_child.parent) {
        next_child.parent = 0;
        set_foreground_locked(p->job);
    }
    p->thread.reserve = reserve_locked(p);
    list_for_each(link, &killings)
        if (container_of(link, struct killing, link)->job == p->job)
            thread_kill(&p->thread); /* its number may be one that the walk has passed */
}

void job_shell_ends(const struct proc *self)
{
    struct proc_walk walk = { 0 };
    struct proc *p;

    spin_acquire(&proc_lock);
    while ((p = proc_walk_locked(&walk)))
        if (p != self && has_console_from(p, self))
            thread_kill(&p->thread);
    spin_release(&proc_lock);
    if (self->nesting == 0)     /* init replaces no other, whoever is its parent by now */
        page_keep(SHELL_PAGES); /* of what it gives back, until the next one runs */
}

int job_leave_locked(struct proc *self)
{
    int left = (int)foreground; /* perhaps another's than self->job: a shell leaves its job behind */
    const struct proc *reader = proc_find_locked((int)keys_reader);

    if (has_console_from(reader, self))
        atomic_cas(&keys_reader, (uint)reader->pid, 0);
    if (has_console_from(controller, self))
        controller = NULL;
    else if (self->pid != left)
        return 0;
    next_child.parent = 0;
    set_foreground_locked(0);
    return left;
}

/* A child that one of them is making dies when it is published. */
int proc_kill_job(int job)
{
    struct killing self = { .job = job };
    struct proc_walk walk = { 0 };
    int result = -1;
    struct proc *p;

    if (job <= 0)
        return -1;
    spin_acquire(&proc_lock);
    list_push_back(&killings, &self.link);
    while ((p = proc_walk_locked(&walk))) {
        if (p->job != job)
            continue;
        thread_kill(&p->thread);
        result = 0;
    }
    list_unlink(&self.link);
    spin_release(&proc_lock);
    return result;
}

/* A process that is published meanwhile has the right one already. */
void job_update_reserves(void)
{
    struct proc_walk walk = { 0 };
    struct proc *p;

    spin_acquire(&proc_lock);
    while ((p = proc_walk_locked(&walk)))
        if (p->thread.reserve != reserve_locked(p))
            thread_set_reserve(&p->thread, reserve_locked(p));
    spin_release(&proc_lock);
}

/* May this process pass this pid to foreground()?  A killed shell may not: see job_shell_ends(). */
static bool may_set_locked(const struct proc *self, int pid)
{
    const struct proc *p = proc_find_alive_locked(pid);

    return self->depth == DEPTH_SHELL && !thread_killed(&self->thread) &&
           (pid == 0 || pid == self->pid || pid == -self->pid || (p && p->parent == self && p->job));
}

int proc_set_foreground(int pid)
{
    struct proc *self = proc_self();
    bool of_next = pid == self->pid || pid == -self->pid, allowed, changes;
    int job = of_next ? 0 : pid;

    spin_acquire(&proc_lock);
    allowed = may_set_locked(self, pid);
    changes = allowed && (!foreground_chosen || job != (int)foreground);
    if (allowed) {
        self->controls_jobs = foreground_chosen = true;
        controller = self;
        next_child.parent = of_next ? self->pid : 0;
        next_child.is_shell = pid < 0;
        set_foreground_locked(job);
    }
    spin_release(&proc_lock);
    if (changes)
        job_update_reserves();
    return allowed ? 0 : -1;
}

int proc_foreground(void) { return (int)foreground; }

bool proc_is_shell(void) { return proc_self()->depth == DEPTH_SHELL; }

void proc_read_keys(bool on)
{
    atomic_swap(&keys_reader, on ? (uint)proc_self()->pid : 0);
    if (on && proc_self()->job != (int)foreground)
        atomic_cas(&keys_reader, (uint)proc_self()->pid, 0);
}

int proc_keys_reader(void) { return (int)keys_reader; }
