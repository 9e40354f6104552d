/* syscall.h - under the name that programs for xv6 on RISC-V include. */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#include <syscall.h>

#endif
