/*
 * i386_impl.h - what the files of this directory share; no other includes it.
 *
 *   processors, memory, traps, interrupt controllers and clocks, devices
 *
 * What has no lock here is set while booting, or belongs to one processor.
 * Sleeps: no.
 */
#ifndef I386_IMPL_H
#define I386_IMPL_H

#include "arch.h"

#define FROM_ASM __attribute__((regparm(3), used)) /* called by assembly, or written in it */

/* Processors. */

struct tss {
    uint link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags;
    uint eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint es, cs, ss, ds, fs, gs, ldt;
    ushort trap, iomap;
};

/* Fields:  o only this processor   I immutable once it runs.  Others may read `forgotten` at any time. */
struct machine_cpu {
    struct cpu cpu;               /* [o] first: %gs points to it */
    uint apic_id;                 /* [I] */
    volatile uint forgotten;      /* [o] see kstack_forget() */
    uint nticks;                  /* [o] of its clock, served */
    uint ticks_seen;              /* [o] the same at the watchdog's last look */
    const struct thread *watched; /* [o] the thread that ran at all of the last ticks: */
    uint nwatched;                /* [o] how many ticks these were */
    uint nlooks;                  /* [o] NMIs in a row that found interrupts off */
    struct tss tss;               /* [o] */
    struct tss fault_tss;         /* [o] of the double fault's task */
    uint64_t gdt[GDT_ENTRIES];    /* [I] */
};

extern struct machine_cpu machine_cpus[NCPU];

static inline struct machine_cpu *machine_self(void) { return (struct machine_cpu *)cpu_self(); }

/* Gives the calling processor, number `index`, its segments, task state and interrupt table. */
void cpu_init(uint index);
void idt_load(void); /* the interrupt table on this processor; the first call fills it */
/* The calling flow of control goes on in `go` on the stack that ends at `top`. */
void stack_call(uint top, void (*go)(void)) __attribute__((noreturn, regparm(3)));

/* In boot.S.  A further processor starts with a copy of the trampoline. */
extern char trampoline[], trampoline_end[];
extern char boot_stack[]; /* the boot processor's, KSTACK_PAGES long */

/* In entry.S. */
extern char syscall_entry[], page_fault_entry[], double_fault_entry[];
extern char vector_stubs[];                       /* VECTOR_STUB_SIZE bytes for each vector */
extern char arch_idle_halt[];                     /* the hlt of arch_idle() */
void thread_first(void), thread_first_user(void); /* a new thread's first switch returns there */
extern const char words_refused[];                /* where words_from_user_N() goes on after a fault */
FROM_ASM void trap_resume(uint frame) __attribute__((noreturn)); /* goes to user mode with this frame */

/* What boot.S and entry.S call and read. */
FROM_ASM void machine_start(uint magic, uint info_pa);
FROM_ASM void machine_start_cpu(void);
extern uint cpu_start_stack;
FROM_ASM void trap_syscall(struct trapframe *tf);
FROM_ASM void trap_attention(void);
FROM_ASM void trap_page_fault(struct trapframe *tf, uint address);
FROM_ASM void trap_exception(struct trapframe *tf, uint vector);
FROM_ASM void trap_interrupt(struct trapframe *tf, uint vector);
FROM_ASM void trap_double_fault(void);

/* Memory. */

/* Reads what the boot loader left: the memory map, the command line, the first module. */
void multiboot_read(uint magic, uint info_pa);
void memory_init(void);                 /* the final kernel page tables */
extern struct memory_range boot_module; /* empty: there is none */
/* Makes firmware's tables readable: up to 4 MB from pa on, until the next call.  Only while booting. */
const void *memory_firmware(uint pa);
void memory_firmware_end(void);
void *memory_device(uint pa); /* a device's registers, or NULL where they can't be reached */
void memory_low(bool mapped); /* the first 4 MB at their own addresses, for processors that start */
extern char image_start[], text_end[], rodata_end[], image_end[];

void kstack_init(void); /* the boot stack becomes slot 0; the stacks for double faults get theirs */
static inline uint kstack_end(int slot) { return KSTACK_BASE + (slot + 1) * KSTACK_SLOT_PAGES * PAGE_SIZE; }
/* The slot of a processor's stack for double faults, one page. */
static inline int kstack_fault_slot(uint cpu) { return (int)(NCPU + cpu); }
/* Where the stack starts: below its thread's floating-point state. */
static inline uint kstack_top(int slot) { return kstack_end(slot) - FPU_STATE_SIZE; }
struct fpu_state *fpu_state_of(int slot);    /* through the direct map */
MUST_CHECK bool kstack_alloc_slot(int slot); /* a slot below NCPU, of an idle thread */
const char *kstack_misuse(uint va); /* what a touch of it is, where no stack is; NULL: nothing wrong */
void kstack_forget(void);       /* flushes this processor's TLB of stacks, if kstack_alloc() asks for it */
uint kernel_pa(const void *va); /* of a byte in the direct map or on a kernel stack */

/* Puts the instructions of SMAP into the kernel, while its code can be written.  On the boot processor. */
void smap_init(void);
extern uint smap_cr4; /* what the processors' CR4 gets: CR4_SMAP, CR4_SMEP */

/* Traps. */

void fpu_first_use(void); /* #NM: the current thread computes */
/* A panic stops all processors but its own: its index + 1, or 0. */
extern volatile uint machine_stopping;
/* What a stopped processor does from now on, wherever it was. */
void backtrace_stopped(const struct trapframe *tf) __attribute__((noreturn));
/* In each of the watchdog's NMIs.  Panics when this processor has kept interrupts off for too long. */
void watchdog_look(const struct trapframe *tf);
/* At each tick.  Panics when this processor's thread has been in the kernel for too long. */
void watchdog_tick(void);

/* Interrupt controllers and clocks. */

struct acpi_info {
    uint ncpus;
    uint apic_ids[NCPU];         /* [0] need not be the boot processor */
    uint lapic_pa;               /* 0: no local APIC */
    uint ioapic_pa, ioapic_base; /* and its first global interrupt */
    struct {
        uint line;
        bool low, level;
    } lines[16];       /* global interrupt of each PC line */
    ushort pm1a_port;  /* 0: unknown */
    ushort sleep_type; /* SLP_TYP of soft off */
};
extern struct acpi_info acpi;

void acpi_read(void);     /* leaves lapic_pa and ioapic_pa 0 where there is no MADT */
void apic_init(void);     /* from now on lapic_pa is 0 if not the APICs but the PIC is in charge */
void apic_init_cpu(void); /* on each further processor */
uint apic_id(void);
void apic_eoi(uint vector);
void apic_start_timer(void);
/* An interrupt to another processor.  Gives up if the APIC does not send the one before. */
void apic_send(uint id, uint command);
#define APIC_SEND_NMI   0x4400
#define APIC_SEND_INIT  0x4500
#define APIC_SEND_START 0x4600
#define APIC_SEND_ALL   0xC0000 /* all but the sender */
void apic_enable_line(uint irq);
/* From now on the PIT's counter 0, which runs freely, sends an NMI to all processors 18 times a second. */
void apic_start_watchdog(void);

#define PIT_IRQ 0

void pic_init(void); /* all lines masked */
void pic_enable_line(uint irq);
bool pic_spurious(uint irq);
void pic_eoi(uint irq);
void pit_init(void);               /* counter 0 runs freely from now on */
void pit_start(void);              /* HZ interrupts a second on line 0 */
void pit_wait(uint microseconds);  /* up to 20,000; counter 0 must run freely: not after pit_start() */
void interrupt_serve(uint vector); /* a device's, with interrupts off */
void interrupt_tick(void);         /* this processor's clock has ticked; interrupts are off */
/* From now on handler(irq) serves this line, with interrupts off, on the boot processor. */
void interrupt_handle(uint irq, void (*handler)(uint irq));
uint clock_second(void); /* the battery clock's second, in the clock's own notation: to be compared only */

/* Devices. */

void serial_init(void);
void serial_start(void);                              /* lets them interrupt */
uint serial_put(uint port, const char *text, uint n); /* 0: console, 1: monitor; as console_put() */
void serial_drain(void);                              /* waits until all has been sent */
void serial_give_up(void);                            /* nobody waits for a port that is not ready */
void screen_init(void);
void screen_put(const char *text, size_t n);
void screen_refresh(bool now);
void screen_page(int pages); /* shows what is a page further up, -1, or down, 1; 0: what is written now */
void keyboard_start(void);
void ide_start(void);
void ide_interrupt(uint irq);
void ide_tick(void);
void ide_submit(struct disk_request *request);
/* Finds a PCI device by class and subclass; false: there is none.  *address is for the other two. */
MUST_CHECK bool pci_find(uint class, uint *address);
uint pci_read(uint address, uint offset);
void pci_write(uint address, uint offset, uint value);

/* Powers off a machine that can't run the kernel, with a message, and a word for tools. */
void machine_refuse(const char *word, const char *why) __attribute__((noreturn));

#endif
