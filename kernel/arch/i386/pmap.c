/*
 * pmap.c - loops over page tables.  The states of an entry are in pmap.h.
 *
 * A page directory's kernel half is a copy of kernel_directory's, final since boot; its user half is the map's.
 * Ranges are worked on one page table at a time.  What happens to each page is a handful of instructions, because
 * fork and exit do it for all the memory of a process.
 *
 * Frames of private memory may have other owners on other processors, so their counts change atomically; the
 * entries themselves are touched by the owner of the map alone.
 */
#include "lib/printk.h"
#include "pmap.h"

#define USER_TABLES (USER_END / CHUNK_SIZE)
#define FLUSH_MAX   16u /* single invalidations up to this many, else all at once */

static inline uint index_of(uint va) { return (va >> PAGE_SHIFT) % CHUNK_PAGES; }

/* How many of the n pages from va on share its page table. */
static inline uint pages_here(uint va, uint n)
{
    uint room = CHUNK_PAGES - index_of(va);
    return n < room ? n : room;
}

static inline uint *table_page(uint entry) { return va_of(entry & PTE_FRAME); }

bool pmap_create(struct pmap *pm)
{
    uint *directory = page_alloc();
    if (!directory)
        return false;
    words_zero(directory, USER_TABLES);
    words_copy(directory + USER_TABLES, (uint *)kernel_directory + USER_TABLES, 1024 - USER_TABLES);
    pm->directory = directory;
    return true;
}

void pmap_destroy(struct pmap *pm)
{
    page_free(pm->directory);
}

void pmap_load(const struct pmap *pm)
{
    uint pa = pa_of(pm ? pm->directory : (uint *)kernel_directory);
    asm volatile("movl %0, %%cr3" : : "r"(pa) : "memory");
}

void pmap_flush(uint va, uint npages)
{
    if (npages > FLUSH_MAX) {
        uint directory;
        asm volatile("movl %%cr3, %0; movl %0, %%cr3" : "=r"(directory) : : "memory");
        return;
    }
    for (; npages; npages--, va += PAGE_SIZE)
        asm volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* Frees the page table of va's chunk if it has no entry left. */
static void drop_empty(struct pmap *pm, uint va)
{
    uint *entry = &pm->directory[va >> 22];
    if ((*entry & (PTE_PRESENT | PTE_SHARED)) != PTE_PRESENT)
        return;
    uint *table = table_page(*entry);
    if (frame_of(table)->nused == 0) {
        *entry = 0;
        page_free(table);
    }
}

bool pmap_add_tables(struct pmap *pm, uint va, uint npages)
{
    uint first = va;
    for (uint n; npages; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        if (pm->directory[va >> 22])
            continue;
        uint *table = page_alloc_zeroed();
        if (!table)
            goto undo;
        frame_of(table)->nused = 0;
        pm->directory[va >> 22] = pa_of(table) | PTE_PRIVATE | PTE_WRITABLE;
    }
    return true;
undo:
    for (uint at = first & ~(CHUNK_SIZE - 1); at < va; at += CHUNK_SIZE)
        drop_empty(pm, at);
    return false;
}

void pmap_promise(struct pmap *pm, uint va, uint npages)
{
    for (uint n; npages; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        uint *slot = pmap_slot(pm, va);
        frame_of(slot)->nused += n;
        words_fill(slot, PTE_PROMISED, n);
    }
}

/* Gives up the n entries from slot on, which stay as they are; returns how many were not 0. */
static uint release_entries(const uint *slot, uint n, struct pmap_released *out)
{
    struct page_chain chain = out->frames;
    struct frame *frames = frame_table;
    uint nzero = 0, npromised = 0, nreadonly = 0, nmade = 0;
    for (const uint *end = slot + n; slot != end; slot++) {
        uint entry = *slot;
        if (!(entry & PTE_PRESENT)) {
            if (entry)
                npromised++;
            else
                nzero++;
            continue;
        }
        bool written = entry & (PTE_WRITABLE | PTE_COPIED);
        if (!written)
            nreadonly++;
        struct frame *f = &frames[entry >> PAGE_SHIFT];
        if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL) == 0) {
            page_chain_add(&chain, f);
            nmade += written;
        }
    }
    out->frames = chain;
    out->npresent += n - nzero - npromised;
    out->nwritable += n - nzero - nreadonly;
    out->nmade += nmade;
    return n - nzero;
}

void pmap_release(struct pmap *pm, uint va, uint npages, struct pmap_released *out)
{
    for (uint n; npages; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        uint *slot = pmap_slot(pm, va);
        if (!slot)
            continue;
        uint nused = release_entries(slot, n, out);
        uint left = frame_of(slot)->nused -= nused;
        if (left)
            words_zero(slot, n);
        else
            drop_empty(pm, va);
    }
}

/* Shares n pages of one table; returns how many entries are not 0. */
static uint fork_entries(uint *to, uint *from, uint n)
{
    struct frame *frames = frame_table;
    uint nzero = 0;
    for (uint i = 0; i < n; i++) {
        uint entry = from[i];
        if (entry & PTE_PRESENT) {
            if (entry & PTE_WRITABLE) {
                entry = (entry & ~(uint)PTE_WRITABLE) | PTE_COPIED;
                from[i] = entry;
            }
            __atomic_fetch_add(&frames[entry >> PAGE_SHIFT].refs, 1, __ATOMIC_RELAXED);
        } else if (!entry) {
            nzero++;
        }
        to[i] = entry;
    }
    return n - nzero;
}

bool pmap_fork(struct pmap *child, struct pmap *parent, uint end)
{
    uint npages = page_round_up(end) >> PAGE_SHIFT;
    for (uint n, va = 0; npages; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        uint *from = pmap_slot(parent, va);
        if (!from)
            continue;
        uint *table = page_alloc();
        if (!table)
            return false;
        frame_of(table)->nused = fork_entries(table, from, n);
        words_zero(table + n, CHUNK_PAGES - n);
        child->directory[va >> 22] = pa_of(table) | PTE_PRIVATE | PTE_WRITABLE;
        drop_empty(child, va);
    }
    return true;
}

bool pmap_map(struct pmap *pm, uint va, bool writable, const uint *tables, uint ntables, const uint *entries,
              uint nentries)
{
    uint mask = writable ? ~0u : ~(uint)PTE_WRITABLE;
    uint tail = va + ntables * CHUNK_SIZE;
    if (!pmap_add_tables(pm, tail, nentries))
        return false;
    if (ntables)
        words_copy_masked(&pm->directory[va >> 22], tables, mask, ntables);
    for (uint n; nentries; nentries -= n, entries += n, tail += n * PAGE_SIZE) {
        n = pages_here(tail, nentries);
        uint *slot = pmap_slot(pm, tail);
        frame_of(slot)->nused += n;
        if (writable)
            words_copy(slot, entries, n);
        else
            words_copy_masked(slot, entries, mask, n);
    }
    return true;
}

void pmap_unmap(struct pmap *pm, uint va, uint ntables, uint nentries)
{
    if (ntables)
        words_zero(&pm->directory[va >> 22], ntables);
    va += ntables * CHUNK_SIZE;
    for (uint n; nentries; nentries -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, nentries);
        uint *slot = pmap_slot(pm, va);
        if (frame_of(slot)->nused -= n)
            words_zero(slot, n);
        else
            drop_empty(pm, va);
    }
}

bool pmap_allows(const struct pmap *pm, uint va, uint npages, bool write)
{
    uint allowed = write ? PTE_WRITE_OK : PTE_READ_OK;
    for (uint n; npages; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        uint table = pm->directory[va >> 22];
        if (!(table & PTE_PRESENT))
            return false;
        if (table & PTE_SHARED) {
            if (write && !(table & PTE_WRITABLE))
                return false;
            continue;
        }
        const uint *slot = table_page(table) + index_of(va);
        for (uint i = 0; i < n; i++)
            if (!(slot[i] & allowed))
                return false;
    }
    return true;
}

uint pmap_check(const struct pmap *pm, uint *nshared)
{
    uint nwritable = 0;
    *nshared = 0;
    for (uint chunk = 0; chunk < USER_TABLES; chunk++) {
        uint entry = pm->directory[chunk];
        if (entry & PTE_SHARED)
            *nshared += CHUNK_PAGES;
        uint *slot = pmap_slot(pm, chunk * CHUNK_SIZE);
        if (!slot)
            continue;
        uint nused = 0;
        for (uint i = 0; i < CHUNK_PAGES; i++) {
            uint e = slot[i];
            nused += e != 0;
            if (e & PTE_SHARED)
                (*nshared)++;
            else if (e & PTE_WRITE_OK)
                nwritable++;
            if ((e & PTE_PRESENT) && !(e & PTE_SHARED) && frame_of(pmap_page(e))->refs == 0)
                panic("the page at %x is mapped and free", chunk * CHUNK_SIZE + i * PAGE_SIZE);
        }
        if (!nused || frame_of(slot)->nused != nused)
            panic("page table %x: %u entries, not %u", chunk, nused, frame_of(slot)->nused);
    }
    return nwritable;
}
