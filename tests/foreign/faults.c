/*
 * faults.c - a program that is killed, in a way that its argument chooses, for the line that the console shows then.
 */
#include "foreign.h"

static void unknown_calls(void)
{
    if (foreign_call(99, 0, 0, 0) != -1 || foreign_call(0, 0, 0, 0) != -1 || foreign_call(-5, 0, 0, 0) != -1)
        say("not -1\n");
}

int main(int argc, char **argv)
{
    char *stack = (char *)((unsigned)&argc & ~4095u);

    switch (argc > 1 ? argv[1][0] : 'u') {
    case 'k':
        *(volatile char *)0x80000000 = 1;
        break;
    case 'r':
        (void)*(volatile char *)0x80100000;
        break;
    case 'g':
        *(volatile char *)(stack - 1) = 1;
        break;
    case 'G':
        (void)*(volatile char *)(stack - 4096);
        break;
    case 'a':
        *(volatile char *)(sbrk(0) + 0x10000) = 1;
        break;
    case 's':
        sbrk(4096);
        sbrk(-4096);
        (void)*(volatile char *)sbrk(0);
        break;
    case 'd':
        asm volatile("xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx", "cc");
        break;
    case 'b':
        asm volatile("int3");
        break;
    case 'o':
        asm volatile("movb $0x7F, %%al; incb %%al; into" : : : "eax", "cc");
        break;
    case 'i':
        asm volatile("int $0x80");
        break;
    case 'c':
        asm volatile("cli");
        break;
    case 'x':
        asm volatile("ud2");
        break;
    default:
        unknown_calls();
    }
    exit();
}
