/*
 * multiboot.c - what the boot loader passes: RAM, the command line, the boot module.
 *
 * Its tables lie anywhere in RAM; what is needed of them is copied here before memory is handed out.
 * Loaders differ: QEMU puts the kernel's file name first in the command line, GRUB and v86 don't; v86 gives
 * neither a module's name nor the old memory sizes.
 *
 * arch_memory starts as what the map calls RAM, and loses what is taken: all below 1 MB, firmware's own
 * ranges, the kernel, the module.  Of a map with more pieces than the array, the rest is not used.
 */
#include "base/kstring.h"
#include "i386_impl.h"

#define LOADER_MAGIC 0x2BADB002u
#define LOW_END      0x100000 /* below: real mode's memory, the screen's, the BIOS's */

enum { HAS_SIZES = 1 << 0, HAS_COMMAND_LINE = 1 << 2, HAS_MODULES = 1 << 3, HAS_MAP = 1 << 6 };

struct multiboot_info {
    uint flags, mem_lower, mem_upper, boot_device;
    uint command_line;
    uint nmodules, modules;
    uint symbols[4];
    uint map_nbytes, map;
};

struct multiboot_module {
    uint start, end, name, reserved;
};

struct multiboot_range {
    uint entry_nbytes; /* without this field */
    uint64_t start, nbytes;
    uint type;
} __attribute__((packed));
#define RANGE_RAM 1

#define MAX_RANGES 64

struct memory_range arch_memory[MAX_RANGES];
uint arch_nmemory;
struct memory_range boot_module;
char boot_command_line[1024];

static void range_add(uint64_t start, uint64_t end)
{
    if (end > DIRECT_SIZE)
        end = DIRECT_SIZE;
    start = (start + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    end &= ~(uint64_t)(PAGE_SIZE - 1);
    if (start < end && arch_nmemory < MAX_RANGES)
        arch_memory[arch_nmemory++] = (struct memory_range){ start, end };
}

/* Takes [start, end) out of all ranges. */
static void range_remove(uint64_t start, uint64_t end)
{
    uint n = arch_nmemory;

    start &= ~(uint64_t)(PAGE_SIZE - 1);
    for (uint i = 0; i < n; i++) {
        struct memory_range r = arch_memory[i];
        if (end <= r.start || start >= r.end)
            continue;
        arch_memory[i].end = start > r.start ? start : r.start;
        range_add(end, r.end);
    }
}

/* Drops the ranges that became empty. */
static void ranges_compact(void)
{
    uint n = 0;

    for (uint i = 0; i < arch_nmemory; i++) {
        if (arch_memory[i].start < arch_memory[i].end)
            arch_memory[n++] = arch_memory[i];
    }
    arch_nmemory = n;
}

static void read_map(const struct multiboot_info *info)
{
    const char *first = va_of(info->map), *end = first + info->map_nbytes;

    for (uint pass = 0; pass < 2; pass++) { /* where entries overlap, the one that is not RAM counts */
        const struct multiboot_range *r;
        for (const char *p = first; p + sizeof(*r) <= end; p += r->entry_nbytes + sizeof(r->entry_nbytes)) {
            r = (const void *)p;
            if (pass == 0 && r->type == RANGE_RAM)
                range_add(r->start, r->start + r->nbytes);
            if (pass == 1 && r->type != RANGE_RAM)
                range_remove(r->start, r->start + r->nbytes);
        }
    }
}

/* A first word that is a path, and not NAME=VALUE, is the kernel's. */
static void read_command_line(const char *line)
{
    size_t word = 0, name = 0;

    while (line[word] && line[word] != ' ')
        word++;
    while (name < word && line[name] != '=' && line[name] != '/')
        name++;
    if (name == word || line[name] == '/')
        line += word;
    while (*line == ' ')
        line++;
    if (string_copy(boot_command_line, line, sizeof(boot_command_line)) >= sizeof(boot_command_line))
        machine_refuse("machine", "its command line is too long: 1023 characters fit");
}

void multiboot_read(uint magic, uint info_pa)
{
    const struct multiboot_info *info = va_of(info_pa);

    if (magic != LOADER_MAGIC || info_pa >= DIRECT_SIZE)
        machine_refuse("machine", "a Multiboot loader is needed");
    if (info->flags & HAS_COMMAND_LINE)
        read_command_line(va_of(info->command_line));
    if (info->flags & HAS_MAP)
        read_map(info);
    else if (info->flags & HAS_SIZES)
        range_add(LOW_END, LOW_END + (uint64_t)info->mem_upper * 1024);
    if (info->flags & HAS_MODULES && info->nmodules > 0) {
        const struct multiboot_module *m = va_of(info->modules);
        if (m->start < m->end && m->end <= DIRECT_SIZE)
            boot_module = (struct memory_range){ m->start, m->end };
    }
    range_remove(0, LOW_END);
    range_remove(pa_of(image_start), pa_of(image_end));
    if (boot_module.end)
        range_remove(boot_module.start, page_round_up(boot_module.end));
    ranges_compact();
}
