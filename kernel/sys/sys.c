/*
 * sys.c - from a trap to a system call's function.
 *
 * The table is made from include/syscall.tbl.  Arguments are checked as one range of the user's stack and
 * copied, once: the stack may lie in shared memory (§4.6).
 */
#include "sys/sys.h"
#include "base/printk.h"
#include "include/ksmabi.h"
#include "mm/user.h"

struct call {
    uint (*function)(const uint arg[]);
    uint nargs;
};

static const struct call calls[] = {
#define CALL(number, name, nargs) [number] = { sys_##name, nargs },
#include "syscalls.inc"
#undef CALL
};

#define NCALLS (sizeof(calls) / sizeof(calls[0]))

enum {
#define CALL(number, name, nargs) SYS_##name = number,
#include "syscalls.inc"
#undef CALL
};

static __attribute__((noinline)) uint unknown(uint number)
{
    struct proc *self = proc_self();

    printk("%d %s: unknown system call %u\n", self->pid, self->name, number);
    return SYS_ERROR;
}

/* The result of a call whose arguments can't be read. */
static uint no_arguments(uint number)
{
    bool ksm = (number >= SYS_ksmget && number <= SYS_ksmwake) || number == SYS_ksmwaitpeer;

    return ksm ? (uint)KSM_EFAULT : SYS_ERROR;
}

/* A call whose arguments are near the end of a page: only the words that it takes are read. */
static __attribute__((noinline)) uint call_at_edge(uint number, uint va)
{
    uint arg[SYS_MAX_ARGS];

    if (user_copy_in(arg, va, calls[number].nargs * sizeof(uint)) < 0)
        return no_arguments(number);
    return calls[number].function(arg);
}

void sys_dispatch(struct trapframe *tf)
{
    uint number = trapframe_syscall(tf);
    uint arg[SYS_MAX_ARGS];
    uint result;

    if (number >= NCALLS || !calls[number].function)
        result = unknown(number);
    else if (calls[number].nargs && !user_copy_four_words(arg, trapframe_args(tf)))
        result = call_at_edge(number, trapframe_args(tf));
    else /* a call with fewer than four arguments got words that it does not look at */
        result = calls[number].function(arg);
    trapframe_result(tf, result);
}
