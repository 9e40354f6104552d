/*
 * crt0.S - where a program starts.
 *
 *      esp -> | 0xffffffff | argc | argv |       as exec() leaves it
 *
 * main() finds its stack aligned to 16, as the compiler's SSE code wants it.  Its value is the status.
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
        .comm   program_name, 4, 4      # of ulib.h: argv[0]

        .section .note.GNU-stack, "", @progbits
