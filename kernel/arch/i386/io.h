/*
 * io.h - ports and the processor's own registers, one instruction each.  Sleeps: no.
 */
#ifndef IO_H
#define IO_H

#include "include/types.h"

static inline uchar port_read8(ushort port)
{
    uchar v;

    asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline uint port_read32(ushort port)
{
    uint v;

    asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline void port_write8(ushort port, uchar v) { asm volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
static inline void port_write16(ushort port, ushort v) { asm volatile("outw %0, %1" : : "a"(v), "Nd"(port)); }
static inline void port_write32(ushort port, uint v) { asm volatile("outl %0, %1" : : "a"(v), "Nd"(port)); }

static inline void port_read_words(ushort port, void *dst, uint n) /* of 16 bits */
{
    asm volatile("rep insw" : "+D"(dst), "+c"(n) : "d"(port) : "memory");
}
static inline void port_write_bytes(ushort port, const void *src, uint n)
{
    asm volatile("rep outsb" : "+S"(src), "+c"(n) : "d"(port) : "memory");
}
static inline void port_write_words(ushort port, const void *src, uint n)
{
    asm volatile("rep outsw" : "+S"(src), "+c"(n) : "d"(port) : "memory");
}

static inline uint cr0_read(void)
{
    uint v;

    asm volatile("movl %%cr0, %0" : "=r"(v));
    return v;
}
static inline void cr0_write(uint v) { asm volatile("movl %0, %%cr0" : : "r"(v) : "memory"); }
static inline uint cr2_read(void)
{
    uint v;

    asm volatile("movl %%cr2, %0" : "=r"(v));
    return v;
}
static inline uint cr3_read(void)
{
    uint v;

    asm volatile("movl %%cr3, %0" : "=r"(v));
    return v;
}
static inline void cr3_write(uint v) { asm volatile("movl %0, %%cr3" : : "r"(v) : "memory"); }
static inline uint cr4_read(void)
{
    uint v;

    asm volatile("movl %%cr4, %0" : "=r"(v));
    return v;
}
static inline void cr4_write(uint v) { asm volatile("movl %0, %%cr4" : : "r"(v) : "memory"); }
static inline uint fs_read(void)
{
    uint v;

    asm volatile("movl %%fs, %0" : "=r"(v));
    return v;
}
static inline void fs_write(uint v) { asm volatile("movl %0, %%fs" : : "r"(v)); }
static inline void ts_clear(void) { asm volatile("clts"); } /* CR0.TS */
/* Drops this processor's TLB entry of one page. */
static inline void tlb_drop(uint va) { asm volatile("invlpg (%0)" : : "r"(va) : "memory"); }

static inline void cpuid(uint leaf, uint *a, uint *b, uint *c, uint *d)
{
    asm volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "0"(leaf), "2"(0));
}

#endif
