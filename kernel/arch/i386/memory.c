/*
 * memory.c - the final kernel page tables.
 *
 * boot.S maps everything that could be RAM; memory_init() replaces that by a direct map of what is there.
 * Where the kernel's code and constants are, that map is made of small pages, so that these are read-only; in
 * debug builds it is so everywhere.  The page tables are taken out of arch_memory before it is used otherwise.
 */
#include "base/printk.h"
#include "i386_impl.h"
#include "io.h"

#define LEAST_RAM  (15u << 20) /* a machine of 16 MB, less what its firmware keeps */
#define LEAST_FREE (5u << 20)  /* of it, besides the kernel and a boot module */

/* memory_firmware()'s entries: a table may run over the end of the first chunk. */
#define WINDOW_PDE    (DEVICE_BASE / CHUNK_SIZE)
#define WINDOW_CHUNKS 2

static uint ram_end(void)
{
    uint end = page_round_up(boot_module.end);

    for (uint i = 0; i < arch_nmemory; i++) {
        if (arch_memory[i].end > end)
            end = arch_memory[i].end;
    }
    return end;
}

static void check_size(void)
{
    uint nfree = 0;
    char text[80];

    for (uint i = 0; i < arch_nmemory; i++)
        nfree += arch_memory[i].end - arch_memory[i].start;
    if (ram_end() >= LEAST_RAM && nfree >= LEAST_FREE)
        return;
    format(text, sizeof(text), "this machine has %u MB of memory, %u KB of them free; 16 MB are needed",
           (ram_end() + (1u << 19)) >> 20, nfree >> 10);
    machine_refuse("memory", text);
}

/* A frame for good, from the largest range. */
static uint *boot_page(void)
{
    struct memory_range *largest = &arch_memory[0];

    for (uint i = 1; i < arch_nmemory; i++) {
        if (arch_memory[i].end - arch_memory[i].start > largest->end - largest->start)
            largest = &arch_memory[i];
    }
    largest->start += PAGE_SIZE;
    return va_of(largest->start - PAGE_SIZE);
}

#ifdef DEBUG
#define ALL_SMALL true
#else
#define ALL_SMALL false
#endif

/* The entry that maps the chunk at pa. */
static uint direct_entry(uint pa)
{
    uint *table;

    if (!ALL_SMALL && (pa + CHUNK_SIZE <= pa_of(image_start) || pa >= pa_of(rodata_end)))
        return pa | PTE_PRESENT | PTE_WRITABLE | PTE_LARGE | PTE_GLOBAL;
    table = boot_page();
    for (uint i = 0; i < CHUNK_PAGES; i++) {
        uint page = pa + i * PAGE_SIZE;
        bool code = page >= pa_of(image_start) && page < pa_of(rodata_end);
        table[i] = page | PTE_PRESENT | PTE_GLOBAL | (code ? 0 : PTE_WRITABLE);
    }
    return pa_of(table) | PTE_PRESENT | PTE_WRITABLE;
}

void memory_init(void)
{
    uint *direct = &kernel_directory[KERNEL_BASE / CHUNK_SIZE];
    uint end = ram_end();

    check_size();
    for (uint pa = 0; pa < DIRECT_SIZE; pa += CHUNK_SIZE)
        direct[pa / CHUNK_SIZE] = pa < end ? direct_entry(pa) : 0;
    kernel_directory[0] = 0;
    for (uint pa = DEVICE_BASE + WINDOW_CHUNKS * CHUNK_SIZE; pa != 0; pa += CHUNK_SIZE)
        kernel_directory[pa / CHUNK_SIZE] = pa | PTE_DEVICE | PTE_LARGE;
    cr3_write(pa_of(kernel_directory));
}

const void *memory_firmware(uint pa)
{
    uint chunk = pa - pa % CHUNK_SIZE;

    for (uint i = 0; i < WINDOW_CHUNKS; i++) {
        kernel_directory[WINDOW_PDE + i] = (chunk + i * CHUNK_SIZE) | PTE_PRESENT | PTE_LARGE;
        tlb_drop(DEVICE_BASE + i * CHUNK_SIZE);
    }
    return (const void *)(DEVICE_BASE + pa % CHUNK_SIZE);
}

void memory_firmware_end(void)
{
    kernel_directory[WINDOW_PDE] = kernel_directory[WINDOW_PDE + 1] = 0;
    cr3_write(pa_of(kernel_directory));
}

void *memory_device(uint pa) { return pa >= DEVICE_BASE + WINDOW_CHUNKS * CHUNK_SIZE ? (void *)pa : NULL; }

void memory_low(bool mapped)
{
    kernel_directory[0] = mapped ? PTE_PRESENT | PTE_WRITABLE | PTE_LARGE : 0;
    cr3_write(pa_of(kernel_directory));
}
