/*
 * mmu.h - pages, page tables and segments of the i386, under the names that programs for xv6 use.
 *
 *     31       22 21       12 11        0
 *    | directory |   table   |  offset   |      an address
 */
#ifndef MMU_H
#define MMU_H

#include "types.h"

/* Pages. */
#define PGSIZE         4096
#define PGROUNDUP(n)   (((n) + PGSIZE - 1) & ~(PGSIZE - 1))
#define PGROUNDDOWN(a) ((a) & ~(PGSIZE - 1))

/* Page directories and page tables (Intel SDM 3A 4.3). */
#define NPDENTRIES       1024
#define NPTENTRIES       1024
#define PTXSHIFT         12
#define PDXSHIFT         22
#define PDX(va)          ((uint)(va) >> PDXSHIFT & (NPDENTRIES - 1))
#define PTX(va)          ((uint)(va) >> PTXSHIFT & (NPTENTRIES - 1))
#define PGADDR(d, t, o)  ((uint)(d) << PDXSHIFT | (uint)(t) << PTXSHIFT | (uint)(o))
#define PTE_P            0x001 /* present */
#define PTE_W            0x002 /* writable */
#define PTE_U            0x004 /* a program may use it */
#define PTE_PWT          0x008 /* written through the cache */
#define PTE_PCD          0x010 /* not cached */
#define PTE_A            0x020 /* accessed */
#define PTE_D            0x040 /* written */
#define PTE_PS           0x080 /* 4 MB, in a directory */
#define PTE_MBZ          0x180 /* must be 0 */
#define PTE_ADDR(entry)  ((uint)(entry) & ~0xFFFu)
#define PTE_FLAGS(entry) ((uint)(entry)&0xFFFu)
typedef uint pte_t;

/* EFLAGS (Intel SDM 1 3.4.3). */
#define FL_CF        0x00000001
#define FL_PF        0x00000004
#define FL_AF        0x00000010
#define FL_ZF        0x00000040
#define FL_SF        0x00000080
#define FL_TF        0x00000100
#define FL_IF        0x00000200
#define FL_DF        0x00000400
#define FL_OF        0x00000800
#define FL_IOPL_MASK 0x00003000
#define FL_NT        0x00004000
#define FL_RF        0x00010000
#define FL_VM        0x00020000
#define FL_AC        0x00040000

/* CR0 and CR4 (Intel SDM 3A 2.5). */
#define CR0_PE  0x00000001
#define CR0_MP  0x00000002
#define CR0_EM  0x00000004
#define CR0_TS  0x00000008
#define CR0_NE  0x00000020
#define CR0_WP  0x00010000
#define CR0_PG  0x80000000
#define CR4_PSE 0x00000010

/* Segments. */
#define SEG_KCODE 1
#define SEG_KDATA 2
#define SEG_UCODE 3
#define SEG_UDATA 4
#define DPL_USER  3

#endif
