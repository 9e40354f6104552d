/*
 * t_machine.c - what a program may do to the processor it runs on, and what it finds in its registers.
 */
#include "chance.h"
#include "guest.h"
#include "syscall.h"

#define NWORKERS 4
#define ROUNDS   300

static uint random = 1;

/* Floating point. */

struct registers {
    uint xmm[8][4];
} __attribute__((aligned(16)));

#define EACH_REGISTER(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7)
#define LOAD(n)           "movaps 16*" #n "(%0), %%xmm" #n "\n\t"
#define STORE(n)          "movaps %%xmm" #n ", 16*" #n "(%0)\n\t"

/* Puts values into all vector registers, makes a system call, and reads them back. */
static void through_call(const struct registers *in, struct registers *out, int number)
{
    int result;

    asm volatile(EACH_REGISTER(LOAD) "int $0x40\n\t"
                                     "movl %3, %0\n\t" EACH_REGISTER(STORE)
                 : "+r"(in), "=a"(result)
                 : "1"(number), "r"(out)
                 : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7");
}

static void fill(struct registers *r)
{
    for (uint i = 0; i < 8; i++) {
        for (uint j = 0; j < 4; j++)
            r->xmm[i][j] = chance_next(&random);
    }
}

static bool same(const struct registers *a, const struct registers *b)
{
    for (uint i = 0; i < 8; i++) {
        for (uint j = 0; j < 4; j++) {
            if (a->xmm[i][j] != b->xmm[i][j])
                return false;
        }
    }
    return true;
}

/* Reads all vector registers as they are. */
static void read_registers(struct registers *out)
{
    asm volatile(EACH_REGISTER(STORE) : : "r"(out) : "memory");
}

static void compute(void *arg)
{
    struct registers in, out;
    volatile double sum = 0;
    volatile long double wide = 0;

    random = chance_start((uint)arg, 0);
    for (uint i = 1; i <= ROUNDS; i++) {
        fill(&in);
        through_call(&in, &out, SYS_uptime);
        if (!same(&in, &out))
            exits(2);
        sum = sum + i * 0.5;
        asm volatile("fldt %0; fld1; faddp; fstpt %0" : "+m"(wide));
        if (i % 16 == 0)
            sleep(1);
        else
            for (volatile uint spin = 0; spin < 2000; spin++)
                ;
    }
    if (sum != ROUNDS * (ROUNDS + 1) * 0.25 || wide != ROUNDS)
        exits(3);
}

TEST("each process has vector registers of its own, whatever calls it makes")
{
    for (uint i = 0; i < NWORKERS; i++)
        tap_start(compute, (void *)(i + 1));
    tap_join_all(NWORKERS);
}

static struct registers at_fork;

TEST("a child gets a copy of the vector registers")
{
    struct registers out;
    int pid, status = 0;

    fill(&at_fork);
    asm volatile(EACH_REGISTER(LOAD) "movl $1, %%eax\n\t"
                                     "int $0x40\n\t"
                 : "=a"(pid)
                 : "0"(&at_fork)
                 : "memory");
    read_registers(&out);
    if (pid == 0) {
        struct registers mine;
        bool copied = same(&out, &at_fork);
        fill(&mine);
        through_call(&mine, &out, SYS_getpid);
        exits(copied && same(&mine, &out) ? 5 : 6);
    }
    check(same(&out, &at_fork));
    check_eq(waits(&status), pid);
    check_eq(status, 5);
}

static void dirty_registers(void *arg)
{
    struct registers in, out;

    (void)arg;
    fill(&in);
    through_call(&in, &out, SYS_getpid);
}

static void fresh_registers(void *arg)
{
    static const struct registers zero;
    struct registers out;
    uint mxcsr;
    ushort control;

    (void)arg;
    asm volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
    read_registers(&out);
    if (mxcsr != 0x1F80 || control != 0x37F || !same(&out, &zero))
        exits(7);
}

TEST("a new process finds no other's floating-point state")
{
    for (uint i = 0; i < 4; i++) {
        tap_join(tap_start(dirty_registers, NULL));
        tap_join(tap_start(fresh_registers, NULL));
    }
}

static void divide_unmasked(void *arg)
{
    ushort control = 0x37F & ~(1u << 2);

    (void)arg;
    asm volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(control));
}

TEST("an unmasked floating-point exception kills the process")
{
    check(tap_dies(divide_unmasked, NULL)); /* QEMU does not raise those of SSE */
    tap_join(tap_start(compute, (void *)9));
}

/* General registers, segments and flags. */

TEST("registers survive a system call")
{
    uint b = 0x11111111, si = 0x22222222, di = 0x33333333, c = 0x44444444, d = 0x55555555;
    int pid;

    asm volatile("movl $11, %%eax\n\t"
                 "int $0x40"
                 : "=a"(pid), "+b"(b), "+S"(si), "+D"(di), "+c"(c), "+d"(d)
                 :
                 : "memory");
    check_eq(pid, getpid());
    check(b == 0x11111111 && si == 0x22222222 && di == 0x33333333);
    check(c == 0x44444444 && d == 0x55555555);
}

TEST("a system call works with any flags and segments, and leaves the direction flag alone")
{
    int pid;

    asm volatile("std; movl $11, %%eax; int $0x40; pushfl; popl %%ecx; cld;"
                 "testl $0x400, %%ecx; jnz 1f; xorl %%eax, %%eax; 1:"
                 : "=a"(pid)::"ecx", "memory", "cc");
    check_eq(pid, getpid());
    asm volatile("xorl %%ecx, %%ecx; movw %%cx, %%es; movw %%cx, %%gs; movw %%cx, %%fs;"
                 "movl $11, %%eax; int $0x40"
                 : "=a"(pid)::"ecx", "memory", "cc");
    check_eq(pid, getpid());
    asm volatile("pushl %%ds; xorl %%ecx, %%ecx; movw %%cx, %%ds; movl $11, %%eax; int $0x40; popl %%ds"
                 : "=a"(pid)::"ecx", "memory", "cc");
    check_eq(pid, getpid());
    asm volatile("pushfl; orl $0x40000, (%%esp); popfl; movl $11, %%eax; int $0x40;"
                 "pushfl; andl $~0x40000, (%%esp); popfl"
                 : "=a"(pid)::"memory", "cc");
    check_eq(pid, getpid());
    asm volatile("pushfl; orl $0x4000, (%%esp); popfl; movl $11, %%eax; int $0x40;"
                 "pushfl; andl $~0x4000, (%%esp); popfl"
                 : "=a"(pid)::"memory", "cc");
    check_eq(pid, getpid());
}

TEST("a program finds no segment of the kernel's in its registers")
{
    uint gs;

    getpid();
    asm volatile("movl %%gs, %0" : "=r"(gs));
    check(gs == 0 || (gs & 3) == 3);
}

static void load_segment(void *arg) { asm volatile("movw %w0, %%es" : : "r"(arg)); }

static void load_stack_segment(void *arg) { asm volatile("movw %w0, %%ss" : : "r"(arg)); }

static void jump_far(void *arg)
{
    struct {
        uint offset;
        ushort selector;
    } __attribute__((packed)) target = { 0, (uint)arg };

    asm volatile("movl $1f, %0; ljmp *%0; 1:" : "+m"(target.offset)::"memory");
}

TEST("a program that loads a segment of the kernel's is killed")
{
    static const uint own[] = { 0x08, 0x10, 0x28, 0x30, 0x38 };

    for (uint i = 0; i < COUNT(own); i++) {
        for (uint rpl = 0; rpl < 4; rpl++) {
            check(tap_dies(load_segment, (void *)(own[i] | rpl)));
            check(tap_dies(load_stack_segment, (void *)(own[i] | rpl)));
            check(tap_dies(jump_far, (void *)(own[i] | rpl)));
        }
    }
    check(tap_dies(load_segment, (void *)0x40));
    check(tap_dies(load_segment, (void *)0xFFFC));
}

static void step(void *arg)
{
    (void)arg;
    asm volatile("pushfl; orl $0x100, (%%esp); popfl; movl $11, %%eax; int $0x40; nop" ::
                     : "eax", "memory", "cc");
}

static void nested_return(void *arg)
{
    (void)arg;
    asm volatile("pushfl; orl $0x4000, (%%esp); popfl; iret" ::: "memory", "cc");
}

TEST("a single step or a nested task ends the process alone")
{
    check(tap_dies(step, NULL));
    check(tap_dies(nested_return, NULL));
}

/* Faults, and instructions that only the kernel may use. */

static void fault_read(void *arg) { (void)*(volatile int *)arg; }

static void fault_run(void *arg) { ((void (*)(void))arg)(); }

static void fault_divide(void *arg)
{
    volatile int zero = arg != NULL, one = 1;

    zero = one / zero;
}

static void fault_invalid(void *arg)
{
    (void)arg;
    asm volatile("ud2");
}

TEST("a fault kills the process, and no other")
{
    check(tap_dies(fault_read, (void *)0x80000000));
    check(tap_dies(fault_read, (void *)0xFFFFFFFC));
    check(tap_dies(fault_read, (void *)0x70000000));
    check(tap_dies(fault_read, NULL));
    check(tap_dies(fault_run, NULL));
    check(tap_dies(fault_run, (void *)0x80100000));
    check(tap_dies(fault_divide, NULL));
    check(tap_dies(fault_invalid, NULL));
}

/* Runs `int $n`. */
static void interrupt(void *arg)
{
    static uchar code[4] = { 0xCD, 0, 0xC3 };

    code[1] = (uint)arg;
    ((void (*)(void))code)();
}

TEST("every software interrupt but the system call's ends the process")
{
    for (uint n = 0; n < 256; n++) {
        if (n != 0x40)
            check(tap_dies(interrupt, (void *)n));
    }
}

#define PRIVILEGED(name, code)                                \
    static void name(void *arg)                               \
    {                                                         \
        (void)arg;                                            \
        asm volatile(code : ::"eax", "ecx", "edx", "memory"); \
    }

PRIVILEGED(read_port, "movw $0x1F7, %%dx; inb %%dx, %%al")
PRIVILEGED(write_port, "movw $0xF4, %%dx; outb %%al, %%dx")
PRIVILEGED(read_ports, "movw $0x60, %%dx; movl $1, %%ecx; subl $16, %%esp; rep insb")
PRIVILEGED(disable, "cli")
PRIVILEGED(enable, "sti")
PRIVILEGED(halt_processor, "hlt")
PRIVILEGED(read_control, "movl %%cr0, %%eax")
PRIVILEGED(write_control, "movl %%eax, %%cr3")
PRIVILEGED(read_debug, "movl %%dr7, %%eax")
PRIVILEGED(read_model, "xorl %%ecx, %%ecx; rdmsr")
PRIVILEGED(clear_switched, "clts")
PRIVILEGED(drop_page, "invlpg (%%esp)")
PRIVILEGED(load_tables, "subl $8, %%esp; lidt (%%esp)")
PRIVILEGED(enter_fast, "movl %%esp, %%ecx; movl %%esp, %%edx; .byte 0x0F, 0x34")

TEST("a privileged instruction ends the process")
{
    check(tap_dies(read_port, NULL));
    check(tap_dies(write_port, NULL));
    check(tap_dies(read_ports, NULL));
    check(tap_dies(disable, NULL));
    check(tap_dies(enable, NULL));
    check(tap_dies(halt_processor, NULL));
    check(tap_dies(read_control, NULL));
    check(tap_dies(write_control, NULL));
    check(tap_dies(read_debug, NULL));
    check(tap_dies(read_model, NULL));
    check(tap_dies(clear_switched, NULL));
    check(tap_dies(drop_page, NULL));
    check(tap_dies(load_tables, NULL));
    check(tap_dies(enter_fast, NULL));
}

/* Time. */

TEST("the clock goes on while a process computes")
{
    int start = uptime();

    while (uptime() < start + 20)
        ;
    sleep(5);
    check(uptime() >= start + 25);
}

TAP_MAIN(NULL)
