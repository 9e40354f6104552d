/*
 * load.c - reads an ELF file into a new address space.
 *
 * The file may hold anything, and may change while it is read: its start and the segment table are copied once
 * and checked, and only the copies are used.  Segments must be in ascending order and not overlap in bytes.
 *
 * This system's own programs carry a mark.  Between their segments nothing is mapped, and a page is writable
 * if one of the segments that share it is.  The stack has 16 pages, promised except for the highest, which
 * takes the arguments.
 *
 * All others are laid out as xv6 does: every page from 0 to the end of the last segment is there and writable,
 * and the stack has one page.
 *
 * The bytes that a segment has in the file are read straight into its frames.  Memory after them, up to
 * memsz, is zeroes: the rest of the last page at once, whole pages as promises.  In both layouts a page without
 * access below the stack catches an overflow.
 */
#include "proc/load.h"
#include "base/kstring.h"
#include "base/min.h"
#include "include/elf.h"
#include "mm/slab.h"
#include "sched/thread.h"

#define SEGMENTS_MAX (KMALLOC_MAX / sizeof(struct elf_segment))
#define OFFSET_MAX   0x7fffffffu /* in a file, whose size is an int to programs */
#define HEAD_BYTES   256u        /* read at once: usually it has the segment table, and the mark for sure */

#define STACK_PAGES_XV6 1u
#define STACK_PAGES     16u

/* What the tables of a file say. */
struct program {
    struct elf_segment *segments; /* those to load */
    uint nsegments;               /* at least one */
    bool foreign;                 /* without the mark */
};

/* The start of a file. */
struct head {
    union {
        struct elf_header header;
        uchar bytes[HEAD_BYTES];
    };
    uint nbytes;
};

static bool head_read(struct inode *ip, struct head *head)
{
    const struct elf_header *h = &head->header;
    int n = inode_read(ip, head->bytes, 0, HEAD_BYTES);

    if (n < (int)sizeof(*h))
        return false;
    head->nbytes = (uint)n;
    return h->magic == ELF_MAGIC && h->class == ELF_CLASS32 && h->data == ELF_LSB && h->type == ET_EXEC &&
           h->machine == EM_386 && h->phentsize == sizeof(struct elf_segment) && h->phnum > 0 &&
           h->phnum <= SEGMENTS_MAX && h->entry < USER_END;
}

/* Is that part of the file in its head? */
static bool head_has(const struct head *head, uint offset, uint nbytes)
{
    return nbytes <= head->nbytes && offset <= head->nbytes - nbytes;
}

static bool is_mark(const struct head *head, const struct elf_segment *s)
{
    if (s->type != PT_NOTE || s->offset % sizeof(uint) || !head_has(head, s->offset, sizeof(struct elf_note)))
        return false;
    const struct elf_note *note = (const void *)(head->bytes + s->offset);
    return note->namesz == 4 && note->descsz == 4 && note->type == 1 && note->name == ELF_MARK_NAME &&
           note->desc == 1;
}

/* The segment table, in the head or in memory of kmalloc(); 0, ASPACE_ENOMEM or LOAD_UNUSABLE. */
static int table_read(struct inode *ip, struct head *head, struct elf_segment **table)
{
    uint nbytes = head->header.phnum * sizeof(struct elf_segment), offset = head->header.phoff;

    if (offset >= sizeof(head->header) && offset % sizeof(uint) == 0 && head_has(head, offset, nbytes)) {
        *table = (void *)(head->bytes + offset);
        return 0;
    }
    *table = kmalloc(nbytes);
    if (!*table)
        return ASPACE_ENOMEM;
    if (offset <= OFFSET_MAX && inode_read(ip, *table, offset, nbytes) == (int)nbytes)
        return 0;
    kfree(*table);
    return LOAD_UNUSABLE;
}

/* Does it lie in user memory, above the segment before it, and its bytes in a file? */
static bool segment_fits(const struct elf_segment *s, uint end_before)
{
    return s->vaddr >= end_before && s->vaddr < USER_END && s->memsz <= USER_END - s->vaddr &&
           s->filesz <= s->memsz && s->offset <= OFFSET_MAX;
}

/* Finds the mark, and keeps the segments to be loaded alone; false: they can't be. */
static bool table_check(const struct head *head, struct program *program)
{
    struct elf_segment *s = program->segments;
    uint end = 0, n = 0, misplaced = 0;

    program->foreign = true;
    for (uint i = 0; i < head->header.phnum; i++) {
        if (is_mark(head, &s[i]))
            program->foreign = false;
        if (s[i].type != PT_LOAD || s[i].memsz == 0)
            continue;
        if (!segment_fits(&s[i], end))
            return false;
        end = s[i].vaddr + s[i].memsz;
        misplaced |= s[i].vaddr % PAGE_SIZE;
        s[n++] = s[i];
    }
    program->nsegments = n;
    return n && !(program->foreign && misplaced);
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
        uint n = min_uint(PAGE_SIZE - va % PAGE_SIZE, s->filesz - done);

        if (inode_read(ip, aspace_image_byte(as, va), s->offset + done, n) != (int)n)
            return LOAD_UNUSABLE;
        done += n;
    }
    return 0;
}

/* Loads one segment.  lowest: from here on everything is mapped in xv6's layout. */
static int segment_load(struct aspace *as, struct inode *ip, const struct elf_segment *s, bool foreign,
                        uint lowest)
{
    struct extent x = extent_of(s);
    int error = 0;

    if (foreign && lowest < x.start)
        error = aspace_add_zero(as, lowest, x.start - lowest);
    if (!error)
        error = aspace_add_image(as, x.start, x.file_end - x.start, foreign || s->flags & PF_W);
    if (!error && x.file_end < x.end)
        error = aspace_add_zero(as, x.file_end, x.end - x.file_end);
    return error ? error : segment_read(as, ip, s);
}

/* Loads all segments; stores the end of the last, page-aligned. */
static int segments_load(struct aspace *as, struct inode *ip, const struct program *program, uint *end)
{
    struct stat st;

    inode_stat(ip, &st);
    *end = 0;
    for (uint i = 0; i < program->nsegments; i++) {
        const struct elf_segment *s = &program->segments[i];

        /* Refused before frames are taken for bytes that the file does not have. */
        if (s->filesz > st.size || s->offset > st.size - s->filesz)
            return LOAD_UNUSABLE;
        int error = segment_load(as, ip, s, program->foreign, *end);
        if (error)
            return error;
        *end = extent_of(s).end;
        sched_checkpoint();
    }
    return 0;
}

static int stack_add(struct image *image, uint end)
{
    uint npages = image->foreign ? STACK_PAGES_XV6 : STACK_PAGES;
    uint base = end + PAGE_SIZE; /* above the guard */
    uint last = base + (npages - 1) * PAGE_SIZE;

    if (end > USER_END - (npages + 1) * PAGE_SIZE)
        return LOAD_UNUSABLE;
    int error = last > base ? aspace_add_zero(image->as, base, last - base) : 0;
    if (!error)
        error = aspace_add_image(image->as, last, PAGE_SIZE, true);
    image->guard = end;
    image->stack_top = last + PAGE_SIZE;
    aspace_set_brk(image->as, image->stack_top);
    return error;
}

/* Makes the address space of a program whose tables are good. */
static int image_make(struct inode *ip, const struct program *program, struct image *image)
{
    uint end;

    image->foreign = program->foreign;
    image->as = aspace_create();
    if (!image->as)
        return ASPACE_ENOMEM;
    int error = segments_load(image->as, ip, program, &end);
    if (!error)
        error = stack_add(image, end);
    if (error)
        aspace_destroy(image->as);
    return error;
}

int load_image(struct inode *ip, struct image *image)
{
    struct head head;
    struct elf_segment *table;
    struct program program;

    if (!head_read(ip, &head))
        return LOAD_UNUSABLE;
    image->entry = head.header.entry;
    int error = table_read(ip, &head, &table);
    if (error)
        return error;
    program.segments = table;
    error = table_check(&head, &program) ? image_make(ip, &program, image) : LOAD_UNUSABLE;
    if ((uchar *)table < head.bytes || (uchar *)table >= head.bytes + HEAD_BYTES)
        kfree(table);
    return error;
}
