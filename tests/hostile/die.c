/*
 * die.c - a program that is killed in the way that its argument names, for what the console says then.
 *
 *   die WAY      the ways are listed at the end of this file
 *
 * tests/cli/faults.py knows which words each deserves.
 */
#include "ksm.h"
#include "ulib.h"

typedef void way(void);

#define REACH(address) (*(volatile int *)(address))

/* A pointer of which the compiler knows nothing. */
static char *unknown(int value)
{
    asm volatile("" : "+r"(value));
    return (char *)value;
}

static int segment(uint id, uint nbytes)
{
    int handle = ksmget((int)id, nbytes);

    if (handle < 0)
        fail(9, "no segment");
    return handle;
}

static void null_read(void) { (void)REACH(unknown(8)); }
static void null_field(void) { (void)REACH(unknown(0xffc)); }
static void null_write(void) { REACH(unknown(0)) = 1; }
static void null_call(void) { ((way *)unknown(0))(); }
static void bad_jump(void) { ((way *)unknown(0x41414141))(); }
static void bad_return(void) { ((volatile uint *)__builtin_frame_address(0))[1] = 0x42424242; }

static void data_jump(void)
{
    static volatile uint ud2;

    ud2 = 0x0b0f;
    ((way *)&ud2)();
}

static int (*volatile deeper)(int n);

static int recurse(int n)
{
    volatile int here[20];

    here[0] = n;
    return deeper(n + 1) + here[0];
}

static void recursion(void)
{
    deeper = recurse;
    recurse(0);
}

/* A push names no register of an address, whatever the others hold. */
static void pushes(void) { asm volatile("movl $-1, %ecx; 1: pushl $1; jmp 1b"); }

static void large_frame(void)
{
    volatile char here[1000000];
    volatile char *p = here;

    asm volatile("" : "+r"(p)); /* the compiler can't leave out what is not used */
    p[500000] = 1;
}

static void guard(void)
{
    char *local = (char *)&local;

    while (1)
        *(volatile char *)local-- = 0;
}

static void own_code(void) { REACH(own_code) = 1; }

static void read_only(void) { REACH((char *)ksmattach(segment(0xd1e, 4096), KSM_READ) + 0x10) = 1; }

static void read_only_named(void)
{
    int handle = ksmget("die's own", 4096);

    REACH((char *)ksmattach(handle, KSM_READ) + 0x20) = 1;
}

/* The page above is free, and not where the last detach was. */
static void past_end(void)
{
    char *two = ksmattach(segment(0xd1f, 8192)), *below = ksmattach(segment(0xd1e, 4096));

    ksmdetach(two);
    ksmdetach(ksmattach(segment(0xd20, 4096)));
    (void)REACH(below + 0x1004);
}

static void past_top(void) { REACH((char *)ksmattach(segment(0xd1e, 4096)) + 0x1000) = 1; }

static void detached(void)
{
    int *p = ksmattach(segment(0xd1e, 4096));

    ksmdetach(p);
    p[5] = 1;
}

static void attached_again(void)
{
    ksmdetach(ksmattach(segment(0xd1e, 4096)));
    read_only();
}

static void failed_attach(void) { (void)REACH((char *)ksmattach(77)); }
static void failed_attach_field(void) { ((volatile int *)ksmattach(segment(0xd1e, 4096), 0xff))[10] = 1; }
static void failed_sbrk(void) { REACH(sbrk(0x7fffffff)) = 1; }

static void shrunk_heap(void)
{
    sbrk(8192);
    sbrk(-8192);
    (void)REACH(sbrk(0) + 4096);
}

static void hole(void) { (void)REACH(unknown(0x40000000)); }
static void kernel(void) { REACH(unknown((int)0x80001000)) = 1; }
static void divide(void) { asm volatile("xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx", "cc"); }
static void illegal(void) { asm volatile("ud2"); }
static void cli(void) { asm volatile("cli"); }
static void hlt(void) { asm volatile("hlt"); }
static void in(void) { asm volatile("inb $0x60, %%al" : : : "eax"); }
static void out(void) { asm volatile("outb %al, %dx"); }
static void wrmsr(void) { asm volatile("wrmsr"); }
static void int80(void) { asm volatile("int $0x80"); }
static void int3(void) { asm volatile("int3"); }
static void step(void) { asm volatile("pushfl; orl $0x100, (%esp); popfl; nop"); }
static void selector(void) { asm volatile("movw %w0, %%fs" : : "r"(0x7f8)); }
static void misaligned(void) { asm volatile("movaps 1(%0), %%xmm0" : : "r"(&program_name)); }
static void vm86(void)
{
    asm volatile("pushl $0; pushl $0; pushl $0; pushl $0; pushl $0; pushl $0; pushl $0x23002; pushl $0; "
                 "pushl $0; iret");
}

/* Frames that lead nowhere, in a circle, into the kernel, and into memory that is not the program's. */
#define DIE_WITH_FRAME(frame) \
    asm volatile("movl %0, %%ebp; movl %1, %%eax; movl 0, %%eax" : : "r"(frame), "r"(0) : "eax")

static void frame_circle(void)
{
    static uint frames[4];

    frames[0] = (uint)frames;
    frames[1] = (uint)frame_circle + 1;
    DIE_WITH_FRAME(frames);
}

static void frame_kernel(void) { DIE_WITH_FRAME(0x80100000); }
static void frame_end(void) { DIE_WITH_FRAME(0xfffffffc); }
static void frame_hole(void) { DIE_WITH_FRAME(0x40000000); }

static void frame_kernel_code(void)
{
    static uint frames[4];

    frames[0] = (uint)&frames[2];
    frames[1] = 0x80100000; /* an address of the kernel's for one of the program's */
    DIE_WITH_FRAME(frames);
}

static const struct {
    const char *name;
    way *way;
} ways[] = {
#define WAY(f) \
    {          \
#f, f  \
    }
    WAY(null_read),
    WAY(null_field),
    WAY(null_write),
    WAY(null_call),
    WAY(bad_jump),
    WAY(bad_return),
    WAY(data_jump),
    WAY(recursion),
    WAY(pushes),
    WAY(large_frame),
    WAY(guard),
    WAY(own_code),
    WAY(read_only),
    WAY(read_only_named),
    WAY(past_end),
    WAY(past_top),
    WAY(detached),
    WAY(attached_again),
    WAY(failed_attach),
    WAY(failed_attach_field),
    WAY(failed_sbrk),
    WAY(shrunk_heap),
    WAY(hole),
    WAY(kernel),
    WAY(divide),
    WAY(illegal),
    WAY(cli),
    WAY(hlt),
    WAY(in),
    WAY(out),
    WAY(wrmsr),
    WAY(int80),
    WAY(int3),
    WAY(step),
    WAY(selector),
    WAY(misaligned),
    WAY(vm86),
    WAY(frame_circle),
    WAY(frame_kernel),
    WAY(frame_kernel_code),
    WAY(frame_end),
    WAY(frame_hole),
};

int main(int argc, char **argv)
{
    for (uint i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(argv[1], ways[i].name) != 0)
            continue;
        ways[i].way();
        fail(1, "%s: still alive", argv[1]);
    }
    fail(2, "usage: die WAY");
}
