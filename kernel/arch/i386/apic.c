/*
 * apic.c - local APICs and the I/O APIC, on machines whose firmware describes them (Intel SDM 3A 11).
 *
 * From apic_init() on, acpi.lapic_pa is 0 unless they are in charge.  Each processor ticks by its own timer,
 * whose speed is measured once, against the PIT.
 */
#include "i386_impl.h"
#include "io.h"

/* Registers of a local APIC, as indices of words. */
enum {
    LAPIC_ID = 0x20 / 4,
    LAPIC_PRIORITY = 0x80 / 4,
    LAPIC_EOI = 0xB0 / 4,
    LAPIC_LOGICAL_ID = 0xD0 / 4,
    LAPIC_MODEL = 0xE0 / 4,
    LAPIC_SPURIOUS = 0xF0 / 4,
    LAPIC_IN_SERVICE = 0x100 / 4,
    LAPIC_COMMAND = 0x300 / 4,
    LAPIC_TARGET = 0x310 / 4,
    LAPIC_TIMER = 0x320 / 4,
    LAPIC_LINT0 = 0x350 / 4,
    LAPIC_LINT1 = 0x360 / 4,
    LAPIC_ERROR_VECTOR = 0x370 / 4,
    LAPIC_START = 0x380 / 4,
    LAPIC_COUNT = 0x390 / 4,
    LAPIC_DIVIDE = 0x3E0 / 4
};
#define LAPIC_ENABLED      0x100
#define LAPIC_MASKED       0x10000
#define LAPIC_PERIODIC     0x20000
#define LAPIC_SEND_NMI     0x400
#define LAPIC_PENDING      0x1000
#define LAPIC_DIVIDE_BY_16 0x3
#define LAPIC_FLAT         0xFFFFFFFFu /* model: a logical destination is a bit for each processor */

#define IOAPIC_VERSION 1
#define IOAPIC_ENTRY   0x10 /* two words for each pin */
#define IOAPIC_NMI     0x400
#define IOAPIC_LOGICAL 0x800
#define IOAPIC_LOW     0x2000
#define IOAPIC_LEVEL   0x8000
#define IOAPIC_MASKED  0x10000

/* Registers of the I/O APIC are reached through two words of its memory. */
enum { IOAPIC_SELECT = 0, IOAPIC_WINDOW = 4 };

#define CALIBRATION_US   1000
#define CALIBRATION_RUNS 3

#define CPUID_APIC (1u << 9)

/* Looks at a command that the APIC has not sent yet.  A bus of APICs takes a microsecond for a message; a
   command that is stuck for longer than this is given up. */
#define SEND_LOOKS 100000

static volatile uint *lapic, *ioapic; /* both NULL: the PIC is in charge */
static uint timer_count;              /* of a tick */

static uint ioapic_read(uint reg)
{
    ioapic[IOAPIC_SELECT] = reg;
    return ioapic[IOAPIC_WINDOW];
}

static void ioapic_write(uint reg, uint value)
{
    ioapic[IOAPIC_SELECT] = reg;
    ioapic[IOAPIC_WINDOW] = value;
}

static uint ioapic_last_pin(void) { return ioapic_read(IOAPIC_VERSION) >> 16 & 0xFF; }

/* An emulator may be held up in the middle, and count too much: the shortest run is right. */
static void measure_timer(void)
{
    uint least = ~0u;

    for (uint i = 0; i < CALIBRATION_RUNS; i++) {
        uint count;
        lapic[LAPIC_START] = ~0u;
        pit_wait(CALIBRATION_US);
        count = ~0u - lapic[LAPIC_COUNT];
        if (count < least)
            least = count;
    }
    lapic[LAPIC_START] = 0;
    timer_count = least * (1000000 / HZ / CALIBRATION_US);
}

static void init_local(void)
{
    lapic[LAPIC_MODEL] = LAPIC_FLAT;
    lapic[LAPIC_LOGICAL_ID] = 1u << (24 + cpu_self()->index);
    lapic[LAPIC_SPURIOUS] = LAPIC_ENABLED | VECTOR_SPURIOUS;
    lapic[LAPIC_DIVIDE] = LAPIC_DIVIDE_BY_16;
    lapic[LAPIC_TIMER] = LAPIC_MASKED | VECTOR_TIMER;
    lapic[LAPIC_LINT0] = LAPIC_MASKED; /* the 8259's, not used */
    lapic[LAPIC_LINT1] = LAPIC_SEND_NMI;
    lapic[LAPIC_ERROR_VECTOR] = LAPIC_MASKED;
    lapic[LAPIC_PRIORITY] = 0;
    lapic[LAPIC_EOI] = 0;
}

void apic_init(void)
{
    uint a, b, c, features;

    cpuid(1, &a, &b, &c, &features);
    if (acpi.lapic_pa && acpi.ioapic_pa && features & CPUID_APIC) {
        lapic = memory_device(acpi.lapic_pa);
        ioapic = memory_device(acpi.ioapic_pa);
    }
    if (!lapic || !ioapic) {
        acpi.lapic_pa = 0;
        return;
    }
    init_local();
    measure_timer();
    machine_self()->apic_id = apic_id();
    for (uint pin = 0; pin <= ioapic_last_pin(); pin++)
        ioapic_write(IOAPIC_ENTRY + 2 * pin, IOAPIC_MASKED);
}

void apic_init_cpu(void)
{
    init_local();
    apic_start_timer();
}

uint apic_id(void) { return lapic[LAPIC_ID] >> 24; }

void apic_start_timer(void)
{
    lapic[LAPIC_TIMER] = LAPIC_PERIODIC | VECTOR_TIMER;
    lapic[LAPIC_START] = timer_count;
}

/* Only a vector in service is acknowledged: a spurious interrupt is not in service. */
void apic_eoi(uint vector)
{
    if (lapic && lapic[LAPIC_IN_SERVICE + vector / 32 * 4] & 1u << vector % 32)
        lapic[LAPIC_EOI] = 0;
}

void apic_send(uint id, uint command)
{
    uint was = irq_save();

    for (uint i = 0; i < SEND_LOOKS && lapic[LAPIC_COMMAND] & LAPIC_PENDING; i++)
        cpu_relax();
    lapic[LAPIC_TARGET] = id << 24;
    lapic[LAPIC_COMMAND] = command;
    irq_restore(was);
}

/* From now on a line goes to `destination`, in the way that `flags` say. */
static void route_line(uint irq, uint destination, uint flags)
{
    uint pin = acpi.lines[irq].line - acpi.ioapic_base;

    if (pin > ioapic_last_pin())
        return;
    ioapic_write(IOAPIC_ENTRY + 2 * pin + 1, destination << 24);
    ioapic_write(IOAPIC_ENTRY + 2 * pin, flags);
}

void apic_enable_line(uint irq)
{
    uint flags = (acpi.lines[irq].low ? IOAPIC_LOW : 0) | (acpi.lines[irq].level ? IOAPIC_LEVEL : 0);

    route_line(irq, machine_cpus[0].apic_id, flags | (VECTOR_IRQ + irq));
}

void apic_start_watchdog(void) { route_line(PIT_IRQ, (1u << cpu_count) - 1, IOAPIC_NMI | IOAPIC_LOGICAL); }
