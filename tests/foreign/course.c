/*
 * course.c - a program of a course that links at 0x1000, with code and data in segments of their own: xv6 maps page 0
 * all the same, and lets everything be written; prints TAP.
 */
#include "foreign.h"

static const int constant[2000] = { 5 };
static int zeroed[3000];

/* The compiler takes low addresses for null pointers, and a constant for one. */
static volatile int *hidden(unsigned va)
{
    volatile int *p = (volatile int *)va;

    asm("" : "+r"(p));
    return p;
}

TEST("page 0 is there, zero, and can be written")
{
    for (unsigned va = 0; va < 0x1000; va += 4)
        check_eq(*hidden(va), 0);
    *hidden(0) = 3;
    *hidden(0xffc) = 4;
    check_eq(*hidden(0) + *hidden(0xffc), 7);
}

TEST("code and constants can be written")
{
    volatile int *code = hidden((unsigned)length & ~3u), *number = hidden((unsigned)constant);

    check((unsigned)code >= 0x1000);
    *code = *code;
    check_eq(*number, 5);
    *number = 6;
    check_eq(*number, 6);
}

TEST("what the file does not have is zero up to the end of the last page")
{
    for (unsigned va = (unsigned)zeroed; va < ((unsigned)zeroed + sizeof(zeroed) + 4095) / 4096 * 4096;
         va += 4)
        check_eq(*hidden(va), 0);
}

TEST("one page of stack, and then the break")
{
    unsigned sp;

    asm volatile("movl %%esp, %0" : "=r"(sp));
    check_eq((sp & ~4095u) + 4096, (unsigned)sbrk(0));
}

int main(void) { run_tests(); }
