/*
 * entry.S - into the kernel, out of it, and from one thread to another.
 *
 * Each entry saves the registers as a struct trapframe, loads the kernel's segments and calls C in trap.c.
 * A program's segment registers:
 *
 *   %ds, %es   flat again after each entry; the kernel uses the same ones, and does not restore them
 *   %gs        saved in the frame, and restored: the kernel's leads to its struct cpu
 *   %fs        stays in the processor, which the kernel has no use for; each thread's own: context_switch()
 *
 * They are loaded and restored whatever was interrupted.  A trap gate leaves interrupts on, and nothing keeps
 * an NMI off, so either can strike between a system call's first instruction and its loading of %gs, or after
 * %gs was restored.
 *
 * C functions called from here take their arguments in registers (regparm), whatever the kernel's own
 * convention is.
 */
#include "layout.h"

    .macro enter_kernel
    mov %gs, TRAPFRAME_GS(%esp)
    movl $SEL_USER_DATA, %ecx
    movl %ecx, %ds
    movl %ecx, %es
    movl $SEL_CPU, %ecx
    movl %ecx, %gs
661:                            /* prefixes of CLD without a meaning, or CLAC: see smap.c */
    .byte 0x3E, 0x3E, 0x3E
    cld
    .pushsection smap_sites, "a"
    .long 661b
    clac
    .byte 0
    .popsection
    .endm

    .macro leave_kernel
    mov TRAPFRAME_GS(%esp), %gs
    popa
    addl $4, %esp
    iret
    .endm

    .text

    .globl syscall_entry
syscall_entry:
    pushl $0
    pusha
    enter_kernel
    movl %esp, %eax
    call trap_syscall

    .globl trap_return
trap_return:                    /* to user mode, unless the thread has something to attend to first */
    cli
    movl %gs:4, %eax
    cmpl $0, (%eax)
    jne 1f
    andl $FLAGS_USER, TRAPFRAME_EFLAGS(%esp)
    leave_kernel
1:  sti
    call trap_attention
    jmp trap_return

    .globl page_fault_entry
page_fault_entry:
    pusha
    enter_kernel
    movl %cr2, %edx
    movl %esp, %eax
    call trap_page_fault
    testb $3, TRAPFRAME_CS(%esp)
    jnz trap_return
    leave_kernel

    .globl trap_resume
trap_resume:                    /* %eax: the frame to go to user mode with */
    movl %eax, %esp
    xorl %ebp, %ebp
    jmp trap_return

other_trap:                     /* %eax: vector; %edx: function of (frame, vector) */
    enter_kernel
    movl %edx, %ecx
    movl %eax, %edx
    movl %esp, %eax
    call *%ecx
    testb $3, TRAPFRAME_CS(%esp)
    jnz trap_return
    leave_kernel

#define VECTORS_WITH_CODE 0x60227D00 /* the processor pushes an error code: 8, 10-14, 17, 21, 29, 30 */

/* One stub for each vector, VECTOR_STUB_SIZE bytes apart. */
    .globl vector_stubs
    .align VECTOR_STUB_SIZE
vector_stubs:
    .set vector, 0
    .rept 256
    .align VECTOR_STUB_SIZE
    .if vector > 31 || !(VECTORS_WITH_CODE >> (vector & 31) & 1)
    pushl $0
    .endif
    pusha
    movl $vector, %eax
    .if vector < 32
    movl $trap_exception, %edx
    .else
    movl $trap_interrupt, %edx
    .endif
    jmp other_trap
    .set vector, vector + 1
    .endr

/* Where a new thread's first switch returns to; on the stack: a function, and its argument or, for the second
   one, %fs and then the frame to go to user mode with. */
    .globl thread_first, thread_first_user
thread_first:
    popl %edx
    movl (%esp), %eax           /* the argument, by either convention */
    xorl %ebp, %ebp
    call *%edx
    ud2
thread_first_user:
    popl %edx
    popl %fs
    xorl %ebp, %ebp
    call *%edx
    jmp trap_return

/* arch_idle(): sti takes effect after the next instruction, so that no interrupt comes between.  An NMI may:
   trap_exception() then goes on after the hlt. */
    .globl arch_idle, arch_idle_halt
arch_idle:
    sti
arch_idle_halt:
    hlt
    ret

/* stack_call(uint top, function): goes on in `function` on a fresh stack. */
    .globl stack_call
stack_call:
    movl %eax, %esp
    xorl %ebp, %ebp
    pushl %ebp
    call *%edx
    ud2

/* The double fault's task starts here, on its own stack: see cpu.c. */
    .globl double_fault_entry
double_fault_entry:
    call trap_double_fault
    ud2

    .section .note.GNU-stack, "", @progbits
