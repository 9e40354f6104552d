/*
 * empty.S - a kernel that ends as soon as it is started: what QEMU and its firmware take of the boot time.
 */
        .text
        .long   0x1badb002, 0, -0x1badb002      # Multiboot 1: magic, flags, checksum
        .globl  _start
_start: xorl    %eax, %eax
        outb    %al, $0xf4                      # isa-debug-exit
1:      hlt
        jmp     1b

        .section .note.GNU-stack, "", @progbits
