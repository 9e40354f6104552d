/*
 * trap.c - what the kernel does about system calls, faults and device interrupts.
 *
 * A program's fault ends that program.  A page fault in the kernel is either a touch of user memory, which
 * the address space resolves, or a mistake of the kernel's.
 */
#include "base/event.h"
#include "base/latency.h"
#include "base/printk.h"
#include "console/console.h"
#include "fault.h"
#include "mm/aspace.h"
#include "proc/proc.h"
#include "sys/sys.h"

/* The address of the last touch that killed, by processor.  It stays in xv6's line until the next: there,
   nothing else changes CR2. */
static uint last_address[NCPU];

#define LINE_SIZE 108 /* of xv6's line: all its numbers at their longest, a name of 15 characters */

/* The error code in xv6, where all pages below the break are mapped, the guard page without rights. */
static uint foreign_code(const struct trap_info *info)
{
    return info->code | (info->touch && info->address < aspace_brk(thread_self()->aspace));
}

static __attribute__((noreturn)) void kill_for_fault(const struct trap_info *info)
{
    struct proc *self = proc_self();
    uint cpu = cpu_self()->index;
    char line[LINE_SIZE], words[FAULT_WORDS] = "";

    if (info->touch)
        last_address[cpu] = info->address;
    if (event_due(EVENT_RARE))
        event_put(!info->touch  ? "E fault %d %u %x %x - -"
                  : info->write ? "E fault %d %u %x %x %x w"
                                : "E fault %d %u %x %x %x r",
                  self->pid, info->number, info->code, info->ip, info->address);
    format(line, sizeof(line), "pid %d %s: trap %d err %d on cpu %d eip 0x%x addr 0x%x--kill proc", self->pid,
           self->name, (int)info->number, (int)(proc_foreign ? foreign_code(info) : info->code), (int)cpu,
           info->ip, last_address[cpu]);
    if (!proc_foreign)
        fault_words(info, words);
    console_begin_message();
    printk(proc_foreign ? "%s\n%s" : "%s\n%s\n", line, words); /* one: nothing comes between the lines */
    console_end_message();
    proc_exit(STATUS_KILLED);
}

/* The kernel touches user memory only after user_check() has validated it. */
static bool touch(const struct trap_info *info)
{
    struct aspace *as = thread_self()->aspace;

    return as && aspace_fault(as, info->address, info->write) == 0;
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
    latency_yielded(); /* if its time slice is over, others run before it goes on */
    lock_debug_none_held();
}

bool kernel_trap(enum trap_kind kind, const struct trap_info *info)
{
    if (kind == TRAP_TOUCH)
        return touch(info); /* with whatever locks are held */
    latency_entered((uint)kernel_trap);
    if (kind == TRAP_FAULT)
        kill_for_fault(info);
    attend();
    lock_debug_none_held();
    return true;
}

void kernel_interrupt(enum interrupt_kind kind, uint value)
{
    if (kind == INTERRUPT_TICK)
        sched_tick();
    else if (kind == INTERRUPT_MONITOR)
        console_stdin_byte((int)value);
    else
        console_input((int)value);
}
