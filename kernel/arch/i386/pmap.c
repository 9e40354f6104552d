/*
 * pmap.c - loops over page tables.  The kinds of an entry are in pmap.h.
 *
 * A page directory's kernel half is a copy of kernel_directory's, which is final after booting; its user
 * half is the map's.  Ranges are worked on one page table at a time.  Fork and exit spend a handful of
 * instructions on each page, in unrolled loops made for the usual page of a large heap: one that is shared
 * copy-on-write with a parent or child.
 *
 * Frames of private memory may have other owners on other processors, so their counts change atomically; only
 * the owner of the map touches the entries themselves.
 */
#include "pmap.h"
#include "base/printk.h"
#include "io.h"
#include "sched/thread.h"

#define USER_TABLES (USER_END / CHUNK_SIZE)
#define FLUSH_MAX   16u  /* single invalidations up to this many, else all at once */
#define ZERO_MAX    600u /* entries that are cleared in less time than a page */

/* How many of the n pages from va on share its page table. */
static inline uint pages_here(uint va, uint n)
{
    uint room = CHUNK_PAGES - pmap_table_index(va);

    return n < room ? n : room;
}

bool pmap_create(struct pmap *pm)
{
    uint *directory = page_alloc();

    if (!directory)
        return false;
    words_zero(directory, USER_TABLES);
    words_copy(directory + USER_TABLES, (uint *)kernel_directory + USER_TABLES, CHUNK_PAGES - USER_TABLES);
    pm->directory = directory;
    return true;
}

void pmap_destroy(struct pmap *pm) { page_free(pm->directory); }

void pmap_load(const struct pmap *pm) { cr3_write(pa_of(pm ? pm->directory : (uint *)kernel_directory)); }

void pmap_flush(uint va, uint npages)
{
    if (npages > FLUSH_MAX) {
        cr3_write(cr3_read());
        return;
    }
    for (; npages; npages--, va += PAGE_SIZE)
        tlb_drop(va);
}

/* The usual case is a single entry, for which a call would cost more than the work. */
static inline void fill(uint *slot, uint entry, uint n)
{
    if (n == 1)
        *slot = entry;
    else
        words_fill(slot, entry, n);
}

/* The entry of va in a page table that exists. */
static inline uint *known_slot(const struct pmap *pm, uint va)
{
    return pmap_table(pm->directory[pmap_index(va)]) + pmap_table_index(va);
}

/* Clears n entries of a table, of which nused are not 0, and frees the table if it is empty then.  A table is
   freed as a zeroed page, unless clearing the n entries would cost more than that saves. */
static inline void clear_entries(struct pmap *pm, uint va, uint *slot, uint n, uint nused)
{
    uint left = frame_of(slot)->nused -= nused;

    if (left || n < ZERO_MAX)
        fill(slot, 0, n);
    if (left)
        return;
    uint *table = pmap_table(pm->directory[pmap_index(va)]);
    pm->directory[pmap_index(va)] = 0;
    tlb_drop(va); /* the processor may have cached the way to the table: Intel SDM 3A 4.10.3, 4.10.4.1 */
    if (n < ZERO_MAX)
        page_free_zeroed(table);
    else
        page_free(table);
}

static __attribute__((noinline)) uint *add_table(struct pmap *pm, uint va)
{
    uint *table = page_alloc_zeroed();

    if (!table)
        return NULL;
    frame_of(table)->nused = 0;
    pm->directory[pmap_index(va)] = pa_of(table) | PTE_PRIVATE | PTE_WRITABLE;
    return table + pmap_table_index(va);
}

/* The entry of va, in a new page table if there is none; NULL: no frame for one. */
static inline uint *make_slot(struct pmap *pm, uint va)
{
    uint *slot = pmap_slot(pm, va);

    return slot ? slot : add_table(pm, va);
}

/* Frees va's table if it has no entries: make_slot() made it, and it is not needed after all. */
static void drop_unused(struct pmap *pm, uint va)
{
    uint *slot = known_slot(pm, va);

    if (frame_of(slot)->nused == 0)
        clear_entries(pm, va, slot, 0, 0);
}

bool pmap_add_tables(struct pmap *pm, uint va, uint npages)
{
    uint first = va & ~(CHUNK_SIZE - 1);

    for (uint n; npages; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        if (make_slot(pm, va)) {
            if (n < npages)
                sched_checkpoint();
            continue;
        }
        for (; first < (va & ~(CHUNK_SIZE - 1)); first += CHUNK_SIZE)
            drop_unused(pm, first);
        return false;
    }
    return true;
}

/* Promises n pages of one table. */
static inline void promise_entries(uint *slot, uint n)
{
    frame_of(slot)->nused += n;
    fill(slot, PTE_PROMISED, n);
}

bool pmap_promise(struct pmap *pm, uint va, uint npages)
{
    if (pages_here(va, npages) == npages) {
        uint *slot = make_slot(pm, va);
        if (slot)
            promise_entries(slot, npages);
        return slot;
    }
    if (!pmap_add_tables(pm, va, npages))
        return false;
    for (uint n; npages; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        promise_entries(known_slot(pm, va), n);
    }
    return true;
}

/* Drops a share of a frame; true when it was the last. */
static inline bool drop_share(struct frame *frames, uint entry)
{
    return __atomic_sub_fetch(&frames[entry >> PAGE_SHIFT].refs, 1, __ATOMIC_ACQ_REL) == 0;
}

/* Releases an entry that can't be written: read-only, promised or 0. */
static __attribute__((noinline)) void release_other(uint entry, struct pmap_released *out)
{
    if (entry & PTE_PRESENT) {
        out->nreadonly++;
        if (drop_share(frame_table, entry)) {
            out->nfixed++;
            page_chain_add(&out->frames, &frame_table[entry >> PAGE_SHIFT]);
        }
    } else if (entry) {
        out->npromised++;
    } else {
        out->nentries--;
    }
}

static inline __attribute__((always_inline)) void release_entry(uint entry, struct frame *frames,
                                                                struct pmap_released *out)
{
    if (!(entry & (PTE_COPIED | PTE_WRITABLE)))
        release_other(entry, out);
    else if (drop_share(frames, entry))
        page_chain_add(&out->frames, &frames[entry >> PAGE_SHIFT]);
}

/* Removes n pages of one chunk. */
static inline void release_here(struct pmap *pm, uint va, uint n, struct pmap_released *out)
{
    uint *slot = pmap_slot(pm, va);

    if (!slot)
        return;
    struct frame *frames = frame_table;
    uint before = out->nentries;
    out->nentries += n;
    uint i = 0;
    for (; i + 4 <= n; i += 4) {
        release_entry(slot[i], frames, out);
        release_entry(slot[i + 1], frames, out);
        release_entry(slot[i + 2], frames, out);
        release_entry(slot[i + 3], frames, out);
    }
    for (; i < n; i++)
        release_entry(slot[i], frames, out);
    clear_entries(pm, va, slot, n, out->nentries - before);
}

void pmap_release(struct pmap *pm, uint va, uint npages, struct pmap_released *out)
{
    out->frames.first = NULL;
    out->frames.n = 0;
    out->nentries = out->npromised = out->nreadonly = out->nfixed = 0;
    for (uint n;; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        release_here(pm, va, n, out);
        if (n == npages)
            return;
        sched_checkpoint();
    }
}

/* Shares one page.  Returns its entry, from now on the same in both maps; counts it in *nzero if it is 0. */
static inline __attribute__((always_inline)) uint fork_entry(uint *from, struct frame *frames, uint *nzero)
{
    uint entry = *from;

    if (!(entry & PTE_COPIED)) {
        if (!(entry & PTE_PRESENT)) {
            *nzero += !entry;
            return entry;
        }
        if (entry & PTE_WRITABLE)
            *from = entry = (entry & ~(uint)PTE_WRITABLE) | PTE_COPIED;
    }
    __atomic_fetch_add(&frames[entry >> PAGE_SHIFT].refs, 1, __ATOMIC_RELAXED);
    return entry;
}

/* Shares n pages of one table; returns how many entries are not 0. */
static uint fork_entries(uint *to, uint *from, uint n)
{
    struct frame *frames = frame_table;
    uint nzero = 0, i = 0;

    for (; i + 4 <= n; i += 4) {
        to[i] = fork_entry(&from[i], frames, &nzero);
        to[i + 1] = fork_entry(&from[i + 1], frames, &nzero);
        to[i + 2] = fork_entry(&from[i + 2], frames, &nzero);
        to[i + 3] = fork_entry(&from[i + 3], frames, &nzero);
    }
    for (; i < n; i++)
        to[i] = fork_entry(&from[i], frames, &nzero);
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
        uint *table = n == CHUNK_PAGES ? page_alloc() : page_alloc_zeroed();
        if (!table)
            return false;
        child->directory[pmap_index(va)] = pa_of(table) | PTE_PRIVATE | PTE_WRITABLE;
        frame_of(table)->nused = fork_entries(table, from, n);
        sched_checkpoint();
        if (!frame_of(table)->nused)
            clear_entries(child, va, table, 0, 0);
    }
    return true;
}

/* course 10: course/simple/pmap_map.inc */
static inline void enter(uint *slot, const uint *entries, uint n, uint mask)
{
    frame_of(slot)->nused += n;
    if (n == 1)
        *slot = *entries & mask;
    else if (mask == ~0u)
        words_copy(slot, entries, n);
    else
        words_copy_masked(slot, entries, mask, n);
}

bool pmap_map(struct pmap *pm, uint va, bool writable, const struct pmap_ready *ready)
{
    uint mask = writable ? ~0u : ~(uint)PTE_WRITABLE;
    uint tail = va + ready->ntables * CHUNK_SIZE, nentries = ready->nentries;

    if (nentries) {
        /* Less than a chunk: it lies in one page table or two. */
        uint n = pages_here(tail, nentries);
        uint *slot = make_slot(pm, tail);
        if (!slot)
            return false;
        if (n < nentries) {
            uint *next = make_slot(pm, tail + n * PAGE_SIZE);
            if (!next) {
                drop_unused(pm, tail);
                return false;
            }
            enter(next, ready->entries + n, nentries - n, mask);
        }
        enter(slot, ready->entries, n, mask);
    }
    if (ready->ntables)
        words_copy_masked(&pm->directory[pmap_index(va)], ready->tables, mask, ready->ntables);
    return true;
}

void pmap_unmap(struct pmap *pm, uint va, const struct pmap_ready *ready)
{
    if (ready->ntables)
        words_zero(&pm->directory[pmap_index(va)], ready->ntables);
    va += ready->ntables * CHUNK_SIZE;
    for (uint n, left = ready->nentries; left; left -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, left);
        clear_entries(pm, va, known_slot(pm, va), n, n);
    }
}

bool pmap_maps(const struct pmap *pm, uint va, bool writable, const struct pmap_ready *ready)
{
    uint mask = writable ? ~0u : ~(uint)PTE_WRITABLE;

    for (uint i = 0; i < ready->ntables; i++, va += CHUNK_SIZE)
        if (pm->directory[pmap_index(va)] != (ready->tables[i] & mask))
            return false;
    for (uint i = 0; i < ready->nentries; i++, va += PAGE_SIZE) {
        const uint *slot = pmap_slot(pm, va);
        if (!slot || *slot != (ready->entries[i] & mask))
            return false;
    }
    return true;
}
/* course end */

bool pmap_allows(const struct pmap *pm, uint va, uint npages, bool write)
{
    uint allowed = pmap_allowed(write);

    for (uint n; npages; npages -= n, va += n * PAGE_SIZE) {
        n = pages_here(va, npages);
        uint table = pm->directory[pmap_index(va)];
        if (!(table & allowed))
            return false;
        if (table & PTE_SHARED)
            continue;
        const uint *slot = pmap_table(table) + pmap_table_index(va);
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
