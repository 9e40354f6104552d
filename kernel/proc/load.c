/*
 * load.c - reads an ELF file into a new address space.
 *
 * The file may hold anything, and may change while it is read: header and segment table are copied once and
 * checked, and only the copy is used.  Segments must be in ascending order and not overlap in bytes.  Two may
 * share a page, since linkers pack them so; it is writable then if either segment is.
 *
 * The bytes that a segment has in the file are read straight into its frames.  Memory after them, up to
 * p_memsz, is zeroes: the rest of the last page at once, whole pages as promises.
 *
 * The stack: programs for xv6, linked at 0, get the one page that they expect; others get 16, promised except
 * for the highest, which takes the arguments.  A page without access below the stack catches an overflow.
 */
#include "proc/load.h"
#include "base/kstring.h"
#include "include/elf.h"
#include "mm/slab.h"
#include "sched/thread.h"

#define SEGMENTS_MAX (KMALLOC_MAX / sizeof(struct elf_segment))
#define OFFSET_MAX   0x7fffffffu /* in a file, whose size is an int to programs */

#define STACK_PAGES_XV6 1u
#define STACK_PAGES     16u

static bool header_ok(const struct elf_header *h)
{
    return h->magic == ELF_MAGIC && h->class == ELF_CLASS32 && h->data == ELF_LSB && h->type == ET_EXEC &&
           h->machine == EM_386 && h->phentsize == sizeof(struct elf_segment) && h->phnum > 0 &&
           h->phnum <= SEGMENTS_MAX && h->entry < USER_END;
}

/* The PT_LOAD segments of the file, in memory of kmalloc(), and their number.  NULL: unusable, or no memory. */
static struct elf_segment *segments_read(struct inode *ip, const struct elf_header *h, uint *n)
{
    uint nbytes = h->phnum * sizeof(struct elf_segment);
    struct elf_segment *s = kmalloc(nbytes);
    uint end = 0;

    if (!s)
        return NULL;
    *n = 0;
    if (h->phoff > OFFSET_MAX || inode_read(ip, s, h->phoff, nbytes) != (int)nbytes)
        goto unusable;
    for (uint i = 0; i < h->phnum; i++) {
        if (s[i].type != PT_LOAD || s[i].memsz == 0)
            continue;
        if (s[i].filesz > s[i].memsz || s[i].vaddr < end || s[i].vaddr >= USER_END ||
            s[i].memsz > USER_END - s[i].vaddr || s[i].offset > OFFSET_MAX)
            goto unusable;
        end = s[i].vaddr + s[i].memsz;
        s[(*n)++] = s[i];
    }
    if (*n)
        return s;
unusable:
    kfree(s);
    return NULL;
}

/* A segment as pages: those with frames, then those that are only promised. */
struct extent {
    uint start, file_end, end; /* page-aligned */
};

static struct extent extent_of(const struct elf_segment *s)
{
    struct extent x = {
        .start = page_round_down(s->vaddr),
        .file_end = page_round_up(s->vaddr + s->filesz),
        .end = page_round_up(s->vaddr + s->memsz),
    };

    if (s->filesz == 0)
        x.file_end = x.start;
    return x;
}

static int segment_read(struct aspace *as, struct inode *ip, const struct elf_segment *s)
{
    for (uint done = 0; done < s->filesz;) {
        uint va = s->vaddr + done;
        uint n = PAGE_SIZE - va % PAGE_SIZE;

        if (n > s->filesz - done)
            n = s->filesz - done;
        if (inode_read(ip, aspace_image_byte(as, va), s->offset + done, n) != (int)n)
            return -1;
        done += n;
    }
    return 0;
}

static int segments_load(struct aspace *as, struct inode *ip, const struct elf_segment *s, uint n)
{
    struct stat st;

    inode_stat(ip, &st);
    for (uint i = 0; i < n; i++) {
        struct extent x = extent_of(&s[i]);

        /* Refused before frames are taken for bytes that the file does not have. */
        if (s[i].filesz > st.size || s[i].offset > st.size - s[i].filesz)
            return -1;
        if (x.file_end > x.start &&
            aspace_add_image(as, x.start, x.file_end - x.start, s[i].flags & PF_W) < 0)
            return -1;
        if (x.end > x.file_end && aspace_add_zero(as, x.file_end, x.end - x.file_end) < 0)
            return -1;
        if (segment_read(as, ip, &s[i]) < 0)
            return -1;
        sched_checkpoint();
    }
    return 0;
}

static int stack_add(struct image *image, uint lowest, uint end)
{
    uint npages = lowest < PAGE_SIZE ? STACK_PAGES_XV6 : STACK_PAGES;
    uint base = end + PAGE_SIZE; /* above the guard */
    uint last = base + (npages - 1) * PAGE_SIZE;

    if (end > USER_END - (npages + 1) * PAGE_SIZE)
        return -1;
    if (npages > 1 && aspace_add_zero(image->as, base, last - base) < 0)
        return -1;
    if (aspace_add_image(image->as, last, PAGE_SIZE, true) < 0)
        return -1;
    image->stack_top = last + PAGE_SIZE;
    aspace_set_brk(image->as, image->stack_top);
    return 0;
}

int load_image(struct inode *ip, struct image *image)
{
    struct elf_header h;
    struct elf_segment *segments;
    uint n;

    if (inode_read(ip, &h, 0, sizeof(h)) != (int)sizeof(h) || !header_ok(&h))
        return -1;
    segments = segments_read(ip, &h, &n);
    if (!segments)
        return -1;
    image->entry = h.entry;
    image->foreign = segments[0].vaddr < PAGE_SIZE;
    image->as = aspace_create();
    if (!image->as)
        goto no_aspace;
    if (segments_load(image->as, ip, segments, n) < 0 ||
        stack_add(image, segments[0].vaddr, page_round_up(segments[n - 1].vaddr + segments[n - 1].memsz)) < 0)
        goto unusable;
    kfree(segments);
    return 0;
unusable:
    aspace_destroy(image->as);
no_aspace:
    kfree(segments);
    return -1;
}
