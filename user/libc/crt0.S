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
        movl    %ecx, program_name
1:      pushl   %edx
        pushl   %eax
        call    main
        pushl   %eax
        call    exits

        .globl  program_name
        .comm   program_name, 4, 4      # argv[0]: see ulib.h

        .section .note.GNU-stack, "", @progbits
