/*
 * sys.c - from a trap to a system call's function.
 *
 * The table is made from include/syscall.tbl.  Arguments are checked as one range of the user's stack and
 * copied, once: the stack may lie in shared memory (contract, §4.6).
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

/* The stack pointer is the program's, and need not be aligned. */
struct user_word {
    uint value;
} __attribute__((packed, may_alias));

/* A call whose arguments may run over the end of a page: only its own are looked at. */
static __attribute__((noinline)) uint call_at_edge(const struct call *call, uint number, uint va)
{
    const volatile struct user_word *user = (const volatile struct user_word *)va;
    uint arg[SYS_MAX_ARGS];

    if (!user_check(va, call->nargs * sizeof(uint), false))
        return no_arguments(number);
    for (uint i = 0; i < call->nargs; i++)
        arg[i] = user[i].value;
    return call->function(arg);
}

/* Mostly what lies behind a call's arguments is in the same page, and can be copied as well. */
static inline uint call_with_arguments(const struct call *call, uint number, uint va)
{
    const volatile struct user_word *user = (const volatile struct user_word *)va;
    uint arg[SYS_MAX_ARGS];

    if (va % PAGE_SIZE > PAGE_SIZE - sizeof(arg))
        return call_at_edge(call, number, va);
    if (!user_check(va, sizeof(arg), false))
        return no_arguments(number);
    arg[0] = user[0].value;
    arg[1] = user[1].value;
    arg[2] = user[2].value;
    return call->function(arg);
}

void sys_dispatch(struct trapframe *tf)
{
    uint number = trapframe_syscall(tf);
    uint result;

    if (number >= NCALLS || !calls[number].function)
        result = unknown(number);
    else if (calls[number].nargs == 0)
        result = calls[number].function(NULL);
    else
        result = call_with_arguments(&calls[number], number, trapframe_args(tf));
    trapframe_result(tf, result);
}
