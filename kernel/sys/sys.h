/*
 * sys.h - system calls: the form of their functions, and what they share.
 *
 * A call's function gets its arguments as words, already copied from the user's stack, and returns the value of
 * the program's result register.  It checks pointers, calls one function of the rooms below, and encodes the
 * result.  The current process alone is concerned: no lock is needed.
 */
#ifndef KERNEL_SYS_H
#define KERNEL_SYS_H

#include "proc/proc.h"

#define SYS_ERROR ((uint)-1) /* the failure of all calls but those on shared memory */

/* An argument, as the call takes it. */
union sys_arg {
    uint word;
    int number;
    void USER *user;
};
#define SYS_MAX_ARGS 4

/* sys_NAME for each line of include/syscall.tbl.  Sleeps: may. */
#define CALL(number, name, nargs) uint sys_##name(const union sys_arg arg[]);
#include "syscalls.inc"
#undef CALL

/* Carries out the call that *tf asks for, and stores its result there.  Sleeps: may. */
void sys_dispatch(struct trapframe *tf);

#endif
