/*
 * tree.c - all processes: their numbers, their families, and what other processes may ask about them.
 *
 *   FORMING (fork is at work) -> ALIVE -> DEAD (a zombie, until its parent waits for it) -> gone
 *
 * A table leads from a pid to its process, from FORMING to the end.  A process stands in its parent's list
 * of children while it lives and in its list of the dead afterwards; init adopts the orphans of both kinds.
 *
 * A job is what the console's shell starts at once: a child of it, and all descendants of that.  Its number is
 * the child's pid.  One job may be in the foreground, until its first process ends: what that leaves behind runs on
 * in the background.  A shell that never calls foreground() has no jobs.
 *
 * A child to which the shell hands the console is a shell in its turn, in no job, and has jobs of its own.
 *
 * proc_lock guards all of this.  It also guards the name and the address space of a living process, which other
 * processes look at: the process itself changes them under the lock.
 */
#include "base/event.h"
#include "base/kstring.h"
#include "base/printk.h"
#include "base/snapshot.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "proc/proc_impl.h"

#define LAST_PID 0x7fffffffu

#define CALLERS   10u                  /* that are shown of a sleeper */
#define LINE_SIZE (64u + 9u * CALLERS) /* of the list of processes */

#define SEEN_AT_ONCE 32u /* processes looked at, or killed, while the lock is held */

#define DEPTH_SHELL   1u /* the console's shell: a child of init, or one to which a shell hands the console */
#define DEPTH_COMMAND 2u /* the programs that it starts directly */

#define RESERVED_NUMBERS 16u /* of NPROC, for depths up to DEPTH_COMMAND: a shell can always clean up */
#define SHELL_RESERVE    16u /* of the last pages, for init and a shell that knows no jobs */
#define OTHERS_RESERVE   16u /* of them, for others than a job's first process, which they may outlive */

struct spinlock proc_lock = SPINLOCK_INIT(RANK_PROC, "proc");
struct proc *proc_one; /* [I] */
bool proc_foreign;

static struct table procs = TABLE_INIT; /* [P] pid -> struct proc */
static uint nprocs;                     /* [P] */
static uint last_pid;                   /* [P] */
static volatile int foreground;         /* [P to change] a job, or 0; -pid: the next child of this shell */
static volatile bool handing_over;      /* [P to change] which is to be a shell too */
static volatile int keys_reader;        /* a pid, or 0; only the process itself changes it */

/* How many of the last pages the process may take (§10). */
static uint reserve_locked(const struct proc *p)
{
    if (p->depth <= DEPTH_SHELL)
        return PAGE_RESERVE;
    if (p->job)
        return p->job != foreground ? 0 : p->job == p->pid ? PAGE_RESERVE : OTHERS_RESERVE;
    return p->depth == DEPTH_COMMAND ? PAGE_RESERVE - SHELL_RESERVE : 0;
}

/* Numbers are given out in order, so that one is not used again soon. */
static bool number_locked(struct proc *p)
{
    uint pid = table_first_free(&procs, last_pid + 1);

    if (pid > LAST_PID)
        pid = table_first_free(&procs, 1);
    if (nprocs >= (p->depth <= DEPTH_COMMAND ? NPROC : NPROC - RESERVED_NUMBERS) ||
        !table_set(&procs, pid, p))
        return false;
    p->pid = (int)pid;
    if (p->parent && p->depth > DEPTH_SHELL)
        p->job = p->parent->controls_jobs ? p->pid : p->parent->job;
    last_pid = pid;
    nprocs++;
    return true;
}

/* Will its next child be a shell in its turn? */
static bool hands_over(const struct proc *p) { return handing_over && foreground == -p->pid; }

struct proc *proc_new(struct proc *parent)
{
    struct proc *p = kmalloc_zeroed(sizeof(*p));
    bool numbered;

    if (!p)
        return NULL;
    p->life = PROC_FORMING;
    p->parent = parent;
    p->depth = !parent ? 0 : parent->depth + (parent->depth <= DEPTH_COMMAND && !hands_over(parent));
    list_init(&p->children);
    list_init(&p->sibling);
    list_init(&p->dead);
    waitq_init(&p->child_died);
    spin_acquire(&proc_lock);
    numbered = number_locked(p);
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
        if (foreground == -p->parent->pid)
            foreground = p->job;
        if (thread_killed(&p->parent->thread))
            thread_kill(&p->thread); /* a kill that did not find it yet */
    }
    p->thread.reserve = reserve_locked(p);
    spin_release(&proc_lock);
}

/* The process with this pid, dead or alive, or NULL. */
static struct proc *find_locked(int pid)
{
    struct proc *p = pid > 0 ? table_get(&procs, (uint)pid) : NULL;

    return p && p->life != PROC_FORMING ? p : NULL;
}

int proc_kill(int pid)
{
    struct proc *p;

    spin_acquire(&proc_lock);
    p = find_locked(pid);
    if (p == proc_one)
        p = NULL;
    if (p && p->life == PROC_ALIVE)
        thread_kill(&p->thread);
    spin_release(&proc_lock);
    return p ? 0 : -1;
}

/* The first living process with a pid above `pid`, or NULL.  It releases the lock for a moment now and then, as *nseen
   tells: what is forked meanwhile has a higher number. */
static struct proc *REACQUIRES next_alive_locked(uint pid, uint *nseen)
{
    struct proc *p;

    do {
        if (++*nseen % SEEN_AT_ONCE == 0) {
            spin_release(&proc_lock);
            spin_acquire(&proc_lock);
        }
        pid++;
        p = table_next(&procs, &pid);
    } while (p && p->life != PROC_ALIVE);
    return p;
}

/* Calls act() for each living process of a job.  False: there is none. */
static bool job_for_each(int job, void (*act)(struct proc *p))
{
    bool found = false;
    struct proc *p;
    uint nseen = 0;

    spin_acquire(&proc_lock);
    for (uint pid = 0; job > 0 && (p = next_alive_locked(pid, &nseen)); pid = (uint)p->pid) {
        if (p->job != job)
            continue;
        act(p);
        found = true;
    }
    spin_release(&proc_lock);
    return found;
}

static void kill_locked(struct proc *p) { thread_kill(&p->thread); }

/* A child that one of them is making has the larger pid: it is found later, or dies when it is published. */
int proc_kill_job(int job) { return job_for_each(job, kill_locked) ? 0 : -1; }

static void update_reserve_locked(struct proc *p) { thread_set_reserve(&p->thread, reserve_locked(p)); }

int proc_set_foreground(int pid)
{
    struct proc *self = proc_self(), *p;
    bool allowed;
    int old;

    spin_acquire(&proc_lock);
    p = find_locked(pid);
    old = foreground;
    allowed = self->depth == DEPTH_SHELL && (pid == 0 || pid == self->pid || pid == -self->pid ||
                                             (p && p->parent == self && p->life == PROC_ALIVE));
    if (allowed) {
        self->controls_jobs = true;
        handing_over = pid < 0;
        foreground = pid == self->pid ? -pid : pid;
    }
    spin_release(&proc_lock);
    if (!allowed)
        return -1;
    job_for_each(old, update_reserve_locked);
    job_for_each(pid, update_reserve_locked);
    return 0;
}

int proc_foreground(void) { return foreground; }

bool proc_is_shell(void) { return proc_self()->depth == DEPTH_SHELL; }

void proc_read_keys(bool on) { keys_reader = on ? proc_self()->pid : 0; }

int proc_keys_reader(void) { return keys_reader; }

void proc_set_dead(struct proc *self)
{
    int old = 0;

    if (keys_reader == self->pid)
        keys_reader = 0;
    spin_acquire(&proc_lock);
    self->life = PROC_DEAD;
    if (self->controls_jobs || self->pid == foreground) {
        old = foreground; /* perhaps another's than self->job: a shell leaves its job behind */
        foreground = 0;
    }
    spin_release(&proc_lock);
    job_for_each(old, update_reserve_locked);
}

int proc_next(int pid)
{
    struct proc *p;
    int next;
    uint nseen = 0;

    spin_acquire(&proc_lock);
    p = next_alive_locked(pid > 0 ? (uint)pid : 0, &nseen);
    next = p ? p->pid : -1;
    spin_release(&proc_lock);
    return next;
}

static int state_of(const struct proc *p)
{
    switch (p->thread.state) {
    case THREAD_RUNNING:
        return PROC_RUNNING;
    case THREAD_READY:
    case THREAD_NEW:
        return PROC_READY;
    default:
        return PROC_SLEEPING;
    }
}

static int parent_pid(const struct proc *p) { return p->parent ? p->parent->pid : 0; }

static uint brk_of(const struct proc *p) { return p->thread.aspace ? aspace_brk(p->thread.aspace) : 0; }

int proc_info(int pid, struct procinfo *info)
{
    struct proc *p;

    memset(info, 0, sizeof(*info));
    spin_acquire(&proc_lock);
    p = find_locked(pid);
    if (p && p->life != PROC_ALIVE)
        p = NULL; /* §11.6: a zombie is not alive */
    if (p) {
        info->pid = p->pid;
        info->ppid = parent_pid(p);
        info->state = state_of(p);
        info->start = p->start_tick;
        info->nbytes = brk_of(p);
        info->nattached = p->ksm.nattached;
        info->job = p->job;
        info->nticks = p->thread.nticks;
        string_copy(info->name, p->name, sizeof(info->name));
    }
    spin_release(&proc_lock);
    return p ? 0 : -1;
}

/* The line of a process: its state, and what follows that in docs/feed.md: processor, call. */
static void put_alive(const struct proc *p, const char *state, int cpu, uint call)
{
    char name[FEED_NAME_SIZE], where[12] = "-", what[12] = "-";

    if (cpu >= 0)
        format(where, sizeof(where), "%d", cpu);
    if (*state == 's')
        format(what, sizeof(what), "%u", call);
    snapshot_put("P %d %d %s %s %d %u %s %x %x %x %s", p->pid, parent_pid(p), state, where, p->job,
                 p->start_tick, what, p->guard, p->stack_top, brk_of(p), feed_name(name, p->name));
}

struct asleep {
    const struct proc *p;
    uint call;
    bool waits;
    struct ksm_sleeping word;
};

static void look_asleep(void *arg)
{
    struct asleep *a = arg;

    a->call = trapframe_syscall(trapframe_of(a->p->thread.kstack));
    a->waits = ksm_sleeping(&a->p->ksm, &a->word);
}

static void put_asleep(const struct asleep *a)
{
    const struct ksm_sleeping *w = &a->word;

    put_alive(a->p, "sleep", -1, a->call);
    if (a->waits && w->holder)
        snapshot_put("W %x %x %x %d %d", w->id, w->va, w->offset, w->holder, w->peer);
    else if (a->waits)
        snapshot_put("W %x %x %x - %d", w->id, w->va, w->offset, w->peer);
}

static void put_locked(struct proc *p, int running[])
{
    char name[FEED_NAME_SIZE];
    bool forming = p->life == PROC_FORMING && p->parent;
    uint cpu = event_cpu(p->pid, &p->thread);
    struct asleep asleep = { .p = p };

    if (p->life != PROC_ALIVE) {
        snapshot_put("P %d %d %s - %d %u - 0 0 0 %s", p->pid, parent_pid(p), forming ? "new" : "dead", p->job,
                     p->start_tick, feed_name(name, forming ? p->parent->name : p->name));
    } else if (thread_if_asleep(&p->thread, look_asleep, &asleep)) {
        put_asleep(&asleep);
    } else {
        put_alive(p, cpu < cpu_count ? "run" : "ready", cpu < cpu_count ? (int)cpu : -1, 0);
        if (cpu < cpu_count)
            running[cpu] = p->pid;
    }
}

void proc_snapshot(void)
{
    int running[NCPU] = { 0 };
    struct proc *p;
    uint pid = 1;

    /* Others fork meanwhile: there is room for NPROC. */
    for (uint n = 0; n < NPROC; n++, pid++) {
        spin_acquire(&proc_lock);
        p = table_next(&procs, &pid);
        if (p)
            put_locked(p, running);
        spin_release(&proc_lock);
        if (!p)
            break;
        sched_checkpoint();
    }
    for (uint cpu = 0; cpu < cpu_count; cpu++)
        snapshot_put("C %u %d", cpu, running[cpu]);
}

bool proc_watch(int pid, struct ksm_sleeper *sleeper)
{
    struct proc *p;
    bool alive;

    spin_acquire(&proc_lock);
    p = find_locked(pid);
    alive = p && p->life == PROC_ALIVE;
    if (alive)
        ksm_watch(&p->ksm, sleeper);
    spin_release(&proc_lock);
    return alive;
}

/* The line of a living process, as this system shows it. */
static size_t own_line_locked(const struct proc *p, char *line)
{
    static const char *const states[] = {
        [PROC_SLEEPING] = "asleep",
        [PROC_READY] = "ready",
        [PROC_RUNNING] = "running",
    };

    if (p->life != PROC_ALIVE)
        return 0;
    return (size_t)format(line, LINE_SIZE, "%5d %5d %-8s %8u bytes %4u attached  %s\n", p->pid, parent_pid(p),
                          states[state_of(p)], brk_of(p), p->ksm.nattached, p->name);
}

static const char *foreign_state(const struct proc *p)
{
    static const char *const states[] = {
        [PROC_SLEEPING] = "sleep ",
        [PROC_READY] = "runble",
        [PROC_RUNNING] = "run   ",
    };

    return p->life == PROC_FORMING ? "embryo" : p->life == PROC_DEAD ? "zombie" : states[state_of(p)];
}

/* The line of a process as xv6 shows it, with the calls that led a sleeper to its sleep. */
static size_t foreign_line_locked(const struct proc *p, char *line)
{
    uint callers[CALLERS];
    uint ncallers = p->life == PROC_ALIVE ? thread_callers(&p->thread, callers, CALLERS) : 0;
    size_t n = (size_t)format(line, LINE_SIZE, "%d %s %s", p->pid, foreign_state(p), p->name);

    for (uint i = 0; i < ncallers; i++)
        n += (size_t)format(line + n, LINE_SIZE - n, " %x", callers[i]);
    return n + (size_t)format(line + n, LINE_SIZE - n, "\n");
}

void proc_print_all(void)
{
    char line[LINE_SIZE];
    const struct proc *p;

    for (uint pid = 1;; pid++) {
        size_t n = 0;

        spin_acquire(&proc_lock);
        p = table_next(&procs, &pid);
        if (p)
            n = proc_foreign ? foreign_line_locked(p, line) : own_line_locked(p, line);
        spin_release(&proc_lock);
        if (!p)
            return;
        print_text(line, n);
        sched_checkpoint();
    }
}
