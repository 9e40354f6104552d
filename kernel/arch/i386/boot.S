/*
 * boot.S - from the boot loader, or from reset, to C.
 *
 * The boot processor arrives at `start` by the Multiboot protocol (version 1): 32-bit mode, no paging.  The
 * others arrive at `trampoline`, copied below 1 MB, in real mode.  Both go on in the kernel half with
 * paging on.  Until memory.c knows what RAM there is, kernel_directory maps all that could be there, and the
 * first 4 MB at their own addresses as well.
 */
#include "layout.h"

#define MULTIBOOT_MAGIC 0x1BADB002
#define MULTIBOOT_FLAGS 3 /* modules on page boundaries; a memory map */

#define EFLAGS_ID 0x200000 /* can be changed where there is CPUID */

/* What the kernel needs: CPUID.1's PSE, CMOV, FXSR, SSE, SSE2. */
#define FEATURES (1 << 3 | 1 << 15 | 1 << 24 | 1 << 25 | 1 << 26)

#define PA(symbol) (symbol - KERNEL_BASE)

#define SERIAL_PORT    0x3F8 /* the console: see serial.c */
#define SERIAL_STATUS  5
#define SERIAL_EMPTY   0x20
#define SERIAL_LOOKS   100000 /* for a character to leave; then the next one is sent anyway */
#define WHITE_ON_BLACK 0x0F

    .section .multiboot, "a"
    .align 4
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .text
    .globl start
start:
    cli
    cld
    movl $PA(boot_stack_top), %esp
    movl %eax, %ebp             /* the loader's magic number */
    movl %ebx, %edi             /* and its information */
    pushl $2                    /* no NT, AC or IOPL of the loader's */
    popfl

    pushfl
    popl %eax
    movl %eax, %ecx
    xorl $EFLAGS_ID, %eax
    pushl %eax
    popfl
    pushfl
    popl %eax
    cmpl %ecx, %eax
    je unfit
    movl $1, %eax
    cpuid
    andl $FEATURES, %edx
    cmpl $FEATURES, %edx
    jne unfit

    movl $PTE_PRESENT | PTE_WRITABLE | PTE_LARGE, %eax
    movl %eax, PA(kernel_directory)
    movl $PA(kernel_directory) + KERNEL_BASE / 0x400000 * 4, %ecx
1:  movl %eax, (%ecx)
    addl $0x400000, %eax
    addl $4, %ecx
    cmpl $PA(kernel_directory) + DEVICE_BASE / 0x400000 * 4, %ecx
    jne 1b

    movl $PA(paged_start), %esi
    jmp paging_on

paged_start_done:
    movl $boot_stack_top, %esp
    xorl %eax, %eax
    pushl %eax                  /* the end of a back-trace */
    movl %ebp, %eax
    xorl %ebp, %ebp
    movl %edi, %edx
    call machine_start
    ud2

paging_on:                      /* goes on at the physical address in %esi */
    movl $CR4_PSE, %eax         /* and nothing of the loader's or the firmware's */
    movl %eax, %cr4
    movl $PA(kernel_directory), %eax
    movl %eax, %cr3
    movl %cr0, %eax
    andl $~(CR0_CACHE_OFF | CR0_EMULATION | CR0_ALIGNMENT), %eax
    orl $CR0_PAGING | CR0_WP | CR0_NE | CR0_MONITOR, %eax
    movl %eax, %cr0
    jmp *%esi

paged_start:
    movl $paged_start_done, %eax
    jmp *%eax

unfit:                          /* reported on the serial port and the screen; there is no paging yet */
    movl $PA(unfit_message), %esi
    movl $SCREEN_PA, %edi
1:  movb (%esi), %al
    testb %al, %al
    jz 3f
    movb %al, (%edi)
    movb $WHITE_ON_BLACK, 1(%edi)
    addl $2, %edi
    movl $SERIAL_PORT + SERIAL_STATUS, %edx
    movl $SERIAL_LOOKS, %ecx
2:  inb %dx, %al
    testb $SERIAL_EMPTY, %al
    loopz 2b
    movb (%esi), %al
    movl $SERIAL_PORT, %edx
    outb %al, %dx
    incl %esi
    jmp 1b
3:  movl $EXIT_UNFIT, %eax
    outb %al, $EXIT_PORT
4:  cli
    hlt
    jmp 4b

    .section .rodata
unfit_message:
    .asciz "KSM needs a processor with 4 MB pages and SSE2 (Pentium 4 or later).\n"

/* Another processor starts in real mode at trampoline's copy, cs = TRAMPOLINE_PA / 16. */
    .globl trampoline, trampoline_end
#define LOW(symbol) (TRAMPOLINE_PA + symbol - trampoline)
    .code16
trampoline:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl LOW(low_gdt_pointer)
    movl %cr0, %eax
    orl $CR0_PROTECTED, %eax
    movl %eax, %cr0
    ljmpl $SEL_KERNEL_CODE, $LOW(low_protected)
    .code32
low_protected:
    movw $SEL_KERNEL_DATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $PA(paged_other), %esi
    movl $PA(paging_on), %eax
    jmp *%eax
    .align 8
low_gdt:
    .quad 0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF
low_gdt_pointer:
    .word 23
    .long LOW(low_gdt)
trampoline_end:

    .text
paged_other:
    movl $1f, %eax
    jmp *%eax
1:  movl cpu_start_stack, %esp  /* one processor starts at a time: see cpu.c */
    xorl %ebp, %ebp
    pushl %ebp
    call machine_start_cpu
    ud2

    .section .bss.pages, "aw", @nobits
    .align 4096
    .globl kernel_directory, boot_stack, boot_stack_top
kernel_directory:
    .skip 4096
boot_stack:
    .skip KSTACK_PAGES * 4096
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
