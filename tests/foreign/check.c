/* check.c - the promises of the old interface, asked for by a binary of the old kind; prints TAP. */
#include "foreign.h"

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

static void touch_guard(void)
{
    unsigned sp;

    __asm__ volatile("movl %%esp, %0" : "=r"(sp));
    *(volatile char *)((sp & ~4095u) - 1) = 1;
}
static void touch_kernel(void) { *(volatile char *)0x80000000 = 1; }
static char *freed;
static void touch_freed(void) { *(volatile char *)freed = 1; }
static void port(void) { __asm__ volatile("outb %%al, $0x80" : : "a"(0)); }

static int fill_file(void)
{
    static char block[512];
    int n = 0;
    int fd = open("big", 0x202);

    while (fd >= 0 && write(fd, block, sizeof(block)) == sizeof(block))
        n++;
    close(fd);
    unlink("big");
    return n;
}

int main(int argc, char **argv)
{
    volatile int *self = (int *)4;

    __asm__("" : "+r"(self)); /* the compiler takes low addresses for null pointers */
    int pid = fork();
    if (pid == 0)
        exit();
    ok(wait() == pid, "wait returns the dead child");
    ok(wait() == -1, "wait without children fails");
    ok(argc == 2 && argv[1][0] == 'a' && argv[2] == 0, "arguments arrive");
    unsigned before = *self;
    *self = 7;
    ok(*self == 7, "the image starts at 0 and may be written");
    *self = before;
    ok(((unsigned)sbrk(0) & 4095) == 0, "the break starts on a page");
    unsigned here;
    __asm__ volatile("movl %%esp, %0" : "=r"(here));
    ok((unsigned)sbrk(0) == (here & ~4095u) + 4096, "the stack is the page below the break");
    char *p = sbrk(8192);
    int zero = 1;
    for (int i = 0; i < 8192; i++)
        zero &= p[i] == 0;
    ok(zero, "sbrk gives zeroes");
    freed = p;
    sbrk(-8192);
    ok(dies(touch_freed), "memory given back is gone");
    ok(dies(touch_guard), "the page below the stack is guarded");
    ok(dies(touch_kernel), "the kernel is out of reach");
    ok(dies(port), "so are I/O ports");
    ok(foreign_call(9999, 0, 0, 0) == -1, "an unknown call fails");
    ok(open("none", 0) == -1, "a missing file can't be opened");
    ok(fill_file() == 140, "a file ends at 140 blocks");
    done();
}
