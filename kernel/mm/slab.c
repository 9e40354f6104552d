/*
 * slab.c - see slab.h.
 *
 *   slab: one frame     header | object | object | ... | never used yet
 *
 * A slab holds objects of one size class.  Freed objects are linked through their first word; the rest
 * behind `fresh` was never handed out, so that a new slab costs nothing for each object.  A class lists its
 * slabs that have room, and takes from the first; new slabs and those that were full go to the end, so that
 * the old ones fill up and the others may become empty.  An empty slab is freed at once (contract, 8.4).
 *
 * Larger objects are frames of their own.  They are page-aligned and objects in slabs never are, which is how
 * kfree() tells them apart.
 */
#include "mm/slab.h"
#include "base/kstring.h"
#include "base/list.h"
#include "base/printk.h"
#include "mm/inject.h"
#include "mm/page.h"
#include "sched/lock.h"

struct slab_class {
    struct spinlock lock;
    uint nbytes;      /* size of its objects */
    struct list room; /* its slabs with room */
};

struct slab {
    struct list link; /* in the class's list while it has room */
    struct slab_class *class;
    void *freed; /* objects that were handed out and came back */
    char *fresh; /* the first that never was */
    uint nused;
} __attribute__((aligned(16)));

#define OBJECT_MAX ((PAGE_SIZE - (uint)sizeof(struct slab)) / 2 & ~15u)

#define CLASS(n, i)                                                                                        \
    {                                                                                                      \
        .lock = SPINLOCK_INIT(RANK_SLAB, "kmalloc " #n), .nbytes = (n), .room = LIST_INIT(classes[i].room) \
    }
static struct slab_class classes[] = {
    CLASS(16, 0),   CLASS(32, 1),    CLASS(48, 2),    CLASS(64, 3),          CLASS(96, 4),
    CLASS(128, 5),  CLASS(192, 6),   CLASS(256, 7),   CLASS(336, 8),         CLASS(448, 9),
    CLASS(672, 10), CLASS(1008, 11), CLASS(1344, 12), CLASS(OBJECT_MAX, 13),
};

/* The class for objects of so many times 16 bytes. */
#define UNIT                 16u
#define SPAN(above, upto, i) [(above) / UNIT + 1 ...(upto) / UNIT] = (i)
static const uchar class_of_units[] = {
    SPAN(0, 16, 0),       SPAN(16, 32, 1),
    SPAN(32, 48, 2),      SPAN(48, 64, 3),
    SPAN(64, 96, 4),      SPAN(96, 128, 5),
    SPAN(128, 192, 6),    SPAN(192, 256, 7),
    SPAN(256, 336, 8),    SPAN(336, 448, 9),
    SPAN(448, 672, 10),   SPAN(672, 1008, 11),
    SPAN(1008, 1344, 12), SPAN(1344, OBJECT_MAX, 13),
};

#ifdef DEBUG
#define POISON 0x5a
static void poison(void *p, uint nbytes)
{
    memset((char *)p + sizeof(void *), POISON, nbytes - sizeof(void *));
}

static void poison_check(const void *p, uint nbytes)
{
    const uchar *byte = p;

    for (uint i = sizeof(void *); i < nbytes; i++)
        if (byte[i] != POISON)
            panic("object %p of %u bytes was written at %u after it was freed", p, nbytes, i);
}

static void check_not_free(const struct slab *s, const void *p)
{
    for (const void *at = s->freed; at; at = *(void *const *)at)
        if (at == p)
            panic("object %p is freed twice", p);
}
#else
static inline void poison(void *p, uint nbytes) { (void)p, (void)nbytes; }
static inline void poison_check(const void *p, uint nbytes) { (void)p, (void)nbytes; }
static inline void check_not_free(const struct slab *s, const void *p) { (void)s, (void)p; }
#endif

static inline struct slab *slab_of(const void *p)
{
    return (struct slab *)((uintptr_t)p & ~(uintptr_t)(PAGE_SIZE - 1));
}

static inline bool is_full(const struct slab *s)
{
    return !s->freed && s->fresh + s->class->nbytes > (char *)s + PAGE_SIZE;
}

static struct slab *slab_create(struct slab_class *class)
{
    struct slab *s = page_alloc_zeroed(); /* an emulator writes slowly to where code was: not so now */

    if (!s)
        return NULL;
    s->class = class;
    s->freed = NULL;
    s->fresh = (char *)(s + 1);
    s->nused = 0;
    return s;
}

/* An object of the first slab with room; its lock is held. */
static void *take(struct slab_class *class)
{
    struct slab *s = container_of(class->room.next, struct slab, link);
    void *p = s->freed;

    if (p) {
        s->freed = *(void **)p;
        poison_check(p, class->nbytes);
    } else {
        p = s->fresh;
        s->fresh += class->nbytes;
    }
    s->nused++;
    if (is_full(s))
        list_remove(&s->link);
    return p;
}

static inline struct slab_class *class_for(size_t n)
{
    return &classes[class_of_units[(n + UNIT - 1) / UNIT]];
}

void *kmalloc(size_t n)
{
    if (n > OBJECT_MAX)
        return n <= KMALLOC_MAX ? page_alloc() : NULL;
    if (inject_now())
        return NULL;
    struct slab_class *class = class_for(n);
    struct slab *unused = NULL;
    spin_acquire(&class->lock);
    if (list_empty(&class->room)) {
        /* The block cache may have to help, and its locks come first. */
        spin_release(&class->lock);
        unused = slab_create(class);
        if (!unused)
            return NULL;
        spin_acquire(&class->lock);
        if (list_empty(&class->room)) {
            list_push_back(&class->room, &unused->link);
            unused = NULL;
        }
    }
    void *p = take(class);
    spin_release(&class->lock);
    if (unused)
        page_free(unused);
    return p;
}

void *kmalloc_zeroed(size_t n)
{
    void *p = kmalloc(n);

    if (p)
        memset(p, 0, n);
    return p;
}

void kfree(void *p)
{
    if (!p)
        return;
    struct slab *s = slab_of(p);
    if (p == s) {
        page_free(p);
        return;
    }
    struct slab_class *class = s->class;
    spin_acquire(&class->lock);
    check_not_free(s, p);
    poison(p, class->nbytes);
    if (is_full(s))
        list_push_back(&class->room, &s->link);
    *(void **)p = s->freed;
    s->freed = p;
    bool empty = --s->nused == 0;
    if (empty)
        list_remove(&s->link);
    spin_release(&class->lock);
    if (empty)
        page_free(s);
}
