/*
 * sys.c - from a trap to a system call's function.
 *
 * The table is made from include/syscall.tbl.  Arguments are checked as one range of the user's stack and
 * copied, once: the stack may lie in shared memory (§4.6).
 */
#include "sys/sys.h"
#include "base/latency.h"
#include "base/printk.h"
#include "include/ksmabi.h"
#include "mm/user.h"

static __attribute__((noinline)) void unknown(struct trapframe *tf)
{
    struct proc *self = proc_self();

    printk("%d %s: unknown sys call %d\n", self->pid, self->name, (int)trapframe_syscall(tf));
    trapframe_result(tf, SYS_ERROR);
}

/* The result of a call whose arguments can't be read: those on shared memory, ksm..., have errors of their own. */
static inline __attribute__((always_inline)) uint no_arguments(const char *name)
{
    return name[0] == 'k' && name[1] == 's' && name[2] == 'm' ? (uint)KSM_EFAULT : SYS_ERROR;
}

/* Only the words that a call takes are read. */
static bool (*const readers[])(uint *dst, const void USER *src) = { NULL, words_from_user_1,
                                                                    words_from_user_2, words_from_user_3,
                                                                    words_from_user_4 };
_Static_assert(sizeof(readers) / sizeof(readers[0]) == SYS_MAX_ARGS + 1, "a reader for each number of words");

/* A call whose arguments lie in two pages. */
static __attribute__((noinline)) uint call_at_edge(const struct trapframe *tf,
                                                   uint (*function)(const union sys_arg arg[]), uint nargs,
                                                   uint unreadable)
{
    union sys_arg arg[SYS_MAX_ARGS];

    if (user_copy_in(arg, trapframe_args(tf), nargs * sizeof(arg[0])) < 0)
        return unreadable;
    return function(arg);
}

static inline __attribute__((always_inline)) void call(struct trapframe *tf,
                                                       uint (*function)(const union sys_arg arg[]),
                                                       uint nargs, uint unreadable)
{
    union sys_arg arg[SYS_MAX_ARGS];
    uint result;

    if (nargs == 0)
        result = function(NULL);
    else if (readers[nargs](&arg[0].word, trapframe_args(tf)))
        result = function(arg);
    else
        result = call_at_edge(tf, function, nargs, unreadable);
    trapframe_result(tf, result);
}

/* A function for each call, so that the compiler knows its number of arguments. */
#define CALL(number, name, nargs) \
    static void call_##name(struct trapframe *tf) { call(tf, sys_##name, nargs, no_arguments(#name)); }
#include "syscalls.inc"
#undef CALL

/* By number; most entries are empty, so that finding one takes no arithmetic. */
static void (*const calls[])(struct trapframe *tf) = {
#define CALL(number, name, nargs) [number] = call_##name,
#include "syscalls.inc"
#undef CALL
};

void sys_dispatch(struct trapframe *tf)
{
    uint number = trapframe_syscall(tf);

    if (number < sizeof(calls) / sizeof(calls[0]) && calls[number]) {
        latency_entered((uint)calls[number]);
        calls[number](tf);
    } else {
        unknown(tf);
    }
}
