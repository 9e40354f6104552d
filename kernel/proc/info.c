/*
 * info.c - what a process looks like from outside: procinfo(), and the table of Ctrl-P.
 *
 * The table is printed a line at a time, since the console is slow, and the lock is not held meanwhile: it is not
 * the picture of one moment.  A foreign system gets the lines that xv6 prints.
 */
#include "base/kstring.h"
#include "base/printk.h"
#include "proc/proc_impl.h"

#define CALLERS   10u                  /* that are shown of a sleeper */
#define LINE_SIZE (64u + 9u * CALLERS) /* of the table */

static int state_of(const struct proc *p)
{
    enum thread_state state = p->thread.state;

    if (state == THREAD_RUNNING)
        return PROC_RUNNING;
    return state == THREAD_READY || state == THREAD_NEW ? PROC_READY : PROC_SLEEPING;
}

int proc_info(int pid, struct procinfo *info)
{
    memset(info, 0, sizeof(*info));
    spin_acquire(&proc_lock);
    struct proc *p = proc_find_alive_locked(pid); /* §11.6: a zombie is not alive */
    if (p) {
        info->pid = p->pid;
        info->ppid = proc_parent_pid(p);
        info->state = state_of(p);
        info->start = p->start_tick;
        info->nbytes = proc_brk(p);
        info->nattached = p->ksm.nattached;
        info->job = p->job;
        info->nticks = p->thread.nticks;
        string_copy(info->name, p->name, sizeof(info->name));
    }
    spin_release(&proc_lock);
    return p ? 0 : -1;
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
    return (size_t)format(line, LINE_SIZE, "%5d %7d  %-8s %8u %9u  %s\n", p->pid, proc_parent_pid(p),
                          states[state_of(p)], proc_brk(p), p->ksm.nattached, p->name);
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
    struct text text = { line, LINE_SIZE, 0 };

    text_add(&text, "%d %s %s", p->pid, foreign_state(p), p->name);
    for (uint i = 0; i < ncallers; i++)
        text_add(&text, " %x", callers[i]);
    text_add(&text, "\n");
    return text.n;
}

void proc_print_all(void)
{
    char line[LINE_SIZE];

    if (!proc_foreign)
        sched_print(line,
                    (uint)format(line, LINE_SIZE, "  pid  parent  state       bytes  attached  name\n"));
    /* Others fork meanwhile, perhaps as fast as it prints: NPROC are all that there were at the start. */
    for (uint pid = 1, nseen = 0; nseen < NPROC; pid++, nseen++) {
        spin_acquire(&proc_lock);
        const struct proc *p = proc_from_locked(&pid);
        size_t n = !p ? 0 : proc_foreign ? foreign_line_locked(p, line) : own_line_locked(p, line);

        spin_release(&proc_lock);
        if (!p)
            return;
        sched_print(line, n);
    }
}
