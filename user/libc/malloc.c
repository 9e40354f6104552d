/*
 * malloc.c - blocks of memory from the heap.
 *
 *   span:  | header | payload ... | header | payload ... |  ...  | fence |
 *
 * The heap grows by sbrk() in spans; a span that continues the one before it is joined to it.  A block's
 * header holds its own length and that of the block below it, so free() joins a block with its free
 * neighbours at once, and no two free blocks touch.  Free blocks are kept in bins by size: one bin for each
 * multiple of 16 up to 512, then two for each power of two; a bitmap shows which bins have any.  The fence is
 * a header in use that ends a span.
 *
 * A library that is built with DEBUG=1 has malloc_check.c between this and the program.
 *
 * Blocks are multiples of 16 bytes, and payloads are aligned to 16.  Memory is never returned to the system.
 */
#include "malloc_impl.h"

#define ALIGNMENT   16u
#define HEADER_SIZE 8u
#define GROWTH      (4 * PAGE_SIZE) /* bytes that sbrk() is asked for at least */

#define NEXACT 32u /* bins of one size each */
#define NBINS  (NEXACT + 2 * 23)

struct block {
    uint nbelow;         /* bytes of the block below, header included; 0: the first of its span */
    uint nbytes_and_use; /* bytes of this one; bit 0: in use */
    struct block *next;  /* in its bin, while free */
    struct block *prev;
};

static struct block *bins[NBINS];
static uint bin_used[(NBINS + 31) / 32];
static struct block *fence; /* of the latest span */
static char *span_end;      /* where that span ends */

static uint block_size(const struct block *b) { return b->nbytes_and_use & ~1u; }
static bool block_in_use(const struct block *b) { return b->nbytes_and_use & 1; }
static struct block *block_after(struct block *b) { return (struct block *)((char *)b + block_size(b)); }
static struct block *block_below(struct block *b) { return (struct block *)((char *)b - b->nbelow); }

static struct block *block_of(const void *payload) { return (struct block *)((char *)payload - HEADER_SIZE); }
static void *payload_of(struct block *b) { return (char *)b + HEADER_SIZE; }

static uint bin_of(uint nbytes)
{
    if (nbytes <= NEXACT * ALIGNMENT)
        return nbytes / ALIGNMENT - 1;

    uint log = 31 - __builtin_clz(nbytes);
    uint half = nbytes >> (log - 1) & 1;

    return NEXACT + 2 * (log - 9) + half;
}

static void bin_insert(struct block *b)
{
    uint bin = bin_of(block_size(b));

    b->prev = NULL;
    b->next = bins[bin];
    if (b->next)
        b->next->prev = b;
    bins[bin] = b;
    bin_used[bin / 32] |= 1u << bin % 32;
}

static void bin_remove(struct block *b)
{
    uint bin = bin_of(block_size(b));

    if (b->next)
        b->next->prev = b->prev;
    if (b->prev)
        b->prev->next = b->next;
    else
        bins[bin] = b->next;
    if (!bins[bin])
        bin_used[bin / 32] &= ~(1u << bin % 32);
}

/* The first bin from `bin` up that has a block; NBINS if there is none. */
static uint bin_next(uint bin)
{
    for (uint word = bin / 32; word < sizeof(bin_used) / sizeof(bin_used[0]); word++) {
        uint bits = bin_used[word];

        if (word == bin / 32)
            bits &= ~0u << bin % 32;
        if (bits)
            return word * 32 + __builtin_ctz(bits);
    }
    return NBINS;
}

/* A free block of at least nbytes, taken out of its bin; NULL if there is none. */
static struct block *take_fitting(uint nbytes)
{
    uint bin = bin_of(nbytes);

    for (struct block *b = bins[bin]; b; b = b->next) {
        if (block_size(b) >= nbytes) {
            bin_remove(b);
            return b;
        }
    }
    bin = bin_next(bin + 1); /* any block there is large enough */
    if (bin == NBINS)
        return NULL;

    struct block *b = bins[bin];

    bin_remove(b);
    return b;
}

/* Sets a block's size, also in the block after it. */
static void set_size(struct block *b, uint nbytes, bool in_use)
{
    b->nbytes_and_use = nbytes | in_use;
    block_after(b)->nbelow = nbytes;
}

/* Frees a block that is in no bin, joined with its free neighbours. */
static void release(struct block *b)
{
    struct block *after = block_after(b);
    uint nbytes = block_size(b);

    if (!block_in_use(after)) {
        bin_remove(after);
        nbytes += block_size(after);
    }
    if (b->nbelow && !block_in_use(block_below(b))) {
        b = block_below(b);
        bin_remove(b);
        nbytes += block_size(b);
    }
    set_size(b, nbytes, false);
    bin_insert(b);
}

/* Cuts a block that is in no bin down to nbytes, and marks it in use; frees the rest. */
static void carve(struct block *b, uint nbytes)
{
    uint nrest = block_size(b) - nbytes;

    if (nrest < ALIGNMENT) {
        b->nbytes_and_use |= 1;
        return;
    }
    set_size(b, nbytes, true);

    struct block *rest = block_after(b);

    set_size(rest, nrest, true);
    release(rest);
}

/* Gets memory for a block of nbytes from the system, and frees it into the bins.  false: there is none. */
static bool grow(uint nbytes)
{
    uint wanted = nbytes + 2 * ALIGNMENT; /* a fence, and what alignment may cost */

    wanted = wanted < GROWTH ? GROWTH : (wanted + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

    char *start = sbrk(wanted);

    if (start == (char *)-1)
        return false;

    struct block *b = fence; /* where the span goes on, the fence becomes a block's header */

    if (start != span_end) {
        b = (struct block *)((((uint)start + HEADER_SIZE + ALIGNMENT - 1) & ~(ALIGNMENT - 1)) - HEADER_SIZE);
        b->nbelow = 0;
    }
    span_end = start + wanted;
    fence = (struct block *)(((uint)span_end & ~(ALIGNMENT - 1)) - HEADER_SIZE);
    fence->nbytes_and_use = HEADER_SIZE | 1;
    set_size(b, (char *)fence - (char *)b, true);
    release(b);
    return true;
}

void *heap_alloc(uint n, bool may_grow)
{
    uint nbytes = (n + HEADER_SIZE + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    struct block *b = take_fitting(nbytes);

    if (!b) {
        if (!may_grow || !grow(nbytes))
            return NULL;
        b = take_fitting(nbytes);
    }
    carve(b, nbytes);
    return payload_of(b);
}

void heap_free(void *p) { release(block_of(p)); }

uint heap_size(const void *p) { return block_size(block_of(p)) - HEADER_SIZE; }

void *malloc(uint n) { return checked_alloc(n, CALL_SITE); }

void free(void *p)
{
    if (p)
        checked_free(p, CALL_SITE);
}

void *calloc(uint count, uint n)
{
    if (n && count > HEAP_LARGEST / n)
        return NULL;

    void *p = checked_alloc(count * n, CALL_SITE);

    if (p)
        memset(p, 0, count * n);
    return p;
}

void *realloc(void *p, uint n)
{
    uint had = p ? checked_size(p, CALL_SITE) : 0;

    if (p && n <= had)
        return p;

    void *larger = checked_alloc(n, CALL_SITE);

    if (p && larger) {
        memcpy(larger, p, had);
        checked_free(p, CALL_SITE);
    }
    return larger;
}

char *strdup(const char *s)
{
    uint n = strlen(s) + 1;
    char *copy = checked_alloc(n, CALL_SITE);

    return copy ? memcpy(copy, s, n) : NULL;
}
