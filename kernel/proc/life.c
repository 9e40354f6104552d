/*
 * life.c - birth and death: fork, exit, wait.
 *
 * Fork prepares the child completely before any other process can see it.  Sharing the parent's attachments is
 * the last step that can fail, because it changes the segments' records (§7.1, §8.3).
 *
 * A dying process takes itself apart: files, attachments, memory, page tables.  It still needs its kernel
 * stack and its struct proc; its parent frees those in wait().  So the parent's wait() is short however large
 * the child was, and when it returns all of the child's memory is back (§8.4).
 */
#include "base/event.h"
#include "base/kstring.h"
#include "base/power.h"
#include "base/printk.h"
#include "fs/file.h"
#include "fs/path.h"
#include "proc/proc_impl.h"

#define ADOPTED_AT_ONCE 64u /* while the lock is held */

static void share_files(struct proc *parent, struct proc *child)
{
    child->nfiles = parent->nfiles;
    for (uint fd = 0; fd < parent->nfiles; fd++)
        if (parent->files[fd])
            child->files[fd] = file_dup(parent->files[fd]);
    child->cwd = inode_dup(parent->cwd);
}

static int make_child(struct proc *parent, const struct trapframe *tf)
{
    struct proc *child = proc_new(parent);
    int pid;

    if (!child)
        return -1;
    pid = child->pid;
    if (thread_create_user(&child->thread, child->name, tf) < 0)
        goto no_thread;
    child->thread.pid = pid;
    child->thread.aspace = aspace_fork(parent->thread.aspace);
    if (!child->thread.aspace)
        goto no_aspace;
    ksm_task_init(&child->ksm, pid, child->thread.aspace);
    if (ksm_fork(&parent->ksm, &child->ksm) < 0)
        goto no_attachments;
    fpu_copy(&child->thread, &parent->thread);
    share_files(parent, child);
    child->foreign = parent->foreign;
    string_copy(child->name, parent->name, sizeof(child->name));
    child->guard = parent->guard;
    child->stack_top = parent->stack_top;
    proc_publish(child);
    if (event_due(EVENT_RARE))
        event_put("E fork %d %d", parent->pid, pid);
    thread_start(&child->thread);
    return pid;

no_attachments:
    aspace_destroy(child->thread.aspace);
no_aspace:
    thread_destroy(&child->thread);
no_thread:
    proc_delete(child);
    return -1;
}

/* lasting: a program's child may outlive it, so it gets little of the reserve; a shell cleans up after its own. */
int proc_fork(const struct trapframe *tf)
{
    struct proc *self = proc_self();

    self->thread.lasting = self->depth > DEPTH_SHELL;
    int pid = make_child(self, tf);
    self->thread.lasting = false;
    return pid;
}

static void release_files(struct proc *self)
{
    for (uint fd = 0; fd < self->nfiles; fd++) {
        struct file *f = self->files[fd];

        self->files[fd] = NULL;
        if (f)
            file_close(f);
    }
    inode_put(self->cwd);
    self->cwd = NULL;
}

static void release_memory(struct proc *self)
{
    proc_set_dead(self); /* §11.6: the sleepers that are woken below look at once whether it lives */
    ksm_release(&self->ksm, true); /* §7.2 */
    fpu_drop(&self->thread);
    spin_acquire(&proc_lock);
    struct aspace *as = aspace_switch(NULL);
    spin_release(&proc_lock);
    aspace_destroy(as);
}

/* Moves processes in `from` to init's list `to`, as many as may be moved at once; false: there are more. */
static bool adopt_locked(struct list *from, struct list *to)
{
    struct list *link;

    for (uint i = 0; i < ADOPTED_AT_ONCE && (link = list_pop(from)); i++) {
        container_of(link, struct proc, sibling)->parent = proc_one;
        list_push_back(to, link);
    }
    return list_empty(from);
}

static bool adopt_children_locked(struct proc *self)
{
    if (!list_empty(&self->dead))
        waitq_wake_one(&proc_one->child_died);
    return adopt_locked(&self->children, &proc_one->children) && adopt_locked(&self->dead, &proc_one->dead);
}

void proc_exit(int status)
{
    struct proc *self = proc_self();
    struct proc *parent;

    if (self == proc_one) {
        printk("init: process 1 has ended with status %d; the system stops\n", status);
        if (fs_settle() < 0)
            printk("init: the disk failed; data that was not written is lost\n");
        power_off(POWER_OFF_INIT);
    }
    release_files(self);
    release_memory(self);
    if (event_due(EVENT_RARE))
        event_put("E exit %d %d", self->pid, status);
    spin_acquire(&proc_lock);
    while (!adopt_children_locked(self)) {
        spin_release(&proc_lock);
        spin_acquire(&proc_lock);
    }
    parent = self->parent;
    self->status = status;
    list_remove(&self->sibling);
    list_push_back(&parent->dead, &self->sibling);
    waitq_wake_one(&parent->child_died);
    thread_exit(&proc_lock);
}

int proc_wait(int *status)
{
    struct proc *self = proc_self();

    spin_acquire(&proc_lock);
    while (list_empty(&self->dead)) {
        if (list_empty(&self->children) ||
            waitq_sleep(&self->child_died, &proc_lock, 0, true) == PARK_KILLED) {
            spin_release(&proc_lock);
            return -1;
        }
    }
    struct proc *child = container_of(list_pop(&self->dead), struct proc, sibling);
    spin_release(&proc_lock);
    int pid = child->pid;
    *status = child->status;
    thread_destroy(&child->thread);
    proc_delete(child);
    return pid;
}

/* Process 1 before it is a program. */
static void become_init(void *arg)
{
    const char *path = arg;
    struct proc *self = proc_self();
    char *argv[1] = { (char *)path };

    if (proc_exec(trapframe_of(self->thread.kstack), path, 1, argv) < 0) {
        printk("init: cannot run %s\n", path);
        power_off(POWER_OFF_INIT);
    }
    trapframe_resume();
}

void proc_start_init(const char *path)
{
    struct proc *p = proc_new(NULL);

    if (!p || thread_create(&p->thread, p->name, become_init, (void *)path) < 0)
        goto no_memory;
    p->thread.aspace = aspace_create();
    if (!p->thread.aspace)
        goto no_memory;
    ksm_task_init(&p->ksm, p->pid, p->thread.aspace);
    p->thread.pid = p->pid;
    p->cwd = fs_root();
    proc_one = p;
    proc_publish(p);
    thread_start(&p->thread);
    return;
no_memory:
    printk("init: not enough memory for process 1\n");
    power_off(POWER_OFF_MEMORY);
}
