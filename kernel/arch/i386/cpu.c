/*
 * cpu.c - processors: their segments, their start, their threads' switches.
 *
 * Each processor owns one struct machine_cpu: its struct cpu, found through %gs; its segment table; the
 * task state that names the kernel stack for traps from user mode; and a second task on a stack of its own,
 * for the double fault that an overflow of a kernel stack causes.  All share one interrupt table: see trap.c.
 *
 * The boot processor starts the others one at a time, each on its idle thread's stack: the slot with the
 * processor's index.  A processor that does not start within a second is left alone.
 */
#include "base/kstring.h"
#include "i386_impl.h"
#include "io.h"
#include "sched/thread.h"

struct machine_cpu machine_cpus[NCPU];
uint cpu_count = 1;

_Static_assert(offsetof(struct cpu, thread) == 4, "entry.S and thread_self() read it there");
_Static_assert(offsetof(struct thread, attention) == 0, "entry.S reads it there");
_Static_assert(offsetof(struct trapframe, gs) == TRAPFRAME_GS, "entry.S keeps it there");
_Static_assert(offsetof(struct trapframe, eip) == TRAPFRAME_EIP, "entry.S says so to debuggers");
_Static_assert(offsetof(struct trapframe, cs) == TRAPFRAME_CS, "entry.S reads it there");
_Static_assert(offsetof(struct trapframe, eflags) == TRAPFRAME_EFLAGS, "entry.S reads it there");
_Static_assert(sizeof(struct trapframe) == TRAPFRAME_SIZE, "entry.S knows it");

/* The processor whose turn it is to start, and its stack.  0: none; TURN_TAKEN: it is in cpu_init(). */
#define TURN_TAKEN (~0u)
static volatile uint cpu_starting;
uint cpu_start_stack __attribute__((used)); /* boot.S reads it */

/* Access bytes and flags of segment descriptors: Intel SDM 3A 3.4.5. */
enum {
    ACCESS_KERNEL_CODE = 0x9A,
    ACCESS_KERNEL_DATA = 0x92,
    ACCESS_USER_CODE = 0xFA,
    ACCESS_USER_DATA = 0xF2,
    ACCESS_TSS = 0x89
};
enum { FLAGS_BYTES = 0x4, FLAGS_PAGES = 0xC }; /* 32-bit; the limit counts bytes or pages */
#define LIMIT_ALL 0xFFFFF                      /* pages: 4 GB */

#define EFLAGS_ALWAYS 2 /* the bit of EFLAGS that is always 1 */
#define CPUID_PGE     (1u << 13)

/* A processor starts by INIT and a start-up message (Intel SDM 3A 9.4.4).  If it has not
   answered the start-up message after 4 ms it missed it: it gets another, and a whole second to answer that. */
#define START_POLL_US     200
#define START_POLLS_FIRST 20u
#define START_POLLS_LAST  5000u

struct cpu *cpu_get(uint index) { return &machine_cpus[index].cpu; }

static uint64_t descriptor(uint base, uint limit, uint access, uint flags)
{
    return (limit & 0xFFFF) | (uint64_t)(base & 0xFFFFFF) << 16 | (uint64_t)access << 40 |
           (uint64_t)(limit >> 16 & 15) << 48 | (uint64_t)flags << 52 | (uint64_t)(base >> 24) << 56;
}

static void gdt_fill(struct machine_cpu *m)
{
    m->gdt[SEL_KERNEL_CODE / 8] = descriptor(0, LIMIT_ALL, ACCESS_KERNEL_CODE, FLAGS_PAGES);
    m->gdt[SEL_KERNEL_DATA / 8] = descriptor(0, LIMIT_ALL, ACCESS_KERNEL_DATA, FLAGS_PAGES);
    m->gdt[SEL_USER_CODE / 8] = descriptor(0, LIMIT_ALL, ACCESS_USER_CODE, FLAGS_PAGES);
    m->gdt[SEL_USER_DATA / 8] = descriptor(0, LIMIT_ALL, ACCESS_USER_DATA, FLAGS_PAGES);
    m->gdt[SEL_CPU / 8] = descriptor((uint)m, sizeof(*m) - 1, ACCESS_KERNEL_DATA, FLAGS_BYTES);
    m->gdt[SEL_TSS / 8] = descriptor((uint)&m->tss, sizeof(m->tss) - 1, ACCESS_TSS, 0);
    m->gdt[SEL_FAULT_TSS / 8] = descriptor((uint)&m->fault_tss, sizeof(m->fault_tss) - 1, ACCESS_TSS, 0);
}

void cpu_init(uint index)
{
    struct machine_cpu *m = &machine_cpus[index];

    struct {
        ushort limit;
        uint base;
    } __attribute__((packed)) gdtr = { sizeof(m->gdt) - 1, (uint)m->gdt };
    uint a, b, c, features;

    m->cpu.self = &m->cpu;
    m->cpu.index = index;
    m->tss = (struct tss){ .ss0 = SEL_KERNEL_DATA, .iomap = sizeof(struct tss) };
    m->fault_tss = (struct tss){
        .cr3 = pa_of(kernel_directory),
        .eip = (uint)double_fault_entry,
        .eflags = EFLAGS_ALWAYS,
        .esp = kstack_end(kstack_fault_slot(index)),
        .cs = SEL_KERNEL_CODE,
        .ss = SEL_KERNEL_DATA,
        .ds = SEL_USER_DATA,
        .es = SEL_USER_DATA,
        .gs = SEL_CPU,
        .iomap = sizeof(struct tss),
    };
    gdt_fill(m);
    asm volatile("lgdt %0; ljmp %1, $1f; 1: movl %2, %%ss; movl %3, %%ds; movl %3, %%es; movl %4, %%gs;"
                 "movl %5, %%fs; lldt %w5; ltr %w6" ::"m"(gdtr),
                 "i"(SEL_KERNEL_CODE), "r"(SEL_KERNEL_DATA), "r"(SEL_USER_DATA), "r"(SEL_CPU), "r"(0),
                 "r"(SEL_TSS)
                 : "memory");
    idt_load();
    cpuid(1, &a, &b, &c, &features);
    cr4_write(cr4_read() | CR4_FXSR | CR4_SIMD | (features & CPUID_PGE ? CR4_PGE : 0) | smap_cr4);
    cr0_write(cr0_read() | CR0_TS);
}

/* Threads of control. */

/* What a new thread's first switch finds on its stack. */
struct switch_frame {
    void (*eip)(void); /* thread_first or thread_first_user, which pop: */
    void *function;
    void *argument; /* %fs for thread_first_user */
};

/* The new stack is written through the direct map: this processor may still have stale TLB entries of its
   window. */
void *context_create(int slot, void (*entry)(void *), void *arg)
{
    struct switch_frame *frame = (void *)((char *)trapframe_of(slot) - sizeof(*frame));

    *frame = (struct switch_frame){ thread_first, (void *)entry, arg };
    return (void *)(kstack_top(slot) - sizeof(struct trapframe) - sizeof(*frame));
}

void *context_create_user(int slot, const struct trapframe *tf, void (*first)(void))
{
    struct trapframe *copy = trapframe_of(slot);
    struct switch_frame *frame = (void *)((char *)copy - sizeof(*frame));

    *copy = *tf;
    copy->eax = 0;
    *frame = (struct switch_frame){ thread_first_user, (void *)first, (void *)fs_read() };
    return (void *)(kstack_top(slot) - sizeof(*copy) - sizeof(*frame));
}

/* The compiler saves the other registers, which the switch clobbers.  %fs is the program's: see entry.S. */
void context_switch(void **save, void *load, int slot)
{
    machine_self()->tss.esp0 = kstack_top(slot);
    asm volatile("pushl %%ebp; pushl %%fs; pushl $1f; movl %%esp, (%0); movl %1, %%esp; ret;"
                 "1: popl %%fs; popl %%ebp"
                 : "+a"(save), "+d"(load)::"ebx", "ecx", "esi", "edi", "memory", "cc");
}

void trapframe_start(struct trapframe *tf, uint entry, uint sp)
{
    *tf = (struct trapframe){
        .eip = entry,
        .cs = SEL_USER_CODE,
        .eflags = FLAG_INTERRUPT | EFLAGS_ALWAYS,
        .esp = sp,
        .ss = SEL_USER_DATA,
    };
    fs_write(0);
}

void trapframe_resume(void) { trap_resume(machine_self()->tss.esp0 - sizeof(struct trapframe)); }

/* Sleeping and waking. */

void arch_poke(uint index)
{
    if (index < cpu_count && acpi.lapic_pa)
        apic_send(machine_cpus[index].apic_id, VECTOR_POKE);
}

uint cpu_cycles(void)
{
    uint low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return low;
}

/* Starting the others. */

static void (*cpu_entry)(void); /* what further processors run */

/* A processor's first C, on the stack that cpu_start_stack named. */
FROM_ASM void machine_start_cpu(void)
{
    uint index = cpu_starting;

    if (index == 0 || index == TURN_TAKEN || !atomic_cas(&cpu_starting, index, TURN_TAKEN)) {
        for (;;)
            asm volatile("cli; hlt");
    }
    cpu_init(index);
    apic_init_cpu();
    cpu_count = index + 1;
    __atomic_store_n(&cpu_starting, 0, __ATOMIC_SEQ_CST);
    cpu_entry();
}

static void start_cpu(uint index, uint id)
{
    if (!kstack_alloc_slot(index))
        return;
    machine_cpus[index].apic_id = id;
    cpu_start_stack = kstack_top(index);
    __atomic_store_n(&cpu_starting, index, __ATOMIC_SEQ_CST);
    apic_send(id, APIC_SEND_INIT);
    pit_wait(START_POLL_US);
    for (uint attempt = 0; attempt < 2; attempt++) {
        apic_send(id, APIC_SEND_START | TRAMPOLINE_PA >> PAGE_SHIFT);
        for (uint i = 0; i < (attempt ? START_POLLS_LAST : START_POLLS_FIRST) && cpu_starting; i++)
            pit_wait(START_POLL_US);
    }
    if (atomic_cas(&cpu_starting, index, 0)) {
        apic_send(id, APIC_SEND_INIT); /* it must not start later, when the trampoline is no longer mapped */
        kstack_free(index);
    }
    while (cpu_starting)
        cpu_relax();
}

void arch_start_cpus(void (*entry)(void))
{
    uint self;

    if (!acpi.lapic_pa || acpi.ncpus < 2)
        return;
    self = apic_id();
    cpu_entry = entry;
    memcpy(va_of(TRAMPOLINE_PA), trampoline, trampoline_end - trampoline);
    memory_low(true);
    for (uint i = 0; i < acpi.ncpus && cpu_count < NCPU; i++) {
        if (acpi.apic_ids[i] != self)
            start_cpu(cpu_count, acpi.apic_ids[i]);
    }
    memory_low(false);
}
