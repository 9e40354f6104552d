/*
 * backtrace.c - the calls that led to a panic, by name, or to a thread's sleep.
 *
 * The kernel keeps no frame pointers: they would cost each call some instructions.  Instead, two tables say
 * which function an address of code lies in, and by which rule its caller's frame is found.
 * tools/build/ksyms.py makes them from the kernel's first link; a second link puts them into section
 * .symbols, after everything that they name (kernel.ld).  Without them only the place of a double fault is
 * printed.
 *
 * The traps of entry.S have no rules.  There a trap called C, and its frame says where the kernel was interrupted.
 */
#include "base/printk.h"
#include "i386_impl.h"
#include "sched/thread.h"

#define MAX_CALLS 32 /* printed: more than the kernel nests, should the stack be damaged */

/* How long a stopped processor has for its part, which a busy host may hold up: 5 seconds. */
#define TURN_WAIT_US 10000
#define TURN_WAITS   500

static volatile uint turn; /* 1 + the index of the stopped processor that may print; 0: none */

struct symbol {
    uint address;
    const char *name;
};

/* From this address up to the next one's the rule holds; 0: none is known. */
struct frame_rule {
    uint address;
    uint rule;
};
#define RULE_JUST_CALLED 1 /* nothing on the stack but the return address */

/* From the stack pointer, or from %ebp, to the caller's frame. */
static uint rule_words(uint rule) { return rule & 0xFFFF; }
static bool rule_from_ebp(uint rule) { return rule & 0x10000; }
/* Where %ebp is saved, in words below the caller's frame; 0: it is still the caller's. */
static uint rule_ebp_saved(uint rule) { return rule >> 24; }

/* The tables, sorted by address. */
extern const struct symbol kernel_symbols[] __attribute__((weak));
extern const struct frame_rule kernel_frames[] __attribute__((weak));
extern const uint kernel_nsymbols __attribute__((weak)), kernel_nframes __attribute__((weak));

/* Where a flow of control is. */
struct place {
    uint eip, esp, ebp;
    bool returns; /* eip is a return address: the call before it may be its function's last instruction */
};

/* The entry of a table of pairs that holds for an address; -1: none. */
static int find(const uint (*table)[2], const uint *size, uint address)
{
    int low = -1, high = size ? (int)*size : 0;

    while (low + 1 < high) {
        int middle = (low + high) / 2;
        if (table[middle][0] <= address)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void print_place(const struct place *p)
{
    int i = find((const void *)kernel_symbols, &kernel_nsymbols, p->eip - p->returns);

    if (i >= 0)
        printk("  %x %s+%u\n", p->eip, kernel_symbols[i].name, p->eip - kernel_symbols[i].address);
    else
        printk("  %x\n", p->eip);
}

#ifdef DEBUG
const char *arch_function(uint address)
{
    int i = find((const void *)kernel_symbols, &kernel_nsymbols, address);

    return i >= 0 ? kernel_symbols[i].name : "?";
}
#endif

/* May a word of a stack be there?  Stacks lie in the window, or in the kernel's own data. */
static bool is_stack(uint va)
{
    if (va % sizeof(uint) != 0)
        return false;
    if (va >= KSTACK_BASE && va < DEVICE_BASE)
        return !kstack_misuse(va);
    return va >= (uint)rodata_end && va < (uint)image_end;
}

static bool is_code(uint va) { return va >= (uint)image_start && va < (uint)text_end; }

/* From the C that a trap's entry called to the code that trapped; false: a program's. */
static bool leave_trap(struct place *p)
{
    const struct trapframe *tf = (const void *)p->esp;

    if (!is_stack((uint)&tf->esp) || tf->cs & 3)
        return false;
    *p = (struct place){ .eip = tf->eip, .esp = (uint)&tf->esp, .ebp = tf->ebp };
    return true;
}

/* To the caller; false: there is none, or it can't be found. */
static bool leave_function(struct place *p)
{
    int i = find((const void *)kernel_frames, &kernel_nframes, p->eip - p->returns);
    uint rule = !is_code(p->eip) ? RULE_JUST_CALLED : i >= 0 ? kernel_frames[i].rule : 0;
    const uint *caller = (const uint *)(rule_from_ebp(rule) ? p->ebp : p->esp) + rule_words(rule);
    const uint *saved_ebp = caller - rule_ebp_saved(rule);

    if (!rule || (uint)caller <= p->esp || !is_stack((uint)(caller - 1)))
        return false;
    if (saved_ebp != caller) {
        if (!is_stack((uint)saved_ebp))
            return false;
        p->ebp = *saved_ebp;
    }
    p->eip = caller[-1];
    p->esp = (uint)caller;
    p->returns = true;
    return is_code(p->eip);
}

static void print_self(void)
{
    const struct thread *self = thread_self();

    printk("panic: processor %u, thread %s\n", cpu_self()->index, self ? self->name : "none");
}

static void print_calls(struct place p)
{
    for (uint i = 0; i < MAX_CALLS; i++) {
        print_place(&p);
        if (p.eip >= (uint)syscall_entry && p.eip < (uint)vector_stubs) {
            if (!leave_trap(&p))
                return;
        } else if (!leave_function(&p)) {
            return;
        }
    }
}

void arch_backtrace(void)
{
    const struct machine_cpu *m = machine_self();
    struct place p = { .returns = false };

    print_self();
    asm volatile("movl $1f, %0; 1: movl %%esp, %1; movl %%ebp, %2"
                 : "=&r"(p.eip), "=&r"(p.esp), "=&r"(p.ebp));
    /* A double fault's: start where it struck. */
    if (kstack_end(kstack_fault_slot(m->cpu.index)) - p.esp <= PAGE_SIZE)
        p = (struct place){ .eip = m->tss.eip, .esp = m->tss.esp, .ebp = m->tss.ebp };
    else if (!leave_function(&p))
        return;
    print_calls(p);
}

void backtrace_stopped(const struct trapframe *tf)
{
    while (turn != cpu_self()->index + 1)
        cpu_relax();
    print_self();
    if (tf->cs & 3)
        printk("  in its program, at %x\n", tf->eip);
    else
        print_calls((struct place){ .eip = tf->eip, .esp = (uint)&tf->esp, .ebp = tf->ebp });
    turn = 0;
    for (;;)
        asm volatile("cli; hlt");
}

void arch_backtrace_others(void)
{
    for (uint i = 0; i < cpu_count; i++) {
        if (i == cpu_self()->index)
            continue;
        turn = i + 1;
        for (uint waits = 0; turn && waits < TURN_WAITS; waits++)
            pit_wait(TURN_WAIT_US);
        if (turn)
            printk("panic: processor %u does not answer\n", i);
    }
}

uint arch_callers(const void *context, uint callers[], uint max)
{
    const uint *saved = context; /* eip, %fs, %ebp: see context_switch() */
    struct place p = { .eip = saved[0], .esp = (uint)(saved + 3), .ebp = saved[2] };
    uint n = 0;

    while (n < max && leave_function(&p))
        callers[n++] = p.eip;
    return n;
}
