/*
 * malloc_check.c - malloc() in a library that is built with DEBUG=1: it finds what programs do wrong.
 *
 *   block of the allocator:  | tag | front zone | payload, nbytes | back zone |
 *
 * The zones hold a pattern, so a write just before or after the payload shows.  A freed block rests, its payload full
 * of another pattern, and really becomes free when the heap would have to grow or many rest; so a write after the free
 * shows as well, and so does a second free.  Every call also looks at some of the blocks in use, in turn; the end
 * of the program looks at all of them.  Large blocks do not rest.
 */
#include "malloc_impl.h"

#ifdef DEBUG

#define LIVE  0xA110CA7Eu
#define RESTS 0xF4EEF4EEu

#define ZONE_BYTE  0xFBu
#define FRESH_BYTE 0xCDu /* memory that malloc() has given and nobody has written */
#define FREED_BYTE 0xDDu

#define BACK_ZONE       16u
#define RESTING_MAX     64u   /* blocks */
#define RESTING_LARGEST 4096u /* bytes of a block that rests */
#define LOOKED_AT       4u    /* blocks in use, in each call */

struct tag {
    uint mark;
    uint nbytes;
    uint allocated, freed;   /* sites */
    struct tag *next, *prev; /* in use: in the ring; at rest: next is the one that was freed after it */
    uchar front[8];
};

#define OVERHEAD (sizeof(struct tag) + BACK_ZONE)

static struct tag ring = { .next = &ring, .prev = &ring };
static struct tag *looked_at = &ring; /* the next look begins after it */
static struct tag *oldest, *newest;   /* at rest */
static uint nresting;
static char *lowest = (char *)~0u, *highest; /* payloads so far */

static uchar *payload_of(struct tag *t) { return (uchar *)(t + 1); }
static struct tag *tag_of(void *p) { return (struct tag *)p - 1; }

/* NAME: heap error: ...  tools/run/symbols.py knows it by that, and says where the addresses are. */
static __attribute__((noreturn, format(printf, 1, 2))) void heap_error(const char *fmt, ...)
{
    char text[240];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    printf(2, "%.15s: heap error: %s\n", program_name ? path_last(program_name) : "?", text);
    abort();
}

/* The index of the first of n bytes that is not `byte`; n: there is none. */
static uint first_other(const uchar *p, uint n, uchar byte)
{
    uint i = 0;

    while (i < n && p[i] == byte)
        i++;
    return i;
}

static void check_zones(struct tag *t, uint site)
{
    uint after = first_other(payload_of(t) + t->nbytes, BACK_ZONE, ZONE_BYTE);

    if (first_other(t->front, sizeof(t->front), ZONE_BYTE) < sizeof(t->front))
        heap_error("write before the start of a block of %u bytes; allocated in 0x%x, found in 0x%x",
                   t->nbytes, t->allocated, site);
    if (after < BACK_ZONE)
        heap_error(
            "write past the end of a block of %u bytes, to its byte %u; allocated in 0x%x, found in 0x%x",
            t->nbytes, t->nbytes + after, t->allocated, site);
}

static void check_in_use(struct tag *t, uint site)
{
    if (t->mark != LIVE)
        heap_error("the start of a block was overwritten; found in 0x%x", site);
    check_zones(t, site);
}

static void check_some(uint site)
{
    for (uint i = 0; i < LOOKED_AT; i++) {
        looked_at = looked_at->next;
        if (looked_at != &ring)
            check_in_use(looked_at, site);
    }
}

/* The block that has rested longest becomes free. */
static void wake_oldest(uint site)
{
    struct tag *t = oldest;
    uint at = first_other(payload_of(t), t->nbytes, FREED_BYTE);

    if (t->mark != RESTS || at < t->nbytes)
        heap_error("write into a block of %u bytes after its free, to its byte %u; allocated in 0x%x, "
                   "freed in 0x%x, found in 0x%x",
                   t->nbytes, at, t->allocated, t->freed, site);
    check_zones(t, site);
    oldest = t->next;
    nresting--;
    t->mark = 0;
    heap_free(t);
}

static void wake_all(uint site)
{
    while (nresting)
        wake_oldest(site);
}

void *checked_alloc(uint n, uint site)
{
    check_some(site);
    if (n > HEAP_LARGEST - OVERHEAD)
        return NULL;
    struct tag *t = heap_alloc(n + OVERHEAD, false);
    if (!t) {
        wake_all(site);
        t = heap_alloc(n + OVERHEAD, true);
    }
    if (!t)
        return NULL;
    *t = (struct tag){ .mark = LIVE, .nbytes = n, .allocated = site, .next = ring.next, .prev = &ring };
    t->next->prev = t;
    ring.next = t;
    memset(t->front, ZONE_BYTE, sizeof(t->front));
    memset(payload_of(t), FRESH_BYTE, n);
    memset(payload_of(t) + n, ZONE_BYTE, BACK_ZONE);
    char *p = (char *)payload_of(t);
    if (p < lowest)
        lowest = p;
    if (p > highest)
        highest = p;
    return p;
}

/* It is no block in use that begins at p. */
static __attribute__((noreturn)) void refuse(char *p, uint site)
{
    bool possible = p >= lowest && p <= highest && (uint)p % 16 == 0;
    struct tag *t;

    if (possible && tag_of(p)->mark == RESTS)
        heap_error("double free of a block of %u bytes, in 0x%x; allocated in 0x%x, freed in 0x%x",
                   tag_of(p)->nbytes, site, tag_of(p)->allocated, tag_of(p)->freed);
    for (t = ring.next; t != &ring; t = t->next) {
        check_in_use(t, site);
        if ((uint)p - (uint)payload_of(t) < t->nbytes)
            heap_error("free of byte %u of a block of %u bytes, in 0x%x; allocated in 0x%x",
                       (uint)p - (uint)payload_of(t), t->nbytes, site, t->allocated);
    }
    heap_error("free of 0x%x, which is no block of malloc's, or not any more, in 0x%x", (uint)p, site);
}

static struct tag *block_at(char *p, uint site)
{
    if (p < lowest || p > highest || (uint)p % 16 || tag_of(p)->mark != LIVE)
        refuse(p, site);
    check_zones(tag_of(p), site);
    return tag_of(p);
}

uint checked_size(void *p, uint site) { return block_at(p, site)->nbytes; }

void checked_free(void *p, uint site)
{
    check_some(site);

    struct tag *t = block_at(p, site);

    t->next->prev = t->prev;
    t->prev->next = t->next;
    if (looked_at == t)
        looked_at = t->prev;
    t->mark = RESTS;
    t->freed = site;
    memset(p, FREED_BYTE, t->nbytes);
    if (t->nbytes > RESTING_LARGEST) {
        heap_free(t);
        return;
    }
    if (nresting == RESTING_MAX)
        wake_oldest(site);
    if (nresting++)
        newest->next = t;
    else
        oldest = t;
    newest = t;
}

static void check_all(uint site)
{
    wake_all(site);
    for (struct tag *t = ring.next; t != &ring; t = t->next)
        check_in_use(t, site);
}

int sys_exit(void) __attribute__((noreturn));
int sys_exits(int status) __attribute__((noreturn));

int(exit)(void)
{
    check_all(CALL_SITE);
    sys_exit();
}

int exits(int status)
{
    check_all(CALL_SITE);
    sys_exits(status);
}

#endif
