/* traps.h - the software interrupt of a system call.  Programs for xv6 that make their own calls include it.
   */
#ifndef TRAPS_H
#define TRAPS_H

#define T_SYSCALL 64

#endif
