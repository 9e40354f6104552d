/*
 * sys.c - from a trap to a system call's function.
 *
 * The table is made from include/syscall.tbl.  Arguments are checked as one range of the user's stack and copied, once: the
 * stack may lie in shared memory (contract, 4.6).
 */
#include "include/ksmabi.h"
#include "lib/printk.h"
#include "mm/user.h"
#include "sys/sys.h"

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

static uint unknown(uint number)
{
    struct proc *self = proc_self();

    printk("%d %s: unknown system call %u\n", self->pid, self->name, number);
    return SYS_ERROR;
}

/* What a call answers whose arguments can't be read. */
static uint no_arguments(uint number)
{
    return number >= SYS_ksmget && number <= SYS_ksmwake ? (uint)KSM_EFAULT : SYS_ERROR;
}

/* Copies nargs words from the user's stack, or more: what lies behind them in the same page is readable as well.
   False: they are not readable. */
static inline bool fetch(uint arg[SYS_MAX_ARGS], uint va, uint nargs)
{
    const volatile uint *user = (const volatile uint *)va;

    if (va % PAGE_SIZE <= PAGE_SIZE - SYS_MAX_ARGS * sizeof(uint))
        nargs = SYS_MAX_ARGS;
    if (!user_check(va, nargs * sizeof(uint), false))
        return false;
    switch (nargs) {
    case 3:
        arg[2] = user[2];
        /* fall through */
    case 2:
        arg[1] = user[1];
        /* fall through */
    default:
        arg[0] = user[0];
    }
    return true;
}

void sys_dispatch(struct trapframe *tf)
{
    uint number = trapframe_syscall(tf);
    const struct call *call = &calls[number];
    uint arg[SYS_MAX_ARGS];

    if (number >= NCALLS || !call->function)
        trapframe_result(tf, unknown(number));
    else if (call->nargs == 0)
        trapframe_result(tf, call->function(NULL));
    else if (fetch(arg, trapframe_args(tf), call->nargs))
        trapframe_result(tf, call->function(arg));
    else
        trapframe_result(tf, no_arguments(number));
}
