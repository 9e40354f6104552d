/* tlb.c - see tlb.h; and the machine's copying of words. */
#include "arch.h"
#include "host.h"
#include "pmap.h"

#define MAX_WATCHED 8u

/* One processor: the directory, and of each watched address the entries on the way; 0: not cached. */
static struct {
    uint directory;
    uint table[MAX_WATCHED], page[MAX_WATCHED];
} cpus[TLB_NCPUS];
static uint watched[MAX_WATCHED], nwatched;

unsigned kernel_directory[1024];

void tlb_watch_none(void)
{
    nwatched = 0;
    memset(cpus, 0, sizeof(cpus));
}

void tlb_watch(uint va) { watched[nwatched++] = va; }

uint cr3_read(void) { return cpus[cpu_self()->index].directory; }

void cr3_write(uint pa)
{
    memset(&cpus[cpu_self()->index], 0, sizeof(cpus[0]));
    cpus[cpu_self()->index].directory = pa;
}

static bool same_page(uint a, uint b) { return a >> PAGE_SHIFT == b >> PAGE_SHIFT; }

/* All of the ways to page tables go with one page. */
void tlb_drop(uint va)
{
    for (uint i = 0; i < nwatched; i++) {
        cpus[cpu_self()->index].table[i] = 0;
        if (same_page(watched[i], va))
            cpus[cpu_self()->index].page[i] = 0;
    }
}

static bool has_user_half(void)
{
    uint directory = cpus[cpu_self()->index].directory;

    return directory && directory != pa_of(kernel_directory);
}

static uint present(uint entry) { return entry & PTE_PRESENT ? entry : 0; }

static uint directory_entry(uint va)
{
    const uint *directory = va_of(cpus[cpu_self()->index].directory);

    return present(directory[pmap_index(va)]);
}

void tlb_fill(void)
{
    if (!has_user_half())
        return;
    for (uint i = 0; i < nwatched; i++) {
        uint *table = &cpus[cpu_self()->index].table[i], *page = &cpus[cpu_self()->index].page[i];
        if (!*table)
            *table = directory_entry(watched[i]);
        if (*table && !*page)
            *page = present(pmap_table(*table)[pmap_table_index(watched[i])]);
    }
}

static uint watched_index(uint va)
{
    for (uint i = 0; i < nwatched; i++)
        if (same_page(watched[i], va))
            return i;
    tap_fail("%x is touched and not watched", va);
    return 0;
}

void *tlb_walk(uint va, bool write)
{
    uint i = watched_index(va);

    tlb_fill();
    uint table = cpus[cpu_self()->index].table[i], page = cpus[cpu_self()->index].page[i];
    if (page && (!write || (table & page & PTE_WRITABLE)))
        return (char *)pmap_page(page) + va % PAGE_SIZE;
    cpus[cpu_self()->index].page[i] = 0;
    return NULL;
}

void tlb_check(void)
{
    if (!has_user_half())
        return;
    for (uint i = 0; i < nwatched; i++) {
        uint table = cpus[cpu_self()->index].table[i], page = cpus[cpu_self()->index].page[i];
        uint now = directory_entry(watched[i]);
        if (table)
            check_eq(table & PTE_FRAME, now & PTE_FRAME);
        if (!page)
            continue;
        uint entry = now ? present(pmap_table(now)[pmap_table_index(watched[i])]) : 0;
        check_eq(page & PTE_FRAME, entry & PTE_FRAME);
        check(!(page & PTE_WRITABLE & ~entry) && !(table & PTE_WRITABLE & ~now));
    }
}

void tlb_check_unreachable(const void *page)
{
    for (uint cpu = 0; cpu < TLB_NCPUS; cpu++)
        for (uint i = 0; i < nwatched; i++) {
            uint table = cpus[cpu].table[i], entry = cpus[cpu].page[i];
            if (table && pmap_table(table) == page)
                tap_fail("processor %u may still use the page table of %x, which is freed", cpu, watched[i]);
            if (entry && pmap_page(entry) == page && cpu == cpu_self()->index)
                tap_fail("this processor may still use the page at %x, which is freed", watched[i]);
        }
}

void words_fill(uint *dst, uint word, size_t nwords)
{
    while (nwords--)
        *dst++ = word;
}

void words_zero(uint *dst, size_t nwords) { words_fill(dst, 0, nwords); }
void words_copy(uint *dst, const uint *src, size_t nwords) { memcpy(dst, src, nwords * sizeof(uint)); }

void words_copy_masked(uint *dst, const uint *src, uint mask, size_t nwords)
{
    while (nwords--)
        *dst++ = *src++ & mask;
}
