/*
 * backtrace.c - the calls that led to a panic, by name.
 *
 * Frame pointers lead from call to call: each frame starts with its caller's frame pointer and return
 * address.  The names come from a table that the Makefile links in by a second link: tools/ksyms.py makes
 * it from the first link's `nm -n`, as section .symbols, which kernel.ld puts where it moves no function.
 * Without the table addresses are printed alone.
 */
#include "lib/printk.h"
#include "machine.h"

#define MAX_CALLS 32

struct symbol {
    uint address;
    const char *name;
};

/* From the table; sorted by address, the last one ends the code. */
extern const struct symbol kernel_symbols[] __attribute__((weak));
extern const uint kernel_nsymbols __attribute__((weak));

extern char syscall_entry[], vector_stubs[];

static void print_call(uint address)
{
    uint low = 0, high = &kernel_nsymbols ? kernel_nsymbols : 0;

    while (low + 1 < high) {
        uint middle = (low + high) / 2;
        if (kernel_symbols[middle].address <= address)
            low = middle;
        else
            high = middle;
    }
    if (high > 0)
        printk("  %x %s+%u\n", address, kernel_symbols[low].name, address - kernel_symbols[low].address);
    else
        printk("  %x\n", address);
}

/* A return address in entry.S lies on top of a trap's frame: what the trap struck comes next. */
static void print_trapped(const uint *words)
{
    const struct trapframe *tf = (const void *)(words + 2);

    if (words[1] >= (uint)syscall_entry && words[1] < (uint)vector_stubs && !(tf->cs & 3))
        print_call(tf->eip);
}

static bool in_code(uint address)
{
    return address >= (uint)image_start && address < (uint)text_end;
}

/* Can a frame be read there?  Stacks lie in the window, or in the kernel's own data. */
static bool is_frame(uint frame)
{
    bool on_stack = frame >= KSTACK_BASE && frame < DEVICE_BASE - 2 * sizeof(uint) && !kstack_guards(frame);

    return frame % sizeof(uint) == 0 && (on_stack || (frame >= (uint)rodata_end && frame < (uint)image_end));
}

void arch_backtrace(void)
{
    const struct machine_cpu *m = machine_self();
    uint frame = (uint)__builtin_frame_address(0);

    if (frame - (uint)m->fault_stack < sizeof m->fault_stack) { /* of a double fault */
        print_call(m->tss.eip);
        frame = m->tss.ebp;
    }
    for (uint i = 0; i < MAX_CALLS && is_frame(frame); i++) {
        const uint *words = (const uint *)frame;
        if (!in_code(words[1]))
            break;
        print_call(words[1]);
        print_trapped(words);
        if (words[0] <= frame)
            break;
        frame = words[0];
    }
}
