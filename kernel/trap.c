/*
 * trap.c - what the kernel does about system calls, faults and device interrupts.
 *
 * A program's fault ends that program.  A page fault in the kernel is either a touch of user memory, which
 * the address space resolves, or a mistake of the kernel's.
 */
#include "base/printk.h"
#include "console/console.h"
#include "mm/aspace.h"
#include "proc/proc.h"
#include "sys/sys.h"

static void kill_for_fault(const struct trap_info *info)
{
    struct proc *self = proc_self();

    printk("%d %s: killed by trap %u, error %x, on cpu %u, eip %x, address %x\n", self->pid, self->name,
           info->number, info->code, cpu_self()->index, info->ip, info->address);
    proc_exit(STATUS_KILLED);
}

/* A touch of user memory by the kernel: user_check() has validated the range. */
static void kernel_page_fault(const struct trap_info *info)
{
    struct aspace *as = thread_self()->aspace;

    if (!as || aspace_fault(as, info->address, info->write) < 0)
        panic("page fault in the kernel at %x: address %x, error %x", info->ip, info->address, info->code);
}

static void user_page_fault(const struct trap_info *info)
{
    if (info->address >= USER_END || aspace_fault(thread_self()->aspace, info->address, info->write) < 0)
        kill_for_fault(info);
}

static void attend(void)
{
    if (thread_killed(thread_self()))
        proc_exit(STATUS_KILLED);
    sched_attend();
}

void kernel_syscall(struct trapframe *tf)
{
    sys_dispatch(tf);
    lock_debug_none_held();
}

void kernel_trap(enum trap_kind kind, const struct trap_info *info)
{
    if (kind == TRAP_PAGE_FAULT) {
        if (!info->user) {
            kernel_page_fault(info);
            return; /* with whatever locks are held */
        }
        user_page_fault(info);
    } else if (kind == TRAP_FAULT) {
        kill_for_fault(info);
    } else {
        attend();
    }
    lock_debug_none_held();
}

void kernel_interrupt(enum interrupt_kind kind, uint value)
{
    if (kind == INTERRUPT_TICK)
        sched_tick();
    else
        console_input((int)value);
}
