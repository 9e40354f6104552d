/*
 * layout.h - the kernel half of every address space, and the bits of page tables and selectors.
 *
 *   0x80000000  RAM, at its physical address + KERNEL_BASE, in global pages of 4 MB (4 KB where code is read-only)
 *   KSTACK_BASE kernel stacks: slots of one unmapped guard page and the pages of the stack
 *   DEVICE_BASE registers of devices, at their physical addresses; while booting, also firmware's tables
 *
 * The entries 512 to 1023 of kernel_directory are final before kernel_start() is called: each page directory
 * copies them once, and all share the same kernel page tables.  For assembly too.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "include/param.h"

#define KERNEL_BASE 0x80000000
#define DEVICE_BASE 0xFE000000

/* kstack.c says why there are twice as many slots as threads, and more. */
#define KSTACK_PAGES      2
#define KSTACK_SLOT_PAGES (1 + KSTACK_PAGES)
#define KSTACK_CHUNKS     (((2 * NPROC + 2 * NCPU + 128) * KSTACK_SLOT_PAGES + 1023) / 1024) /* of 4 MB */
#define KSTACK_SLOTS      (KSTACK_CHUNKS * 1024 / KSTACK_SLOT_PAGES)
#define KSTACK_BASE       (DEVICE_BASE - KSTACK_CHUNKS * 0x400000)

#define DIRECT_SIZE (KSTACK_BASE - KERNEL_BASE) /* RAM that can be mapped */

/* Entries of page directories and page tables. */
#define PTE_PRESENT  0x001
#define PTE_WRITABLE 0x002
#define PTE_USER     0x004
#define PTE_THROUGH  0x008 /* write-through */
#define PTE_UNCACHED 0x010
#define PTE_ACCESSED 0x020
#define PTE_DIRTY    0x040
#define PTE_LARGE    0x080 /* directory: maps 4 MB */
#define PTE_GLOBAL   0x100

#define PTE_DEVICE (PTE_PRESENT | PTE_WRITABLE | PTE_UNCACHED | PTE_THROUGH | PTE_GLOBAL)

/* Selectors.  The kernel uses the user's flat data segment too, so that %ds and %es need no restoring; %gs is
   the processor's own in the kernel. */
#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_USER_CODE   0x1B
#define SEL_USER_DATA   0x23
#define SEL_CPU         0x28
#define SEL_TSS         0x30
#define SEL_FAULT_TSS   0x38
#define GDT_ENTRIES     8

#define CR0_PROTECTED 0x00000001
#define CR0_MONITOR   0x00000002
#define CR0_EMULATION 0x00000004 /* of an FPU */
#define CR0_TS        0x00000008
#define CR0_NE        0x00000020
#define CR0_WP        0x00010000
#define CR0_ALIGNMENT 0x00040000
#define CR0_CACHE_OFF 0x60000000
#define CR0_PAGING    0x80000000
#define CR4_PSE       0x010
#define CR4_PGE       0x080
#define CR4_FXSR      0x200
#define CR4_SIMD      0x400
#define CR4_SMEP      0x100000
#define CR4_SMAP      0x200000

/* EFLAGS.  The kernel decides the rest on each return: no IOPL, NT, TF, RF, AC or VM. */
#define FLAG_INTERRUPT 0x200
#define FLAG_VM86      0x20000
#define FLAG_AC        0x40000
#define FLAGS_USER     0x200ED7 /* ID, OF, DF, IF, SF, ZF, AF, PF, 1, CF: what a program may have */

#define VECTOR_SYSCALL  64
#define VECTOR_IRQ      32   /* first of the 16 lines of a PC */
#define VECTOR_TIMER    0xE0 /* the local APIC's own */
#define VECTOR_POKE     0xE1
#define VECTOR_SPURIOUS 0xFF

#define TRAMPOLINE_PA 0x8000 /* where other processors wake up, in real mode */

#define SCREEN_PA 0xB8000 /* of the text screen */

#define EXIT_PORT  0xF4 /* QEMU's isa-debug-exit */
#define EXIT_UNFIT 5    /* code of arch_power_off(): this machine can't run the kernel */

#define VECTOR_STUB_SIZE 32 /* bytes of entry.S for each vector */

#define TRAPFRAME_GS     12
#define TRAPFRAME_EIP    36
#define TRAPFRAME_CS     40
#define TRAPFRAME_EFLAGS 44
#define TRAPFRAME_SIZE   56

#ifndef __ASSEMBLER__
extern unsigned kernel_directory[1024];
#endif

#endif
