/*
 * i386_impl.h - what the files of this folder share, and nobody else includes.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "arch.h"

#define FROM_ASM __attribute__((regparm(3), used)) /* called by assembly, or written in it */

/* Processors. */

struct tss {
    uint link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags;
    uint eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint es, cs, ss, ds, fs, gs, ldt;
    ushort trap, iomap;
};

struct machine_cpu {
    struct cpu cpu; /* first: %gs points to it */
    uint apic_id;
    volatile uint forgotten; /* see kstack_forget() */
    struct tss tss;
    struct tss fault_tss; /* of the double fault's task */
    uint64_t gdt[GDT_ENTRIES];
    uchar fault_stack[4096] __attribute__((aligned(16)));
};

extern struct machine_cpu machine_cpus[NCPU];

static inline struct machine_cpu *machine_self(void) { return (struct machine_cpu *)cpu_self(); }

/* Gives processor `index` its segments, task state and interrupt table; it is the calling one. */
void cpu_init(uint index);
/* The calling flow of control goes on in `go` on kernel stack `slot`. */
void stack_call(uint top, void (*go)(void)) __attribute__((noreturn, regparm(3)));

/* Memory. */

/* Reads what the boot loader left; the memory map, the command line, the first module. */
void multiboot_read(uint magic, uint info_pa);
void memory_init(void);                 /* the final kernel page tables */
extern struct memory_range boot_module; /* empty: there is none */
/* Makes firmware's tables readable: up to 4 MB from pa on, until the next call.  Only while booting. */
const void *memory_firmware(uint pa);
void memory_firmware_end(void);
void *memory_device(uint pa); /* a device's registers, or NULL where they can't be reached */
void memory_low(bool mapped); /* the first 4 MB at their own addresses, for processors that start */
extern char image_start[], text_end[], rodata_end[], image_end[];

void kstack_init(void); /* the boot stack becomes slot 0 */
static inline uint kstack_end(int slot) { return KSTACK_BASE + (slot + 1) * KSTACK_SLOT_PAGES * PAGE_SIZE; }
/* Where the stack starts: below its thread's floating-point state. */
static inline uint kstack_top(int slot) { return kstack_end(slot) - FPU_STATE_SIZE; }
struct fpu_state *fpu_state_of(int slot); /* through the direct map */
bool kstack_alloc_slot(int slot);         /* a slot below NCPU, of an idle thread */
bool kstack_guards(uint va);              /* is it in the guard page of a stack? */
void kstack_forget(void);                 /* by this processor; whoever pokes it may want that */
uint kernel_pa(const void *va);           /* of a byte in the direct map or on a kernel stack */

/* Traps. */

void fpu_first_use(void);              /* #NM: the current thread computes */
extern volatile uint machine_stopping; /* a panic stops all processors */

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
bool apic_init(void);     /* true: local APIC and I/O APIC are in charge, else the PIC is */
void apic_init_cpu(void); /* on each further processor */
uint apic_id(void);
void apic_eoi(uint vector);
void apic_start_timer(void);
void apic_send(uint id, uint command); /* an interrupt to another processor */
#define APIC_SEND_NMI   0x4400
#define APIC_SEND_INIT  0x4500
#define APIC_SEND_START 0x4600
#define APIC_SEND_ALL   0xC0000 /* all but the sender */
void apic_enable_line(uint irq);

void pic_init(void); /* all lines masked */
void pic_enable_line(uint irq);
bool pic_spurious(uint irq);
void pic_eoi(uint irq);
void pit_start(void);             /* HZ interrupts a second on line 0 */
void pit_wait(uint microseconds); /* up to 20,000; counter 0 runs freely, so not after pit_start() */
/* From now on handler(irq) serves this line, with interrupts off, on the boot processor. */
void interrupt_handle(uint irq, void (*handler)(uint irq));
uint clock_second(void); /* of the battery clock, in its own notation */

/* Devices. */

void serial_init(void);
void serial_start(void);                                /* lets them interrupt */
void serial_put(uint port, const char *text, size_t n); /* 0: console, 1: monitor */
void serial_drain(void);                                /* waits until all has been sent */
void screen_init(void);
void screen_put(const char *text, size_t n);
void screen_refresh(bool now);
void keyboard_start(void);
void ide_start(void);
void ide_interrupt(uint irq);
void ide_tick(void);
void ide_submit(struct disk_request *request);
/* Finds a PCI device by class and subclass; false: there is none.  address is what the others want. */
bool pci_find(uint class, uint *address);
uint pci_read(uint address, uint offset);
void pci_write(uint address, uint offset, uint value);

/* Ends the start of a machine that can't run the kernel, with a message, and a word for tools. */
void machine_refuse(const char *word, const char *why) __attribute__((noreturn));

#endif
