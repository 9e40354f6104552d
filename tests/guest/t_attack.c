/*
 * t_attack.c - what a hostile program may do to its processor: it ends itself at most.
 *
 * Some of it works only under an emulator with a fault, such as QEMU 7.2: see docs/reliability.md.
 *
 * Started as `t_attack --segments` it is the program that a test of exec() runs.  `t_attack --forge WORD` lets the
 * kernel report a fault and an unknown call of a program that is called like a line of status, and waits.
 * `t_attack --sync` calls sync() with EFLAGS.AC set: tests/cli/panics.py has a kernel that minds.
 */
#include "guest.h"
#include "syscall.h"

#define USER_TOP 0x80000000u

/* The stack of far returns, calls and interrupt returns. */

#define ON_STACK(name, code) \
    static void name(void *sp) { asm volatile("movl %0, %%esp; " code : : "r"(sp)); }

ON_STACK(return_far, "lret")
ON_STACK(return_far_short, "lretw")
ON_STACK(return_far_more, "lret $8")
ON_STACK(return_interrupt, "iret")
ON_STACK(return_interrupt_short, "iretw")
ON_STACK(call_far, "lcall $0x1b, $1f; 1:")
ON_STACK(return_near, "ret")
ON_STACK(push, "pushl $0")
ON_STACK(enter_frame, "enter $16, $2")
ON_STACK(pop_all, "popa")

static void (*const on_stack[])(void *) = { return_far,
                                            return_far_short,
                                            return_far_more,
                                            return_interrupt,
                                            return_interrupt_short,
                                            call_far,
                                            return_near,
                                            push,
                                            enter_frame,
                                            pop_all };

TEST("a wild stack pointer ends the process alone")
{
    /* Nothing, above the program, in the kernel's half where no memory is, and at the very end.  Not where the
       kernel's memory is: a far call would write there under some emulators. */
    static const uint bad[] = { 0x2,        0x39A8694C, 0x7FFFFFFC, 0x7FFFFFFE, 0xF0000000,
                                0xF8123456, 0xFE000000, 0xFE7FFFFC, 0xFFFFFFF0 };

    for (uint i = 0; i < COUNT(on_stack); i++)
        for (uint j = 0; j < COUNT(bad); j++)
            check(tap_dies(on_stack[i], (void *)bad[j]));
}

TEST("a far return to what the kernel's memory happens to hold ends the process alone")
{
    for (uint sp = 0x80100000; sp < 0x80100000 + 64 * 37; sp += 37) {
        check(tap_dies(return_far, (void *)sp));
        check(tap_dies(return_interrupt, (void *)sp));
    }
}

static uint untouched[2048]; /* its pages are promised, not there */

static void return_from_promised(void *arg)
{
    uint *p = (uint *)(((uint)untouched + 4095) & ~4095u);

    (void)arg;
    asm volatile("movl %%esp, %%ebx; leal 8(%0), %%esp; lcall $0x1b, $1f; 1: popl %%eax; popl %%eax;"
                 "movl %%ebx, %%esp"
                 :
                 : "r"(p)
                 : "eax", "ebx", "memory");
    if ((p[1] & 0xFFFF) != 0x1B)
        exits(2);
}

static bool has_smap(void)
{
    uint last = 0, features = 7, zero = 0, b;

    asm volatile("cpuid" : "+a"(last) : : "ebx", "ecx", "edx");
    if (last < features)
        return false;
    asm volatile("cpuid" : "+a"(features), "=b"(b), "+c"(zero) : : "edx");
    return b >> 20 & 1;
}

TEST("a far call on a stack that is only promised works, or ends the process alone where there is SMAP")
{
    if (has_smap())
        tap_dies(return_from_promised, NULL); /* QEMU 7.2 makes it with the kernel's rights */
    else
        tap_join(tap_start(return_from_promised, NULL));
}

/* Virtual-8086 mode, which a program can't enter, but under some emulators can. */

#define FLAGS_VM86   0x23202u /* VM, IOPL 3, IF */
#define FLAGS_VM86_0 0x20002u /* VM, and no interrupts */

struct vm86 {
    uint flags;
    const char *code;
    uint n;
};

/* Goes on in virtual-8086 mode with this code; %es is the kernel's code segment, %ss:%sp the code itself. */
static void enter_vm86(void *arg)
{
    static char code[64] __attribute__((aligned(64)));
    const struct vm86 *v = arg;
    uint cs = (uint)code >> 4 & ~3u, ip = (uint)code - (cs << 4);

    memmove(code, v->code, v->n);
    asm volatile("pushl $0x23; pushl $0x23; pushl $0x202; pushl $8; pushl %1; pushl $0x1000; pushl %2;"
                 "pushl %0; pushl %1; iret"
                 :
                 : "r"(cs), "r"(ip), "r"(v->flags));
}

/* clang-format off */
#define VM86(flags, code) { flags, code, sizeof(code) - 1 }
/* clang-format on */

TEST("virtual-8086 mode ends the process, whatever it does there")
{
    static const struct vm86 programs[] = {
        VM86(FLAGS_VM86, "\x0F\x0B"),                           /* ud2 */
        VM86(FLAGS_VM86, "\xFA\xEB\xFE"),                       /* cli; jmp . */
        VM86(FLAGS_VM86_0, "\xEB\xFE"),                         /* jmp . */
        VM86(FLAGS_VM86, "\xEB\xFE"),                           /* jmp . */
        VM86(FLAGS_VM86, "\xB0\x11\xE6\xF4\xEB\xFE"),           /* out: powers off, where it works */
        VM86(FLAGS_VM86, "\x66\xA1\xFF\xFF\xEB\xFE"),           /* a page fault */
        VM86(FLAGS_VM86, "\xF4\xEB\xFD"),                       /* hlt */
        VM86(FLAGS_VM86, "\x66\xB8\x0B\0\0\0\xCD\x40\xEB\xF6"), /* getpid() */
        VM86(FLAGS_VM86, "\x66\xB8\x01\0\0\0\xCD\x40\xEB\xF6"), /* fork() */
        VM86(FLAGS_VM86, "\x66\xB8\x07\0\0\0\xCD\x40\xEB\xF6"), /* exec() */
        VM86(FLAGS_VM86, "\x66\xB8\x0D\0\0\0\xCD\x40\xEB\xF6"), /* sleep() */
        VM86(FLAGS_VM86, "\xCD\x03\xEB\xFE"),                   /* int3 */
        VM86(FLAGS_VM86, "\xCD\x20\xEB\xFE"),                   /* the clock's vector */
        VM86(FLAGS_VM86, "\xCD\xE0\xEB\xFE"),                   /* the APIC timer's */
        VM86(FLAGS_VM86, "\xCD\x08\xEB\xFE"),                   /* the double fault's */
        VM86(FLAGS_VM86, "\xDB\xE3\xD9\xE8\xEB\xFE"),           /* fninit; fld1 */
        VM86(FLAGS_VM86 | 0x100, "\x90\xEB\xFD"),               /* single steps */
        VM86(FLAGS_VM86 | 0x44000, "\x90\xEB\xFD"),             /* AC and NT */
        VM86(FLAGS_VM86, "\x66\x9D\x66\x9D\xCF\xEB\xFD"),       /* popfd; popfd; iret */
    };

    for (uint i = 0; i < COUNT(programs); i++)
        check(tap_dies(enter_vm86, (void *)&programs[i]));
}

static void loop_in_vm86(void *arg)
{
    static const struct vm86 loop = VM86(FLAGS_VM86_0, "\xEB\xFE");

    (void)arg;
    enter_vm86((void *)&loop);
}

TEST("loops without interrupts in virtual-8086 mode end on all processors")
{
    int pids[4];

    for (uint i = 0; i < 4; i++)
        pids[i] = tap_start(loop_in_vm86, NULL);
    for (uint i = 0; i < 4; i++) {
        int status = 0, pid = waits(&status);
        check(pid == pids[0] || pid == pids[1] || pid == pids[2] || pid == pids[3]);
        check_eq(status, KILLED);
    }
}

/* Flags. */

#define FLAG_NT 0x4000u
#define FLAG_AC 0x40000u
#define FLAG_ID 0x200000u

/* The flags after a system call without arguments that was made with these as well. */
static uint call_with_flags(uint number, uint with)
{
    uint flags;

    asm volatile("pushfl; orl %2, (%%esp); popfl; int $0x40; pushfl; popl %0;"
                 "pushfl; andl $~0x244400, (%%esp); popfl"
                 : "=&r"(flags), "+a"(number)
                 : "r"(with)
                 : "memory", "cc");
    return flags;
}

static uint flags_after(uint with) { return call_with_flags(SYS_getpid, with); }

TEST("a system call clears the flags that are the kernel's to set")
{
    check_eq(flags_after(FLAG_NT) & (FLAG_NT | 0x3000), 0);
    check_eq(flags_after(FLAG_AC) & FLAG_AC, 0);
    check_eq(flags_after(FLAG_ID) & FLAG_ID, FLAG_ID);
    check_eq(flags_after(0x400) & 0x400, 0x400);
    check_eq(flags_after(0x8D5) & 0x200, 0x200);
}

static void step_into_kernel(void *arg)
{
    (void)arg;
    /* The step after MOV SS may be put off over the INT, into the kernel. */
    asm volatile("movl %%ss, %%ecx; movl $11, %%eax; pushfl; orl $0x100, (%%esp); popfl; movl %%ecx, %%ss;"
                 "int $0x40; nop"
                 :
                 :
                 : "eax", "ecx", "memory", "cc");
}

static void read_unaligned(void *arg)
{
    (void)arg;
    asm volatile("pushfl; orl $0x40000, (%%esp); popfl; movl 1(%%esp), %%eax; pushfl;"
                 "andl $~0x40000, (%%esp); popfl"
                 :
                 :
                 : "eax", "memory", "cc");
}

TEST("single steps and alignment checks end the process, or do nothing")
{
    tap_dies(step_into_kernel, NULL);
    tap_join(tap_start(read_unaligned, NULL));
}

/* Instructions. */

#define INSTRUCTION(name, code)                                                 \
    static void name(void *arg)                                                 \
    {                                                                           \
        (void)arg;                                                              \
        asm volatile("movl %%esp, %%edx; movl %%esp, %%ecx; movl $0x28, %%eax;" \
                     "subl $16, %%esp;" code                                    \
                     :                                                          \
                     :                                                          \
                     : "eax", "ebx", "ecx", "edx", "memory", "cc");             \
    }

INSTRUCTION(breakpoint, "int3")
INSTRUCTION(breakpoint_long, ".byte 0xCD, 3")
INSTRUCTION(overflow, "movb $0x7F, %%al; incb %%al; into")
INSTRUCTION(out_of_bounds, "movl $1, (%%esp); movl $2, 4(%%esp); movl $3, %%eax; .byte 0x62, 0x04, 0x24")
INSTRUCTION(hidden_breakpoint, ".byte 0xF1")
INSTRUCTION(undefined, "ud2")
INSTRUCTION(system_call_fast, ".byte 0x0F, 0x05")
INSTRUCTION(system_return_fast, ".byte 0x0F, 0x07")
INSTRUCTION(enter_fast, ".byte 0x0F, 0x34")
INSTRUCTION(exit_fast, ".byte 0x0F, 0x35")
INSTRUCTION(resume_management, ".byte 0x0F, 0xAA")
INSTRUCTION(hypercall, ".byte 0x0F, 0x01, 0xC1")
INSTRUCTION(hypercall_amd, ".byte 0x0F, 0x01, 0xD9")
INSTRUCTION(run_guest, ".byte 0x0F, 0x01, 0xD8")
INSTRUCTION(set_interrupts, ".byte 0x0F, 0x01, 0xDC")
INSTRUCTION(wait_monitor, ".byte 0x0F, 0x01, 0xC8; .byte 0x0F, 0x01, 0xC9")
INSTRUCTION(load_task, "ltr %%ax")
INSTRUCTION(load_local_table, "lldt %%ax")
INSTRUCTION(load_global_table, "lgdt (%%esp)")
INSTRUCTION(load_machine_status, "lmsw %%ax")
INSTRUCTION(write_control_4, "movl %%eax, %%cr4")
INSTRUCTION(write_debug, "movl %%eax, %%dr7")
INSTRUCTION(write_model, "wrmsr")
INSTRUCTION(read_counter, "movl $0x7FFFFFFF, %%ecx; rdpmc")
INSTRUCTION(write_extended, "xorl %%ecx, %%ecx; .byte 0x0F, 0x01, 0xD1")
INSTRUCTION(drop_caches, "invd")
INSTRUCTION(divide, "xorl %%ecx, %%ecx; divl %%ecx")
INSTRUCTION(call_kernel, "movl $0x80101000, %%eax; call *%%eax")
INSTRUCTION(call_task, "lcall $0x38, $0")
INSTRUCTION(call_task_busy, "lcall $0x33, $0")
INSTRUCTION(jump_task, "ljmp $0x38, $0")
INSTRUCTION(jump_data, "ljmp $0x23, $0")
INSTRUCTION(locked, ".byte 0xF0, 0x90")

static void (*const fatal[])(void *) = {
    breakpoint,        breakpoint_long,     overflow,
    out_of_bounds,     hidden_breakpoint,   undefined,
    system_call_fast,  system_return_fast,  enter_fast,
    exit_fast,         resume_management,   hypercall,
    hypercall_amd,     run_guest,           set_interrupts,
    wait_monitor,      load_task,           load_local_table,
    load_global_table, load_machine_status, write_control_4,
    write_debug,       write_model,         read_counter,
    write_extended,    drop_caches,         divide,
    call_kernel,       call_task,           call_task_busy,
    jump_task,         jump_data,           locked,
};

TEST("instructions that are the kernel's, or nobody's, end the process alone")
{
    for (uint i = 0; i < COUNT(fatal); i++)
        check(tap_dies(fatal[i], NULL));
}

/* Segment registers. */

static uint fs_read(void)
{
    uint v;

    asm volatile("movl %%fs, %0" : "=r"(v));
    return v & 0xFFFF;
}

static uint gs_read(void)
{
    uint v;

    asm volatile("movl %%gs, %0" : "=r"(v));
    return v & 0xFFFF;
}

static void segments_set(uint fs, uint gs)
{
    asm volatile("movl %0, %%fs; movl %1, %%gs" : : "r"(fs), "r"(gs));
}

#define SEL_CODE 0x1Bu
#define SEL_DATA 0x23u

static bool segments_are(uint fs, uint gs) { return fs_read() == fs && gs_read() == gs; }

/* Values of its own that change all the time. */
static void change_segments(void *arg)
{
    (void)arg;
    for (;;) {
        segments_set(0, SEL_CODE);
        getpid();
        segments_set(SEL_CODE, 0);
        for (volatile uint i = 0; i < 1000; i++)
            ;
    }
}

TEST("%fs and %gs are the process's own over system calls, sleeps and interrupts")
{
    int pids[4];

    for (uint i = 0; i < 4; i++)
        pids[i] = tap_start(change_segments, NULL);
    for (int start = uptime(); uptime() < start + 50;) {
        segments_set(SEL_DATA, SEL_DATA);
        for (volatile uint i = 0; i < 5000; i++)
            ;
        check(segments_are(SEL_DATA, SEL_DATA));
        segments_set(SEL_DATA, SEL_CODE);
        sleep(1);
        check(segments_are(SEL_DATA, SEL_CODE));
    }
    for (uint i = 0; i < 4; i++)
        kill(pids[i]);
    for (uint i = 0; i < 4; i++)
        wait();
}

TEST("a page fault leaves %fs and %gs alone")
{
    segments_set(SEL_CODE, SEL_DATA);
    untouched[1024] = 1;
    check(segments_are(SEL_CODE, SEL_DATA));
    asm volatile("movl $5, %%gs:%0" : "=m"(untouched[0]));
    check_eq(untouched[0], 5);
    check(segments_are(SEL_CODE, SEL_DATA));
}

TEST("a child has its parent's %fs and %gs")
{
    int pid;

    segments_set(SEL_DATA, SEL_CODE);
    pid = fork();
    if (pid == 0)
        exits(segments_are(SEL_DATA, SEL_CODE) ? 0 : 5);
    check(segments_are(SEL_DATA, SEL_CODE));
    tap_join(pid);
}

TEST("exec clears %fs and %gs")
{
    int pid = fork();

    if (pid == 0) {
        segments_set(SEL_DATA, SEL_CODE);
        exec("/t_attack", (char *[]){ "t_attack", "--segments", NULL });
        exits(6);
    }
    tap_join(pid);
}

TEST("nothing is left of another process's %fs and %gs")
{
    int pid = fork();

    if (pid == 0) {
        segments_set(SEL_DATA, SEL_CODE);
        exits(0);
    }
    tap_join(pid);
    check(segments_are(0, 0));
}

/* Runs this program under the name `name`, which makes an unknown call and dies of a fault. */
static void forge(char *name)
{
    unlink(name);
    check_eq(link("/t_attack", name), 0);
    if (fork() == 0) {
        exec(name, (char *[]){ name, "--fault", NULL });
        exits(1);
    }
    wait();
    unlink(name);
}

static void fault(void)
{
    asm volatile("int $0x40" : : "a"(999) : "memory");
    *(volatile int *)USER_TOP = 0;
}

int main(int argc, char *argv[])
{
    char name[16];

    if (argc > 1 && strcmp(argv[1], "--fault") == 0)
        fault();
    if (argc > 2 && strcmp(argv[1], "--forge") == 0) {
        snprintf(name, sizeof(name), "\nexit %s\n", argv[2]);
        forge(name);
        snprintf(name, sizeof(name), "\n\001exit %s\n", argv[2]);
        forge(name);
        for (;;)
            sleep(1000);
    }
    if (argc > 1 && strcmp(argv[1], "--sync") == 0)
        exits(call_with_flags(SYS_sync, FLAG_AC) & FLAG_AC ? 5 : 0);
    if (argc > 1 && strcmp(argv[1], "--segments") == 0)
        exits(segments_are(0, 0) ? 0 : 5);
    return tap_main(argc, argv, NULL);
}
