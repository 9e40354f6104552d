/*
 * pmap.h - page tables of the user half.  Only kernel/mm includes this.
 *
 * An entry's kind:
 *
 *   0            no access
 *   promised     private: zeroes, made on the first touch
 *   writable     private, and no other map has the frame
 *   copied       private: copied before it is written, if the frame has other owners then
 *   read-only    private, never written
 *   shared       a region's
 *
 * A directory entry points to a page table of this map, or to one that a region owns and that many maps use;
 * then the directory entry decides whether this map may write.  frame->nused of a map's own page table counts
 * its entries that are not 0; the table is freed with the last of them.
 *
 * A map belongs to one address space, whose process alone changes it: there is no lock.  The TLB may
 * hold old entries until the caller flushes them: only pmap_flush() and pmap_load() do that.  Sleeps: no, but for
 * pmap_release(), pmap_fork(), pmap_add_tables() and pmap_promise(), which let others run after each page table.
 */
#ifndef PMAP_H
#define PMAP_H

#include "arch.h"
#include "mm/page.h"

#define PTE_COPIED   0x200u /* software bits; of present entries */
#define PTE_SHARED   0x400u /* also of directory entries: a region's page table */
#define PTE_PROMISED 0x800u /* of entries that are not present */

#define PTE_FRAME    0xFFFFF000u
#define PTE_PRIVATE  (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define PTE_READ_OK  (PTE_PRESENT | PTE_PROMISED)
#define PTE_WRITE_OK (PTE_WRITABLE | PTE_COPIED | PTE_PROMISED)

struct pmap {
    uint *directory;
};

/* The index of va's entry in the directory, and in its page table. */
static inline uint pmap_index(uint va) { return va / CHUNK_SIZE; }
static inline uint pmap_table_index(uint va) { return va / PAGE_SIZE % CHUNK_PAGES; }

/* An empty map; false: no frame. */
MUST_CHECK bool pmap_create(struct pmap *pm);
/* Frees the directory of a map that has no page tables of its own left. */
void pmap_destroy(struct pmap *pm);
/* This processor uses it from now on; NULL: the kernel's half alone. */
void pmap_load(const struct pmap *pm);
/* Flushes these pages of the map that this processor uses from its TLB. */
void pmap_flush(uint va, uint npages);

/* Makes sure that the range has page tables.  False: no frames, nothing changed. */
MUST_CHECK bool pmap_add_tables(struct pmap *pm, uint va, uint npages);
/* The same, and promises the range, which has no entries yet. */
MUST_CHECK bool pmap_promise(struct pmap *pm, uint va, uint npages);

struct pmap_released {
    struct page_chain frames; /* that have no owner any more; the caller frees them, after flushing */
    uint nentries;            /* that were not 0 */
    uint npromised;           /* of these: promised */
    uint nreadonly;           /* of these: read-only */
    uint nfixed;              /* read-only pages among `frames` */
};
/* Removes a range of private memory, which may have holes but is not empty, and fills in *out. */
void pmap_release(struct pmap *pm, uint va, uint npages, struct pmap_released *out);
/* Enters all private memory below `end` into the child's map too, which is empty.  Writable pages become
   copied ones in both.  False: no frames for page tables; the caller releases what was entered. */
MUST_CHECK bool pmap_fork(struct pmap *child, struct pmap *parent, uint end);

/* Maps a region into a range without entries: whole page tables, from va on, then single entries.  False:
   no frame for a page table, nothing changed. */
MUST_CHECK bool pmap_map(struct pmap *pm, uint va, bool writable, const struct pmap_ready *ready);
void pmap_unmap(struct pmap *pm, uint va, const struct pmap_ready *ready);
/* Is the region mapped there just as pmap_map() would map it? */
bool pmap_maps(const struct pmap *pm, uint va, bool writable, const struct pmap_ready *ready);

/* May the user read (or write) all of these pages? */
bool pmap_allows(const struct pmap *pm, uint va, uint npages, bool write);
/* Panics unless the counts of all page tables are right.  Returns the number of promised, writable and copied
   entries, and stores how many entries belong to regions, those of their own tables included. */
uint pmap_check(const struct pmap *pm, uint *nshared);

/* The page table that a directory entry points to. */
static inline uint *pmap_table(uint entry) { return va_of(entry & PTE_FRAME); }

/* The entry of va; NULL when the map has no page table of its own there. */
static inline uint *pmap_slot(const struct pmap *pm, uint va)
{
    uint table = pm->directory[pmap_index(va)];

    if ((table & (PTE_PRESENT | PTE_SHARED)) != PTE_PRESENT)
        return NULL;
    return pmap_table(table) + pmap_table_index(va);
}

/* The bits of which an entry must have one for an access.  Good for directory entries too: they are writable
   unless a region is mapped read-only. */
static inline uint pmap_allowed(bool write) { return write ? PTE_WRITE_OK : PTE_READ_OK; }

/* As pmap_allows(), of one page. */
static inline bool pmap_allows_page(const struct pmap *pm, uint va, bool write)
{
    uint allowed = pmap_allowed(write);
    uint table = pm->directory[pmap_index(va)];

    return (table & allowed) && (pmap_table(table)[pmap_table_index(va)] & allowed);
}

static inline bool pmap_is_promised(uint entry) { return entry & PTE_PROMISED; }
static inline bool pmap_is_copied(uint entry) { return entry & PTE_COPIED; }
static inline bool pmap_is_present(uint entry) { return entry & PTE_PRESENT; }
static inline bool pmap_is_readonly(uint entry)
{
    return (entry & PTE_PRESENT) && !(entry & (PTE_WRITABLE | PTE_COPIED));
}
static inline void *pmap_page(uint entry) { return va_of(entry & PTE_FRAME); } /* of a present entry */

/* For a caller that fills in a single empty slot. */
static inline void pmap_count_entry(uint *slot) { frame_of(slot)->nused++; }

static inline uint pmap_private_entry(const void *page, bool writable)
{
    return pa_of(page) | PTE_PRIVATE | (writable ? PTE_WRITABLE | PTE_DIRTY : 0);
}
static inline uint pmap_promised_entry(void) { return PTE_PROMISED; }
/* For regions: the entry of a page, and the directory entry of a page table that is full of such entries. */
static inline uint pmap_shared_entry(const void *page)
{
    return pa_of(page) | PTE_PRIVATE | PTE_WRITABLE | PTE_DIRTY | PTE_SHARED;
}

#endif
