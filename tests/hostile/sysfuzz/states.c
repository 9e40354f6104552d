/*
 * states.c - the processor in states that no compiler makes.
 *
 * enter_call() makes a system call with any registers, the stack pointer and segments among them.  The odd states are
 * entered by children that they mostly end: returns and pushes on stacks that are none, frames of random words (and so
 * virtual-8086 mode, under emulators that allow it), flags, selectors, interrupts, random code.
 *
 * One thing is not tried: a far call on a stack in the kernel's memory.  See docs/reliability.md.
 */
#include "sysfuzz.h"

#include "syscall.h"

#define SEL_CODE   0x1Bu
#define SEL_DATA   0x23u
#define CODE_BYTES 32u

struct registers before_call, after_call;
uint stack_before_call;
/* The offsets are those of struct registers. */
asm("        .text\n"
    "        .globl enter_call\n"
    "enter_call:\n"
    "        pushl %ebp; pushl %ebx; pushl %esi; pushl %edi\n"
    "        movl %esp, stack_before_call\n"
    "        pushl before_call+32; popfl\n"
    "        movw before_call+36, %fs; movw before_call+40, %gs\n"
    "        movl before_call+4, %ebx; movl before_call+8, %ecx; movl before_call+12, %edx\n"
    "        movl before_call+16, %esi; movl before_call+20, %edi; movl before_call+24, %ebp\n"
    "        movl before_call, %eax\n"
    "        movl before_call+28, %esp\n"
    "        movw %ss:before_call+44, %es\n"
    "        movw %ss:before_call+44, %ds\n"
    "        int $0x40\n"
    "        movl %eax, %ss:after_call\n"
    "        movl %esp, %ss:after_call+28\n"
    "        movl %ss:stack_before_call, %esp\n"
    "        pushfl; pushl $0x23; pushl $0x23; popl %ds; popl %es; popl after_call+32\n"
    "        pushl $0x202; popfl\n"
    "        movl %ebx, after_call+4; movl %ecx, after_call+8; movl %edx, after_call+12\n"
    "        movl %esi, after_call+16; movl %edi, after_call+20; movl %ebp, after_call+24\n"
    "        movl %fs, %eax; movl %eax, after_call+36; movl %gs, %eax; movl %eax, after_call+40\n"
    "        popl %edi; popl %esi; popl %ebx; popl %ebp\n"
    "        ret\n");

uint good_selector(void)
{
    static const uint good[] = { 0, 0, 3, SEL_CODE, SEL_DATA, 0x1A, 0x18, 0x20 };

    return good[pick(COUNT(good))];
}

static uint any_selector(void)
{
    static const uint some[] = { 0,    8,    9,    0xB,  0x10, 0x13, SEL_CODE, SEL_CODE, SEL_DATA, SEL_DATA,
                                 0x28, 0x2B, 0x30, 0x33, 0x38, 0x3B, 0x40,     4,        7,        0xFFFF };

    return one_in(8) ? chance_next(&luck) & 0xFFFF : some[pick(COUNT(some))];
}

/* Any of the flags, those that a program can't set among them. */
static uint any_flags(void)
{
    static const uint some[] = { 0x100,   0x200,   0x400,   0x3000,  0x4000,
                                 0x10000, 0x20000, 0x20000, 0x40000, 0x200000 };
    uint flags = 2;

    for (uint n = 1 + pick(4); n > 0; n--)
        flags |= some[pick(COUNT(some))];
    return flags;
}

/* Where no far call goes. */
static uint any_stack(void)
{
    switch (pick(4)) {
    case 0:
        return 0x80000000u + pick(0x7FFFFFFF);
    case 1:
        return chance_next(&luck);
    default:
        return any_pointer();
    }
}

#define ON_STACK(name, code) \
    static void name(uint sp) { asm volatile("movl %0, %%esp; " code : : "r"(sp)); }

ON_STACK(return_far, "lret")
ON_STACK(return_far_short, "lretw")
ON_STACK(return_far_more, "lret $8")
ON_STACK(return_interrupt, "iret")
ON_STACK(return_interrupt_short, "iretw")
ON_STACK(return_near, "ret")
ON_STACK(push, "pushl $0")
ON_STACK(push_all, "pusha")
ON_STACK(enter_frame, "enter $16, $2")
ON_STACK(pop_all, "popa")
ON_STACK(call_far, "lcall $0x1b, $0x1000")
ON_STACK(interrupt, "int $0x3")

static void odd_stack(void)
{
    static void (*const on_stack[])(uint) = { return_far,
                                              return_far_short,
                                              return_far_more,
                                              return_interrupt,
                                              return_near,
                                              return_interrupt,
                                              return_interrupt_short,
                                              push,
                                              push_all,
                                              enter_frame,
                                              pop_all,
                                              interrupt };
    uint sp = any_stack();

    if (one_in(12) && sp < KERNBASE)
        call_far(sp);
    on_stack[pick(COUNT(on_stack))](sp);
}

/* Code that ends the process if it gets through. */
static uint some_code(void)
{
    static const char *const known[] = {
        "\x0F\x0B",                         /* ud2 */
        "\xFA\xEB\xFE",                     /* cli; jmp . */
        "\xF4\xEB\xFD",                     /* hlt */
        "\x66\xB8\x0B\x01\x01\x01\xCD\x40", /* a call */
        "\xCD\x03\xEB\xFE",                 /* int3 */
        "\xCD\x20\xEB\xFE",                 /* the clock's vector */
        "\x66\x9D\x66\x9D\xCF\xEB\xFD",     /* popfd; popfd; iret */
        "\xB8\x01\x01\x01\x01\xCD\x40",     /* an unknown call, in 32 bits */
        "\x0F\x05",
        "\x0F\x34",
        "\x0F\x01\xC1",
        "\x0F\xA2\x0F\x31",
        "\xDB\xE3\xD9\xE8",
    };
    uchar *code = (uchar *)(own.arena + pick(15) * PAGE_SIZE + pick(200) * 16);

    memset(code, 0xCC, CODE_BYTES);
    if (one_in(2)) {
        for (uint i = 0, n = 1 + pick(12); i < n; i++)
            code[i] = (uchar)(chance_next(&luck) >> 24);
    } else {
        const char *known_code = known[pick(COUNT(known))];
        memcpy(code, known_code, strlen(known_code));
    }
    return (uint)code;
}

/* A far or interrupt return through a frame that could be one. */
static void odd_frame(void)
{
    uint *frame = (uint *)(in_arena(256) & ~3u), code = some_code(), flags = any_flags();

    frame[0] = one_in(8) ? outside(any_number()) : code;
    frame[1] = any_selector();
    if (flags & 0x20000) { /* virtual-8086 mode */
        frame[1] = code >> 4;
        frame[0] = code & 15;
    }
    frame[2] = flags;
    frame[3] = one_in(2) ? in_arena(256) : any_stack();
    for (uint i = 4; i < 9; i++)
        frame[i] = any_selector();
    if (frame[3] >= KERNBASE) /* no far call there, even by chance */
        memset((void *)code, 0xCC, CODE_BYTES);
    (one_in(4) ? return_far : return_interrupt)((uint)frame);
}

/* int N; 0x40 with a call that does not exist. */
static void odd_interrupt(void)
{
    uchar *code = (uchar *)in_arena(256);

    code[0] = 0xCD;
    code[1] = (uchar)pick(256);
    code[2] = 0xCC;
    asm volatile("movl $0x7777, %%eax; jmp *%0" : : "r"(code));
}

static void odd_selector(void)
{
    uint selector = any_selector();

    switch (pick(5)) {
    case 0:
        asm volatile("movl %0, %%ds; movl 0, %%eax" : : "r"(selector));
        break;
    case 1:
        asm volatile("movl %0, %%es; stosl" : : "r"(selector));
        break;
    case 2:
        asm volatile("movl %0, %%fs; movl %%fs:0x1000, %%eax" : : "r"(selector));
        break;
    case 3:
        asm volatile("movl %0, %%gs; int $0x40" : : "r"(selector), "a"(SYS_getpid));
        break;
    default:
        asm volatile("movl %0, %%ss; pushl %%eax" : : "r"(selector));
    }
}

/* Flags, and then a call, a fault or a loop. */
static void odd_flags(void)
{
    asm volatile("pushl %0; popfl; int $0x40; pushl %0; popfl; movl %1, %%ecx; 1: loop 1b; ud2"
                 :
                 : "r"(any_flags()), "r"(1 + pick(100000)), "a"(SYS_getpid)
                 : "ecx");
}

/* A touch of an address, or a jump there. */
static void odd_address(void)
{
    uint va = any_pointer();

    switch (pick(4)) {
    case 0:
        asm volatile("jmp *%0" : : "r"(outside(va)));
        break;
    case 1:
        *(volatile uchar *)va = 1;
        break;
    case 2:
        *(volatile uint *)va += 1;
        break;
    default:
        (void)*(volatile uint *)va;
    }
}

static void odd_floating_point(void)
{
    static uchar image[512 + 16];
    uchar *aligned = (uchar *)(((uint)image + 15) & ~15u);
    uint control = chance_next(&luck);

    for (uint i = 0; i < 512; i++)
        aligned[i] = (uchar)(chance_next(&luck) >> 24);
    memset(aligned + 24, one_in(2) ? 0 : 0xFF, 8); /* MXCSR and its mask: mostly refused otherwise */
    if (one_in(2))
        asm volatile("fxrstor (%0)" : : "r"(aligned));
    asm volatile("fldcw %0; fld1; fldz; fdivrp" : : "m"(control));
    sleep(pick(2));
    asm volatile("int $0x40" : : "a"(SYS_fork));
    asm volatile("fwait; ldmxcsr %0" : : "m"(control));
    getpid();
}

static void odd_code(void) { asm volatile("jmp *%0" : : "r"(some_code())); }

void enter_odd_state(void)
{
    static void (*const states[])(void) = { odd_stack,     odd_stack,          odd_frame,   odd_frame,
                                            odd_interrupt, odd_address,        odd_address, odd_selector,
                                            odd_flags,     odd_floating_point, odd_code };

    states[pick(COUNT(states))]();
}
