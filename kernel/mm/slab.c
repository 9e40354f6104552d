/*
 * slab.c - see slab.h.
 *
 *   slab: one frame     header | object | object | ... | never used yet
 *
 * A slab holds objects of one size class.  Freed objects are linked through their first word; the rest, from
 * `fresh` on, was never handed out, so that a new slab costs nothing for each object.  A class lists its
 * slabs that have room, and takes from the first; new slabs and those that were full go to the end, so that
 * the old ones fill up and the others may become empty.  An empty slab is freed at once (§8.4).
 *
 * Larger objects are frames of their own.  They are page-aligned and objects in slabs never are, so kfree()
 * can distinguish them.
 */
#include "mm/slab.h"
#include "base/kstring.h"
#include "base/latency.h"
#include "base/list.h"
#include "base/printk.h"
#include "mm/inject.h"
#include "mm/page.h"
#include "sched/lock.h"

/* Fields:  I immutable   L lock of the class */
struct slab_class {
    struct spinlock lock;
    ushort nbytes;    /* [I] size of its objects */
    ushort nobjects;  /* [I] in a slab */
    struct list room; /* [L] its slabs with room */
};

struct slab {
    struct list link;         /* [L] in the class's list while it has room */
    struct slab_class *class; /* [I] */
    void *freed;              /* [L] objects that were handed out and came back */
    char *fresh;              /* [L] the first that never was */
    uint nfree;               /* [L] objects that are not handed out */
} __attribute__((aligned(16)));

#define UNIT       16u /* sizes and addresses of objects are multiples of it */
#define OBJECT_MAX ((PAGE_SIZE - (uint)sizeof(struct slab)) / 2 / UNIT * UNIT) /* two to a slab */

/* At most 15 bytes or about a third of an object stay unused; sizes from 336 up divide a slab well. */
static const ushort sizes[] = { 16, 32, 48, 64, 96, 128, 192, 256, 336, 448, 672, 1008, 1344, OBJECT_MAX };
#define NCLASSES (sizeof(sizes) / sizeof(sizes[0]))

static struct slab_class classes[NCLASSES];
/* [I] By an object's size in units, rounded up. */
static struct slab_class *class_of_units[OBJECT_MAX / UNIT + 1];

void slab_init(void)
{
    uint nunits = 0;

    for (uint i = 0; i < NCLASSES; i++) {
        spin_init(&classes[i].lock, RANK_SLAB, "kmalloc");
        list_init(&classes[i].room);
        classes[i].nbytes = sizes[i];
        classes[i].nobjects = (ushort)((PAGE_SIZE - sizeof(struct slab)) / sizes[i]);
        for (; nunits * UNIT <= sizes[i]; nunits++)
            class_of_units[nunits] = &classes[i];
    }
}

#ifdef DEBUG
#define POISON 0xDB /* what free objects hold, after their struct freed */

struct freed {
    void *next;
    uint from, not_from; /* the call that freed it; the latter is ~from, unless one of them was overwritten */
};
_Static_assert(sizeof(struct freed) <= UNIT, "the smallest object holds it");

static void poison_signed(void *p, uint nbytes, const void *caller)
{
    struct freed *f = p;
    uint paused = latency_pause();

    memset(f + 1, POISON, nbytes - sizeof(*f));
    f->from = (uint)(uintptr_t)caller;
    f->not_from = ~f->from;
    latency_resume(paused);
}

#define poison(p, nbytes) poison_signed(p, nbytes, __builtin_return_address(0))

/* Every object from a slab's start on lies at a multiple of its size. */
static bool is_object(const struct freed *f, const void *slab, uint nbytes)
{
    size_t at = (uintptr_t)f - (uintptr_t)slab;

    return at < PAGE_SIZE && at >= sizeof(struct slab) && (at - sizeof(struct slab)) % nbytes == 0;
}

static void poison_check(const void *p, uint nbytes)
{
    const struct freed *f = p;
    const void *slab = (const void *)((uintptr_t)p & ~(uintptr_t)(PAGE_SIZE - 1));
    const uchar *byte = p;
    uint i = sizeof(*f), paused = latency_pause();

    while (i < nbytes && byte[i] == POISON)
        i++;
    if (f->next && !is_object(f->next, slab, nbytes))
        i = 0;
    else if (f->not_from != ~f->from)
        i = offsetof(struct freed, from);
    if (i < nbytes)
        panic("object %p of %u bytes was written at %u after it had been freed from %x", p, nbytes, i,
              f->from);
    latency_resume(paused);
}

static void check_not_free(const struct slab *s, const void *p)
{
    uint paused = latency_pause();

    for (const void *at = s->freed; at; at = *(void *const *)at)
        if (at == p)
            panic("object %p is freed twice: it had been freed from %x", p, ((const struct freed *)p)->from);
    latency_resume(paused);
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

static struct slab *slab_create(struct slab_class *class)
{
    /* Zeroed here: writing to a page that held code is slow under emulation. */
    struct slab *s = page_alloc_zeroed();

    if (!s)
        return NULL;
    s->class = class;
    s->freed = NULL;
    s->fresh = (char *)(s + 1);
    s->nfree = class->nobjects;
    return s;
}

/* An object of the first slab with room; the class's lock is held. */
static void *take(struct slab_class *class)
{
    struct slab *s = container_of(class->room.next, struct slab, link);
    void *p = s->freed;

    if (p) {
        poison_check(p, class->nbytes);
        s->freed = *(void **)p;
    } else {
        p = s->fresh;
        s->fresh += class->nbytes;
    }
    if (--s->nfree == 0)
        list_remove(&s->link);
    return p;
}

/* Adds a slab, unless another thread makes room meanwhile.  False: no memory.  The lock is released in between: the
   block cache may have to give a frame back, and its locks come first. */
static REACQUIRES __attribute__((noinline)) bool make_room_locked(struct slab_class *class)
{
    spin_release(&class->lock);
    struct slab *s = slab_create(class);
    spin_acquire(&class->lock);
    if (s && list_empty(&class->room))
        list_push_back(&class->room, &s->link);
    else if (s)
        page_free(s);
    return !list_empty(&class->room);
}

static inline struct slab_class *class_for(size_t n) { return class_of_units[(n + UNIT - 1) / UNIT]; }

void *kmalloc(size_t n)
{
    if (n > OBJECT_MAX)
        return n <= KMALLOC_MAX ? page_alloc() : NULL;
    if (inject_now())
        return NULL;
    struct slab_class *class = class_for(n);
    void *p = NULL;
    spin_acquire(&class->lock);
    if (!list_empty(&class->room) || make_room_locked(class))
        p = take(class);
    spin_release(&class->lock);
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
    if (s->nfree++ == 0)
        list_push_back(&class->room, &s->link);
    *(void **)p = s->freed;
    s->freed = p;
    bool empty = s->nfree == class->nobjects;
    if (empty)
        list_remove(&s->link);
    spin_release(&class->lock);
    if (empty)
        page_free(s);
}
