/* x86.h - single instructions, under the names that programs for xv6 use.  Those that touch devices or the interrupt
   flag fault in a program, here as in xv6. */
#ifndef X86_H
#define X86_H

#include "types.h"

/* Stores a value and returns the old one, in one step for all processors: locks are built on it. */
static inline uint xchg(volatile uint *word, uint value)
{
    asm volatile("lock; xchgl %0, %1" : "+m"(*word), "+r"(value) : : "cc", "memory");
    return value;
}

static inline uchar inb(ushort port)
{
    uchar value;

    asm volatile("inb %1, %0" : "=a"(value) : "d"(port));
    return value;
}

static inline void outb(ushort port, uchar value) { asm volatile("outb %0, %1" : : "a"(value), "d"(port)); }

static inline void outw(ushort port, ushort value) { asm volatile("outw %0, %1" : : "a"(value), "d"(port)); }

/* Fills n bytes, or n words, from dst on. */
static inline void stosb(void *dst, int value, int n)
{
    asm volatile("cld; rep stosb" : "+D"(dst), "+c"(n) : "a"(value) : "cc", "memory");
}

static inline void stosl(void *dst, int value, int n)
{
    asm volatile("cld; rep stosl" : "+D"(dst), "+c"(n) : "a"(value) : "cc", "memory");
}

static inline uint readeflags(void)
{
    uint flags;

    asm volatile("pushfl; popl %0" : "=r"(flags));
    return flags;
}

static inline void cli(void) { asm volatile("cli"); }

static inline void sti(void) { asm volatile("sti"); }

#endif
