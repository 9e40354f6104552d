/*
 * acpi.c - what firmware's tables say about processors, interrupt controllers and power.
 *
 * RSDP -> RSDT -> MADT ("APIC") and FADT ("FACP"); ACPI 6.5, 5.2.  A table counts only if its checksum is
 * right; without tables the machine is a PC with one processor.  They may lie anywhere below 4 GB:
 * memory_firmware() maps one at a time.
 */
#include "base/kstring.h"
#include "i386_impl.h"

struct table {
    char name[4];
    uint nbytes;
    uchar revision, sum;
    char oem[6], oem_table[8];
    uint oem_revision, creator, creator_revision;
} __attribute__((packed));

struct rsdp {
    char name[8];
    uchar sum;
    char oem[6];
    uchar revision;
    uint rsdt;
} __attribute__((packed));

struct madt_entry {
    uchar type, nbytes;
    union {
        struct {
            uchar processor, apic_id;
            uint flags;
        } __attribute__((packed)) cpu;
        struct {
            uchar id, reserved;
            uint pa, base;
        } __attribute__((packed)) ioapic;
        struct {
            uchar bus, irq;
            uint line;
            ushort flags;
        } __attribute__((packed)) override;
    };
} __attribute__((packed));
enum { MADT_CPU = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2 };
#define MADT_HEAD    8 /* bytes before the first entry: the local APICs' address, flags */
#define MADT_ENABLED 1 /* flag of a processor */

/* Polarity and trigger of a line, two bits each; their values for active low and level-triggered. */
#define MADT_POLARITY(flags) ((flags)&3)
#define MADT_TRIGGER(flags)  ((flags) >> 2 & 3)
#define MADT_INVERSE         3

#define TABLE_MAX (1u << 20) /* a longer one is a mistake; some DSDTs are hundreds of KB */

/* Fields of the FADT, by byte. */
#define FADT_DSDT 40
#define FADT_PM1A 64

/* Where the RSDP may be: at a 16-byte boundary of the first KB of the EBDA, whose segment the BIOS keeps at
   EBDA_PA, or of the BIOS's own memory. */
#define EBDA_PA       0x40E
#define EBDA_SEARCHED 1024
#define EBDA_LEAST    0x40 /* a lower segment would lie in the BIOS's variables: there is none */
#define BIOS_PA       0xE0000
#define BIOS_END      0x100000

#define AML_BYTE 0x0A /* prefix of a constant of one byte */

struct acpi_info acpi;

static bool sum_is_zero(const void *p, uint n)
{
    uchar sum = 0;

    for (const uchar *byte = p; n > 0; n--)
        sum += *byte++;
    return sum == 0;
}

static const struct rsdp *rsdp_in(uint pa, uint end)
{
    for (; pa < end; pa += 16) {
        const struct rsdp *r = va_of(pa);
        if (memcmp(r->name, "RSD PTR ", 8) == 0 && sum_is_zero(r, sizeof(*r)))
            return r;
    }
    return NULL;
}

static const struct table *table_at(uint pa, const char *name)
{
    const struct table *t = pa ? memory_firmware(pa) : NULL;

    if (!t || memcmp(t->name, name, 4) != 0 || t->nbytes < sizeof(*t) || t->nbytes > TABLE_MAX)
        return NULL;
    return sum_is_zero(t, t->nbytes) ? t : NULL;
}

static const struct table *table_find(uint rsdt_pa, const char *name)
{
    for (uint i = 0;; i++) {
        const struct table *rsdt = table_at(rsdt_pa, "RSDT"), *t;
        uint pa;
        if (!rsdt || sizeof(*rsdt) + (i + 1) * sizeof(pa) > rsdt->nbytes)
            return NULL;
        memcpy(&pa, (const char *)(rsdt + 1) + i * sizeof(pa), sizeof(pa));
        t = table_at(pa, name);
        if (t)
            return t;
    }
}

static void read_entry(const struct madt_entry *e)
{
    switch (e->type) {
    case MADT_CPU:
        if (e->cpu.flags & MADT_ENABLED && acpi.ncpus < NCPU)
            acpi.apic_ids[acpi.ncpus++] = e->cpu.apic_id;
        break;
    case MADT_IOAPIC:
        if (!acpi.ioapic_pa || e->ioapic.base == 0) { /* the one with the PC's lines */
            acpi.ioapic_pa = e->ioapic.pa;
            acpi.ioapic_base = e->ioapic.base;
        }
        break;
    case MADT_OVERRIDE:
        if (e->override.irq < 16) {
            acpi.lines[e->override.irq].line = e->override.line;
            acpi.lines[e->override.irq].low = MADT_POLARITY(e->override.flags) == MADT_INVERSE;
            acpi.lines[e->override.irq].level = MADT_TRIGGER(e->override.flags) == MADT_INVERSE;
        }
        break;
    }
}

static void read_madt(const struct table *t)
{
    const char *p = (const char *)(t + 1) + MADT_HEAD, *end = (const char *)t + t->nbytes;
    const struct madt_entry *e;

    if (p > end)
        return;
    memcpy(&acpi.lapic_pa, t + 1, sizeof(acpi.lapic_pa));
    for (; p + 2 <= end; p += e->nbytes) {
        e = (const void *)p;
        if (e->nbytes < 2 || p + e->nbytes > end)
            return;
        read_entry(e);
    }
}

/* The value for soft off is in the DSDT's bytecode: the first element of a package named _S5_. */
static uint find_sleep_type(uint dsdt_pa)
{
    const struct table *t = table_at(dsdt_pa, "DSDT");
    const uchar *p, *end;

    if (!t)
        return 0;
    end = (const uchar *)t + t->nbytes - 12;
    for (p = (const uchar *)(t + 1); p < end; p++) {
        if (memcmp(p, "_S5_\x12", 5) == 0) {
            p += 5;
            p += (*p >> 6) + 2; /* the package's length, of 1 to 4 bytes, and its number of elements */
            return *p == AML_BYTE ? p[1] & 7 : *p & 7;
        }
    }
    return 0;
}

static void read_fadt(const struct table *t)
{
    uint dsdt, port;

    if (t->nbytes < FADT_PM1A + sizeof(port))
        return;
    memcpy(&dsdt, (const char *)t + FADT_DSDT, sizeof(dsdt));
    memcpy(&port, (const char *)t + FADT_PM1A, sizeof(port));
    acpi.pm1a_port = port;
    acpi.sleep_type = find_sleep_type(dsdt);
}

void acpi_read(void)
{
    ushort ebda;
    const struct rsdp *rsdp = NULL;
    const struct table *t;
    uint rsdt;

    for (uint i = 0; i < 16; i++)
        acpi.lines[i].line = i;
    memcpy(&ebda, va_of(EBDA_PA), sizeof(ebda));
    if (ebda >= EBDA_LEAST)
        rsdp = rsdp_in(ebda << 4, (ebda << 4) + EBDA_SEARCHED);
    if (!rsdp)
        rsdp = rsdp_in(BIOS_PA, BIOS_END);
    if (!rsdp)
        return;
    rsdt = rsdp->rsdt;
    t = table_find(rsdt, "APIC");
    if (t)
        read_madt(t);
    t = table_find(rsdt, "FACP");
    if (t)
        read_fadt(t);
    memory_firmware_end();
}
