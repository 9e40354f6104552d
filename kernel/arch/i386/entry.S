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
 *
 * The .cfi directives tell a debugger where each instruction finds the registers of what was interrupted, so that its
 * back-traces go on there.  They leave no code.  They make .eh_frame, since clang can't say in .debug_frame that
 * a frame is a trap's; kernel.ld keeps it out of the memory.
 */
#include "layout.h"

/* From here on the stack pointer is `depth` bytes below the instruction pointer that the processor pushed.  It pushed a
   program's stack pointer too; the kernel's was 12 bytes above. */
    .macro trap_rules depth
    .cfi_startproc simple
    .cfi_signal_frame           /* the caller is on another stack, and perhaps not after a call */
    .cfi_def_cfa %esp, \depth
    .cfi_offset 8, 0            /* eip */
    .cfi_escape 0x16, 4, 14, 0x23, 12, 0x12, 0x38, 0x1c, 0x06, 0x33, 0x1a, 0x30, 0x29, 0x28, 1, 0, 0x06
    /* esp is the value of: CFA + 12, dup, (- 8, deref, & 3) == 0, branch if so over: deref */
    .endm

    .macro saved_rules          /* after pusha */
    .cfi_def_cfa_offset TRAPFRAME_EIP
    .cfi_rel_offset %edi, 0
    .cfi_rel_offset %esi, 4
    .cfi_rel_offset %ebp, 8
    .cfi_rel_offset %ebx, 16
    .cfi_rel_offset %edx, 20
    .cfi_rel_offset %ecx, 24
    .cfi_rel_offset %eax, 28
    .endm

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

    .macro smap_site instruction /* see smap.c */
661:.byte 0x0F, 0x1F, 0x00
    .pushsection smap_sites, "a"
    .long 661b
    \instruction
    .byte 0
    .popsection
    .endm

    .macro leave_kernel
    .cfi_remember_state
    mov TRAPFRAME_GS(%esp), %gs
    popa
    .cfi_def_cfa_offset 4
    .irp register, %edi, %esi, %ebp, %ebx, %edx, %ecx, %eax
    .cfi_same_value \register
    .endr
    addl $4, %esp
    .cfi_def_cfa_offset 0
    iret
    .cfi_restore_state
    .endm

    .text

    .globl syscall_entry
syscall_entry:
    trap_rules 0
    pushl $0
    .cfi_def_cfa_offset 4
    pusha
    saved_rules
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
    .cfi_endproc

    .globl page_fault_entry
page_fault_entry:
    trap_rules 4
    pusha
    saved_rules
    enter_kernel
    movl %cr2, %edx
    movl %esp, %eax
    call trap_page_fault
    testb $3, TRAPFRAME_CS(%esp)
    jnz trap_return
    leave_kernel
    .cfi_endproc

    .globl trap_resume
trap_resume:                    /* %eax: the frame to go to user mode with */
    trap_rules TRAPFRAME_EIP
    saved_rules
    .cfi_def_cfa_register %eax
    movl %eax, %esp
    .cfi_def_cfa_register %esp
    xorl %ebp, %ebp
    jmp trap_return
    .cfi_endproc

other_trap:                     /* %eax: vector; %edx: function of (frame, vector) */
    trap_rules TRAPFRAME_EIP
    saved_rules
    enter_kernel
    movl %edx, %ecx
    movl %eax, %edx
    movl %esp, %eax
    call *%ecx
    testb $3, TRAPFRAME_CS(%esp)
    jnz trap_return
    leave_kernel
    .cfi_endproc

#define VECTORS_WITH_CODE 0x60227D00 /* the processor pushes an error code: 8, 10-14, 17, 21, 29, 30 */

/* One stub for each vector, VECTOR_STUB_SIZE bytes apart. */
    .globl vector_stubs
    .align VECTOR_STUB_SIZE
vector_stubs:
    .set vector, 0
    .rept 256
    .align VECTOR_STUB_SIZE
    .if vector > 31 || !(VECTORS_WITH_CODE >> (vector & 31) & 1)
    trap_rules 0
    pushl $0
    .cfi_def_cfa_offset 4
    .else
    trap_rules 4
    .endif
    pusha
    saved_rules
    movl $vector, %eax
    .if vector < 32
    movl $trap_exception, %edx
    .else
    movl $trap_interrupt, %edx
    .endif
    jmp other_trap
    .cfi_endproc
    .set vector, vector + 1
    .endr

/* Where a new thread's first switch returns to; on the stack: a function, and its argument or, for the second
   one, %fs and then the frame to go to user mode with. */
    .globl thread_first, thread_first_user
thread_first:
    .cfi_startproc
    .cfi_undefined 8            /* nobody called */
    popl %edx
    movl (%esp), %eax           /* the argument, by either convention */
    xorl %ebp, %ebp
    call *%edx
    ud2
    .cfi_endproc
thread_first_user:
    trap_rules TRAPFRAME_EIP + 8
    saved_rules
    .cfi_def_cfa_offset TRAPFRAME_EIP + 8
    popl %edx
    .cfi_def_cfa_offset TRAPFRAME_EIP + 4
    popl %fs
    .cfi_def_cfa_offset TRAPFRAME_EIP
    xorl %ebp, %ebp
    call *%edx
    jmp trap_return
    .cfi_endproc

/* words_from_user_N(uint *to, from): no look at the page tables comes first.  A fault that the address space can't
   resolve, see trap_page_fault(), goes on at words_refused. */
    .macro words_from_user n
words_from_user_\n:
    .cfi_startproc
    movl %edx, %ecx
    andl $0xFFF, %ecx
    cmpl $(0x1000 - 4 * \n), %ecx /* at most that far into the page */
    ja words_not_tried
    testl %edx, %edx            /* the kernel's half */
    js words_not_tried
    smap_site stac
    .irp offset, 0, 4, 8, 12
    .if \offset < 4 * \n
    movl \offset(%edx), %ecx
    movl %ecx, \offset(%eax)
    .endif
    .endr
    smap_site clac
    movl $1, %eax
    ret
    .cfi_endproc
    .endm

    .globl words_from_user_1
    words_from_user 1
    .globl words_from_user_2
    words_from_user 2
    .globl words_from_user_3
    words_from_user 3
    .globl words_from_user_4
    words_from_user 4

    .globl words_refused
words_refused:
    .cfi_startproc
    smap_site clac
words_not_tried:
    xorl %eax, %eax
    ret
    .cfi_endproc

/* arch_idle(): sti takes effect after the next instruction, so that no interrupt comes between.  An NMI may:
   trap_exception() then goes on after the hlt. */
    .globl arch_idle, arch_idle_halt
arch_idle:
    .cfi_startproc
    sti
arch_idle_halt:
    hlt
    ret
    .cfi_endproc

/* stack_call(uint top, function): goes on in `function` on a fresh stack. */
    .globl stack_call
stack_call:
    .cfi_startproc
    .cfi_undefined 8
    movl %eax, %esp
    xorl %ebp, %ebp
    pushl %ebp
    call *%edx
    ud2
    .cfi_endproc

/* The double fault's task starts here, on its own stack: see cpu.c. */
    .globl double_fault_entry
double_fault_entry:
    .cfi_startproc
    .cfi_undefined 8
    call trap_double_fault
    ud2
    .cfi_endproc

    .section .note.GNU-stack, "", @progbits
