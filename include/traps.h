/* traps.h - the numbers of the processor's exceptions and of the system call, under xv6's names.  Programs for xv6 that
   make their own calls include it. */
#ifndef TRAPS_H
#define TRAPS_H

#define T_DIVIDE  0  /* division by zero */
#define T_DEBUG   1  /* a debug exception */
#define T_NMI     2  /* an interrupt that can't be masked */
#define T_BRKPT   3  /* int3 */
#define T_OFLOW   4  /* into */
#define T_BOUND   5  /* bound */
#define T_ILLOP   6  /* no such instruction */
#define T_DEVICE  7  /* no floating-point unit */
#define T_DBLFLT  8  /* a fault while a fault was raised */
#define T_TSS     10 /* a bad task state segment */
#define T_SEGNP   11 /* a segment that is not present */
#define T_STACK   12 /* a fault on the stack segment */
#define T_GPFLT   13 /* general protection */
#define T_PGFLT   14 /* a page fault */
#define T_FPERR   16 /* a floating-point error */
#define T_ALIGN   17 /* misaligned */
#define T_MCHK    18 /* a machine check */
#define T_SIMDERR 19 /* a SIMD floating-point error */

#define T_SYSCALL 64

#endif
