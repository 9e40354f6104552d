/*
 * trap.c - the interrupt table, and what each trap means.
 *
 * Three ways in, all from entry.S:
 *   system calls   through the only gate that programs may use; interrupts stay on
 *   page faults    off until the address is read, then as they were
 *   all others     exceptions (vectors below 32) and devices
 * A program's fault goes to kernel_trap().  A fault of the kernel itself is a panic, but for a page fault
 * on a user address, which goes there as well.  Unexpected interrupts are acknowledged and ignored.
 *
 * The saved CS says whose fault it is, not a page fault's error code: QEMU 7.2 reads and writes the stack
 * with supervisor rights for a program's far return, far call and iret (docs/reliability.md).  It also lets a
 * program's iret enter virtual-8086 mode, with IOPL 3 and interrupts off.  A program there is killed as soon
 * as it enters the kernel; if it keeps interrupts off, the watchdog's NMI makes it.
 *
 * An overflow of a kernel stack touches the guard page below it.  The page fault can't be pushed there, which
 * makes it a double fault; that has a task with a stack of its own.
 */
#include "base/printk.h"
#include "i386_impl.h"
#include "io.h"

#define GATE_INTERRUPT 0x8E00 /* interrupts off */
#define GATE_TRAP      0x8F00
#define GATE_TASK      0x8500
#define GATE_USER      0x6000 /* programs may call it */

#define NVECTORS 256

enum {
    EXCEPTION_DEBUG = 1,
    EXCEPTION_NMI = 2,
    EXCEPTION_NO_FPU = 7,
    EXCEPTION_DOUBLE = 8,
    EXCEPTION_PAGE = 14
};

/* A page fault's error code. */
#define CODE_PRESENT 1 /* the page is there */
#define CODE_WRITE   2
#define CODE_USER    4  /* with a program's rights */
#define CODE_FETCH   16 /* of an instruction; only with SMEP */

static struct {
    uint low, high;
} idt[NVECTORS]; /* shared by all processors, filled while booting */

volatile uint machine_stopping;

static void gate_set(uint vector, uint selector, const char *entry, uint kind)
{
    idt[vector].low = selector << 16 | ((uint)entry & 0xFFFF);
    idt[vector].high = ((uint)entry & 0xFFFF0000) | kind;
}

void idt_load(void)
{
    struct {
        ushort limit;
        uint base;
    } __attribute__((packed)) idtr = { sizeof(idt) - 1, (uint)idt };

    if (!idt[0].low) {
        for (uint v = 0; v < NVECTORS; v++)
            gate_set(v, SEL_KERNEL_CODE, vector_stubs + v * VECTOR_STUB_SIZE, GATE_INTERRUPT);
        gate_set(EXCEPTION_DOUBLE, SEL_FAULT_TSS, NULL, GATE_TASK);
        gate_set(EXCEPTION_PAGE, SEL_KERNEL_CODE, page_fault_entry, GATE_INTERRUPT);
        gate_set(VECTOR_SYSCALL, SEL_KERNEL_CODE, syscall_entry, GATE_TRAP | GATE_USER);
    }
    asm volatile("lidt %0" : : "m"(idtr));
}

static __attribute__((noinline, cold, noreturn)) void kernel_fault(const struct trapframe *tf, uint vector,
                                                                   uint address)
{
    const char *misuse = vector == EXCEPTION_PAGE ? kstack_misuse(address) : NULL;

    if (misuse)
        panic("%s at %x", misuse, tf->eip);
    panic("exception %u in the kernel: code %x, at %x, address %x", vector, tf->code, tf->eip, address);
}

/* What the program did ends it. */
static __attribute__((noinline, cold, noreturn)) void program_fault(const struct trapframe *tf, uint vector,
                                                                    uint address)
{
    struct trap_info info = {
        .address = address,
        .write = tf->code & CODE_WRITE,
        .touch = vector == EXCEPTION_PAGE && !(tf->eflags & FLAG_VM86),
        .number = vector,
        .code = tf->code,
        .ip = tf->eip,
        .tf = tf,
    };

    if (!(tf->eflags & FLAG_VM86)) {
        info.sp = tf->esp;
        info.frame = tf->ebp;
    }

    irq_enable();
    kernel_trap(TRAP_FAULT, &info);
    __builtin_unreachable();
}

/* Ends a program that came from virtual-8086 mode. */
static inline void refuse_vm86(const struct trapframe *tf, uint vector)
{
    if (tf->eflags & FLAG_VM86)
        program_fault(tf, vector, 0);
}

static inline bool from_user(const struct trapframe *tf) { return tf->cs & 3; }

FROM_ASM void trap_syscall(struct trapframe *tf)
{
    refuse_vm86(tf, VECTOR_SYSCALL);
    kernel_syscall(tf);
}

FROM_ASM void trap_attention(void) { kernel_trap(TRAP_ATTENTION, NULL); }

/* On a processor with SMAP or SMEP, a touch of user memory by the kernel that is not between user_opened() and
   user_close() is its own mistake.  One with the kernel's rights that a program makes is the emulator's: see the top
   of this file.  Such a touch would be refused again and again. */
static __attribute__((noinline)) void check_touch(const struct trapframe *tf, uint address)
{
    bool smap = smap_cr4 & CR4_SMAP;

    if (from_user(tf)) {
        if (smap && (tf->code & (CODE_PRESENT | CODE_USER)) == CODE_PRESENT)
            program_fault(tf, EXCEPTION_PAGE, address);
    } else if (tf->code & CODE_FETCH || (smap && !(tf->eflags & FLAG_AC))) {
        panic("the kernel touches user memory at %x, from %x", address, tf->eip);
    }
}

FROM_ASM void trap_page_fault(struct trapframe *tf, uint address)
{
    struct trap_info info;

    refuse_vm86(tf, EXCEPTION_PAGE);
    if (tf->eflags & FLAG_INTERRUPT)
        irq_enable();
    if (smap_cr4 && address < USER_END)
        check_touch(tf, address);
    info.address = address;
    info.write = tf->code & CODE_WRITE;
    if (address < USER_END && kernel_trap(TRAP_TOUCH, &info))
        return;
    if (from_user(tf))
        program_fault(tf, EXCEPTION_PAGE, address);
    if (address >= USER_END || tf->eip < (uint)words_from_user_1 || tf->eip >= (uint)words_refused)
        kernel_fault(tf, EXCEPTION_PAGE, address);
    tf->eip = (uint)words_refused;
}

/* Another processor's panic, or the watchdog. */
static void nmi(struct trapframe *tf)
{
    if (!machine_stopping)
        watchdog_look(tf);
    else if (machine_stopping != cpu_self()->index + 1)
        backtrace_stopped(tf);
    if (tf->eip == (uint)arch_idle_halt)
        tf->eip++; /* the processor would halt without another look: see entry.S */
}

FROM_ASM void trap_exception(struct trapframe *tf, uint vector)
{
    if (vector == EXCEPTION_NMI)
        nmi(tf);
    refuse_vm86(tf, vector);
    if (vector == EXCEPTION_NMI)
        return;
    if (!from_user(tf)) {
        /* A processor may put off a program's single step over MOV SS and the INT after it. */
        if (vector == EXCEPTION_DEBUG)
            return;
        kernel_fault(tf, vector, 0);
    }
    if (vector == EXCEPTION_NO_FPU) {
        irq_enable();
        fpu_first_use();
    } else {
        program_fault(tf, vector, 0);
    }
}

/* After a device's interrupt was served. */
FROM_ASM void trap_interrupt(struct trapframe *tf, uint vector)
{
    interrupt_serve(vector);
    refuse_vm86(tf, vector);
}

FROM_ASM void trap_double_fault(void)
{
    const struct tss *tss = &machine_self()->tss; /* where the processor saved the registers */
    uint address = cr2_read();
    const char *misuse = kstack_misuse(address);

    if (!misuse)
        misuse = kstack_misuse(tss->esp);
    if (misuse)
        panic("%s at %x, stack %x", misuse, tss->eip, tss->esp);
    panic("double fault at %x, stack %x, address %x", tss->eip, tss->esp, address);
}
