/* traps.h - the software interrupt of a system call. */
#ifndef TRAPS_H
#define TRAPS_H

#define T_SYSCALL 64

#endif
