/*
 * crt0.S - where a program starts.
 *
 *      esp -> | 0xffffffff | argc | argv |       as exec() leaves it
 *
 * main() starts with its stack aligned to 16 bytes, as the compiler's SSE code expects.  What it returns is the
 * exit status.
 */
        .text
        .globl  _start
_start:
        xorl    %ebp, %ebp              # the outermost frame, for debuggers
        movl    4(%esp), %eax
        movl    8(%esp), %edx
        andl    $-16, %esp
        subl    $8, %esp
        testl   %edx, %edx
        jz      1f
        movl    (%edx), %ecx
        movl    %ecx, name
1:      pushl   %edx
        pushl   %eax
        call    main
        pushl   %eax
        call    exits

        .bss
        .balign 4
        .weak   program_name            # argv[0]: see ulib.h.  A program for xv6 may have another one
program_name:
name:   .skip   4

        .section .note.GNU-stack, "", @progbits
