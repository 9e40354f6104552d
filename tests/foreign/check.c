/* check.c - the promises that every program for xv6 relies on: its image, stack, heap and calls; prints TAP. */
#include "foreign.h"

static int nargs;
static char **args;

/* 1 if a child that runs `body` was killed before it could write to the pipe. */
static int dies(void (*body)(void))
{
    int fds[2];
    char c = 0;

    pipe(fds);
    if (fork() == 0) {
        close(fds[0]);
        body();
        write(fds[1], "x", 1);
        exit();
    }
    close(fds[1]);
    int lived = read(fds[0], &c, 1);
    close(fds[0]);
    wait();
    return lived == 0;
}

static unsigned stack_pointer(void)
{
    unsigned sp;

    asm volatile("movl %%esp, %0" : "=r"(sp));
    return sp;
}

TEST("wait returns the dead child, and fails when there is none")
{
    int pid = fork();

    if (pid == 0)
        exit();
    check_eq(wait(), pid);
    check_eq(wait(), -1);
}

TEST("main gets its arguments, and a null pointer after them")
{
    check_eq(nargs, 2);
    check_str(args[1], "a");
    check_eq(args[2], 0);
}

TEST("the image starts at address 0 and can be written")
{
    volatile int *self = (int *)4;

    asm("" : "+r"(self)); /* the compiler takes low addresses for null pointers */
    int before = *self;

    *self = 7;
    check_eq(*self, 7);
    *self = before;
}

TEST("the break starts on a page, right after the one page of stack")
{
    check_eq((unsigned)sbrk(0) & 4095, 0);
    check_eq(sbrk(0), (stack_pointer() & ~4095u) + 4096);
}

static char *freed;
static void touch_freed(void) { *(volatile char *)freed = 1; }

TEST("sbrk gives zeroes, and memory that is given back is gone")
{
    freed = sbrk(8192);
    for (int i = 0; i < 8192; i++)
        check_eq(freed[i], 0);
    sbrk(-8192);
    check(dies(touch_freed));
}

static void touch_guard(void) { *(volatile char *)((stack_pointer() & ~4095u) - 1) = 1; }
static void touch_kernel(void) { *(volatile char *)0x80000000 = 1; }
static void touch_port(void) { asm volatile("outb %%al, $0x80" : : "a"(0)); }

TEST("a touch of the page below the stack, of the kernel or of an I/O port kills the process")
{
    check(dies(touch_guard));
    check(dies(touch_kernel));
    check(dies(touch_port));
}

TEST("an unknown call fails") { check_eq(foreign_call(9999, 0, 0, 0), -1); }

TEST("a missing file cannot be opened") { check_eq(open("none", 0), -1); }

TEST("a file ends at 140 blocks")
{
    static char block[512];
    int n = 0, fd = open("big", 0x202);

    check(fd >= 0);
    while (n < 1000 && write(fd, block, sizeof(block)) == sizeof(block))
        n++;
    check_eq(n, 140);
    close(fd);
    unlink("big");
}

int main(int argc, char **argv)
{
    nargs = argc;
    args = argv;
    run_tests();
}
