/*
 * feed.c - processes in a snapshot for the feed (docs/feed.md).
 *
 *   P ...   each process, in the order of pids
 *   W ...   after the P of one that sleeps on a word: which, and whose end it waits for
 *   C ...   each processor, and whom it was seen to run
 *
 * Each process is looked at under the lock, and the lock is released before the next one: a line is true of one moment,
 * the snapshot as a whole is not.
 */
#include "base/event.h"
#include "base/printk.h"
#include "base/snapshot.h"
#include "proc/proc_impl.h"

#define NUMBER_SIZE 12u /* of a field that may be "-" */

static void put_lifeless(const struct proc *p)
{
    char name[FEED_NAME_SIZE];
    bool forming = p->life == PROC_FORMING && p->parent;

    snapshot_put("P %d %d %s - %d %u - 0 0 0 %s", p->pid, proc_parent_pid(p), forming ? "new" : "dead",
                 p->job, p->start_tick, feed_name(name, forming ? p->parent->name : p->name));
}

static void put_alive(const struct proc *p, const char *state, const char *cpu, const char *call)
{
    char name[FEED_NAME_SIZE];

    snapshot_put("P %d %d %s %s %d %u %s %x %x %x %s", p->pid, proc_parent_pid(p), state, cpu, p->job,
                 p->start_tick, call, p->guard, p->stack_top, proc_brk(p), feed_name(name, p->name));
}

/* What is read of a sleeper while it can't wake. */
struct asleep {
    const struct proc *p;
    uint call;
    bool waits; /* on a word */
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
    char call[NUMBER_SIZE];

    format(call, sizeof(call), "%u", a->call);
    put_alive(a->p, "sleep", "-", call);
    if (a->waits && w->holder)
        snapshot_put("W %x %x %x %d %d", w->id, w->va, w->offset, w->holder, w->peer);
    else if (a->waits)
        snapshot_put("W %x %x %x - %d", w->id, w->va, w->offset, w->peer);
}

static void put_awake(const struct proc *p, int running[])
{
    uint cpu = event_cpu(p->pid, &p->thread);
    char where[NUMBER_SIZE];

    if (cpu >= cpu_count) {
        put_alive(p, "ready", "-", "-");
        return;
    }
    running[cpu] = p->pid;
    format(where, sizeof(where), "%u", cpu);
    put_alive(p, "run", where, "-");
}

static void put_locked(struct proc *p, int running[])
{
    struct asleep asleep = { .p = p };

    if (p->life != PROC_ALIVE)
        put_lifeless(p);
    else if (thread_if_asleep(&p->thread, look_asleep, &asleep))
        put_asleep(&asleep);
    else
        put_awake(p, running);
}

void proc_snapshot(void)
{
    int running[NCPU] = { 0 };
    struct proc *p;
    uint pid = 1;

    /* Others fork meanwhile: there is room for NPROC. */
    for (uint n = 0; n < NPROC; n++, pid++) {
        spin_acquire(&proc_lock);
        p = proc_from_locked(&pid);
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
