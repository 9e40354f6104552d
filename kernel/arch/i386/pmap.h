/*
 * pmap.h - page tables of the user half.  Only kernel/mm includes this.
 *
 * What an entry says of its page:
 *
 *   0            no access
 *   promised     private: zeroes, made on the first touch
 *   writable     private, and nobody else has the frame
 *   copied       private: must be had alone before it is written: the frame may have other owners
 *   read-only    private, never written
 *   shared       a region's
 *
 * A directory entry points to a page table of this map, or to one that a region owns and that many maps
 * use; the directory entry itself says then whether the map may write.  frame->nused of a page table of the
 * map counts its entries that are not 0; the table is freed with the last of them.
 *
 * Nothing here looks after the TLB but pmap_flush().
 */
#ifndef PMAP_H
#define PMAP_H

#include "arch.h"
#include "mm/page.h"

#define PTE_COPIED   0x200u /* software bits; of present entries */
#define PTE_SHARED   0x400u /* also of directory entries: a region's page table */
#define PTE_PROMISED 0x800u /* of entries that are not present */

#define PTE_FRAME    0xfffff000u
#define PTE_PRIVATE  (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define PTE_READ_OK  (PTE_PRESENT | PTE_PROMISED)
#define PTE_WRITE_OK (PTE_WRITABLE | PTE_COPIED | PTE_PROMISED)

struct pmap {
    uint *directory;
};

/* An empty map; false: no frame. */
bool pmap_create(struct pmap *pm);
/* Its directory alone: no page table of its own is left. */
void pmap_destroy(struct pmap *pm);
/* This processor uses it from now on; NULL: the kernel's half alone. */
void pmap_load(const struct pmap *pm);
/* This processor forgets what it knew of these pages of the map that it uses. */
void pmap_flush(uint va, uint npages);

/* Makes sure that the range has page tables.  False: no frames, nothing changed. */
bool pmap_add_tables(struct pmap *pm, uint va, uint npages);
/* The same, and makes the range promised.  It has no entries yet. */
bool pmap_promise(struct pmap *pm, uint va, uint npages);

struct pmap_released {
    struct page_chain frames; /* that have no owner any more; the caller frees them, after flushing */
    uint nentries;            /* that were not 0 */
    uint npromised;           /* of these: promised */
    uint nreadonly;           /* of these: read-only */
    uint nfixed;              /* read-only pages among `frames` */
};
/* Takes a range of private memory out, and fills in *out.  Holes in it are fine. */
void pmap_release(struct pmap *pm, uint va, uint npages, struct pmap_released *out);
/* Enters all private memory below `end` into the child too, whose map is empty.  What was writable is
   copied for both afterwards.  False: no frames for page tables; what was entered is to be released. */
bool pmap_fork(struct pmap *child, struct pmap *parent, uint end);

/* Maps a region: whole page tables, from va on, then single entries.  False: no frame for a page table,
   nothing changed.  The range has no entries. */
bool pmap_map(struct pmap *pm, uint va, bool writable, const uint *tables, uint ntables, const uint *entries,
              uint nentries);
void pmap_unmap(struct pmap *pm, uint va, uint ntables, uint nentries);
/* Is a region mapped there as pmap_map() does it? */
bool pmap_maps(const struct pmap *pm, uint va, bool writable, const uint *tables, uint ntables,
               const uint *entries, uint nentries);

/* May the user read (or write) all of these pages? */
bool pmap_allows(const struct pmap *pm, uint va, uint npages, bool write);
/* Panics unless the counts of all page tables are right; returns the number of promised, writable and
   copied entries and stores how many entries belong to regions, those of their own tables included. */
uint pmap_check(const struct pmap *pm, uint *nshared);

/* The page table that a directory entry points to. */
static inline uint *pmap_table(uint entry) { return va_of(entry & PTE_FRAME); }

/* The entry of va; NULL when the map has no page table of its own there. */
static inline uint *pmap_slot(const struct pmap *pm, uint va)
{
    uint table = pm->directory[va >> 22];

    if ((table & (PTE_PRESENT | PTE_SHARED)) != PTE_PRESENT)
        return NULL;
    return pmap_table(table) + (va >> PAGE_SHIFT) % CHUNK_PAGES;
}

/* What an entry must have for an access; it will do for directory entries too, which let write where they
   can. */
static inline uint pmap_allowed(bool write) { return write ? PTE_WRITE_OK : PTE_READ_OK; }

/* As pmap_allows(), of one page. */
static inline bool pmap_allows_page(const struct pmap *pm, uint va, bool write)
{
    uint allowed = pmap_allowed(write);
    uint table = pm->directory[va >> 22];

    return (table & allowed) && (pmap_table(table)[(va >> PAGE_SHIFT) % CHUNK_PAGES] & allowed);
}

static inline bool pmap_is_promised(uint entry) { return entry & PTE_PROMISED; }
static inline bool pmap_is_copied(uint entry) { return entry & PTE_COPIED; }
static inline bool pmap_is_present(uint entry) { return entry & PTE_PRESENT; }
static inline bool pmap_is_readonly(uint entry)
{
    return (entry & PTE_PRESENT) && !(entry & (PTE_WRITABLE | PTE_COPIED));
}
static inline void *pmap_page(uint entry) { return va_of(entry & PTE_FRAME); } /* of a present entry */

/* A page table's entry count changes by hand where single entries are made. */
static inline void pmap_count_entry(uint *slot) { frame_of(slot)->nused++; }

static inline uint pmap_private_entry(const void *page, bool writable)
{
    return pa_of(page) | PTE_PRIVATE | (writable ? PTE_WRITABLE | PTE_DIRTY : 0);
}
static inline uint pmap_promised_entry(void) { return PTE_PROMISED; }
/* For regions: a page's ready entry, and the directory entry of a page table filled with such. */
static inline uint pmap_shared_entry(const void *page)
{
    return pa_of(page) | PTE_PRIVATE | PTE_WRITABLE | PTE_DIRTY | PTE_SHARED;
}

#endif
