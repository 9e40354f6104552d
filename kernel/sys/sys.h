/*
 * sys.h - system calls: how their functions look, and what they share.
 *
 * A call's function gets its arguments as words, already copied from the user's stack, and returns what the
 * program finds in its result register.  It checks pointers, calls one function of the rooms below, and
 * encodes the result.
 */
#ifndef KERNEL_SYS_H
#define KERNEL_SYS_H

#include "proc/proc.h"

#define SYS_ERROR ((uint)-1) /* the failure of all calls but those on shared memory */

#define SYS_MAX_ARGS 3

/* sys_NAME for each line of include/syscall.tbl. */
#define CALL(number, name, nargs) uint sys_##name(const uint arg[]);
#include "syscalls.inc"
#undef CALL

/* Carries out the call that *tf asks for, and stores its result there. */
void sys_dispatch(struct trapframe *tf);

#endif
