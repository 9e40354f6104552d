/*
 * pipe.c - pipes: a ring of bytes between two ends.
 *
 *   frames   [ 0 ][ 1 ][ 2 ][ 3 ]        16 KB, made one by one as the writer gets there
 *                 ^ head     ^ head + used
 *
 * An empty pipe starts again at the front of its first frame, so a pipe for small messages keeps one frame.
 * The others are promised when it is made: it holds its 16 KB however little memory is left by then.
 *
 * The pipe's lock (RANK_PIPE) guards everything, copying included; it is released after each page.  User
 * pages may fault while it is held: aspace_fault() takes only locks that come after it.  Whichever side
 * makes a condition true wakes the threads that wait for it: readers for bytes, writers for room.
 */
#include "fs/pipe.h"
#include "base/min.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "sched/thread.h"

#define NFRAMES   4u
#define PIPE_SIZE (NFRAMES * PAGE_SIZE)

/* Fields:  L the pipe's lock */
struct pipe {
    struct spinlock lock;
    bool open[2];           /* [L] reader, writer */
    uint head;              /* [L] position of the next byte to read */
    uint used;              /* [L] bytes in the pipe */
    uint nframes;           /* [L] */
    uint room_wanted;       /* [L] the least that a sleeping writer waits for */
    struct waitq readers;   /* [L] for bytes, or the end of the writers */
    struct waitq writers;   /* [L] for room, or the end of the readers */
    uchar *frames[NFRAMES]; /* [L] and their bytes */
};

struct pipe *pipe_open(void)
{
    struct pipe *p = kmalloc(sizeof(*p));

    if (!p)
        return NULL;
    if (!page_promise(NFRAMES)) {
        kfree(p);
        return NULL;
    }
    spin_init(&p->lock, RANK_PIPE, "pipe");
    p->open[0] = p->open[1] = true;
    p->head = p->used = 0;
    p->nframes = 0;
    p->room_wanted = PAGE_SIZE;
    waitq_init(&p->readers);
    waitq_init(&p->writers);
    return p;
}

void pipe_close(struct pipe *p, bool writer)
{
    spin_acquire(&p->lock);
    p->open[writer] = false;
    bool last = !p->open[!writer];
    waitq_wake_all(writer ? &p->readers : &p->writers);
    spin_release(&p->lock);
    if (!last)
        return;
    page_unpromise(NFRAMES - p->nframes);
    while (p->nframes > 0)
        page_free(p->frames[--p->nframes]);
    kfree(p);
}

/* Makes the frames for `wanted` more bytes, as far as they fit. */
static void make_frames_locked(struct pipe *p, uint wanted)
{
    if (p->used == 0)
        p->head = 0;
    while (p->nframes < NFRAMES && p->head + p->used + wanted > p->nframes * PAGE_SIZE)
        p->frames[p->nframes++] = page_alloc_promised();
}

/* A position in the ring, and how far its frame goes. */
static inline uchar *byte_at_locked(const struct pipe *p, uint position, uint *n)
{
    uint at = position % PAGE_SIZE;

    *n = min_uint(*n, PAGE_SIZE - at);
    return p->frames[position / PAGE_SIZE % NFRAMES] + at;
}

/* Copies n bytes, for which there is room, to the end. */
static void put_bytes_locked(struct pipe *p, const void USER *src, uint n)
{
    while (n > 0) {
        uint count = n;
        uchar *dst = byte_at_locked(p, p->head + p->used, &count);
        bytes_from_user(dst, src, count);
        p->used += count;
        src = user_at(src, count);
        n -= count;
    }
}

/* Copies n bytes, which are there, from the head. */
static void get_bytes_locked(struct pipe *p, void USER *dst, uint n)
{
    while (n > 0) {
        uint count = n;
        const uchar *src = byte_at_locked(p, p->head, &count);
        bytes_to_user(dst, src, count);
        p->head = (p->head + count) % PIPE_SIZE;
        p->used -= count;
        dst = user_at(dst, count);
        n -= count;
    }
}

/* Waits until there is room for the next piece of what is left to write.  False: there will be none.
   A pipe without a reader takes what it has room for, as xv6's. */
static bool await_room_locked(struct pipe *p, uint piece, uint rest)
{
    while (PIPE_SIZE - p->used < piece) {
        p->room_wanted = min_uint(p->room_wanted, piece);
        if (!p->open[0] || waitq_sleep(&p->writers, &p->lock, 0, true) == PARK_KILLED)
            return false;
    }
    make_frames_locked(p, rest);
    return true;
}

int pipe_write(struct pipe *p, const void USER *src, int n)
{
    uint done = 0, total = n;

    spin_acquire(&p->lock);
    while (done < total) {
        uint piece = min_uint(total - done, PAGE_SIZE);
        if (!await_room_locked(p, piece, total - done)) {
            spin_release(&p->lock);
            return -1;
        }
        put_bytes_locked(p, user_at(src, done), piece);
        done += piece;
        if (!waitq_empty(&p->readers))
            waitq_wake_all(&p->readers);
        if (done < total) {
            spin_release(&p->lock);
            sched_checkpoint();
            spin_acquire(&p->lock);
        }
    }
    spin_release(&p->lock);
    return n;
}

/* After a reader took something: wakes the writers if one of them has enough room now. */
static void offer_room_locked(struct pipe *p)
{
    if (!waitq_empty(&p->writers) && (p->used == 0 || PIPE_SIZE - p->used >= p->room_wanted)) {
        p->room_wanted = PAGE_SIZE;
        waitq_wake_all(&p->writers);
    }
}

int pipe_read(struct pipe *p, void USER *dst, int n)
{
    uint done = 0, total = n;

    spin_acquire(&p->lock);
    while (p->used == 0 && p->open[1]) {
        if (waitq_sleep(&p->readers, &p->lock, 0, true) == PARK_KILLED) {
            spin_release(&p->lock);
            return -1;
        }
    }
    while (done < total && p->used > 0) {
        uint piece = min_uint(min_uint(total - done, p->used), PAGE_SIZE);
        get_bytes_locked(p, user_at(dst, done), piece);
        done += piece;
        offer_room_locked(p);
        if (done < total) {
            spin_release(&p->lock);
            sched_checkpoint();
            spin_acquire(&p->lock);
        }
    }
    spin_release(&p->lock);
    return done;
}
