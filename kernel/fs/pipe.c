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
 *
 * Writers that find no room stand in line, and only the first is woken: otherwise short writes, which need less room,
 * could keep a long one waiting forever.
 */
#include "fs/pipe.h"
#include "base/list.h"
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
    struct waitq readers;   /* [L] for bytes, or the end of the writers */
    struct list line;       /* [L] of struct waiting, for room, or the end of the readers */
    uchar *frames[NFRAMES]; /* [L] and their bytes */
};

/* A writer, on its own stack. */
struct waiting {
    struct list link;
    struct waitq sleeper;
    uint piece; /* the room that it needs */
};

struct pipe *pipe_open(void)
{
    struct pipe *p = kmalloc(sizeof(*p));

    if (!p || !page_promise(NFRAMES)) {
        kfree(p);
        return NULL;
    }
    *p = (struct pipe){ .open = { true, true } };
    spin_init(&p->lock, RANK_PIPE, "pipe");
    waitq_init(&p->readers);
    list_init(&p->line);
    return p;
}

/* Wakes the first writer in line if its wait is over. */
static void call_writer_locked(struct pipe *p)
{
    struct waiting *first = container_of(p->line.next, struct waiting, link);

    if (!list_empty(&p->line) && (!p->open[0] || PIPE_SIZE - p->used >= first->piece))
        waitq_wake_all(&first->sleeper);
}

void pipe_close(struct pipe *p, bool writer)
{
    spin_acquire(&p->lock);
    p->open[writer] = false;
    bool last = !p->open[!writer];
    waitq_wake_all(&p->readers);
    call_writer_locked(p);
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
    for (uint count; n > 0; n -= count, src = user_at(src, count)) {
        count = n;
        uchar *dst = byte_at_locked(p, p->head + p->used, &count);
        bytes_from_user(dst, src, count);
        p->used += count;
    }
}

/* Copies n bytes, which are there, from the head. */
static void get_bytes_locked(struct pipe *p, void USER *dst, uint n)
{
    for (uint count; n > 0; n -= count, dst = user_at(dst, count)) {
        count = n;
        const uchar *src = byte_at_locked(p, p->head, &count);
        bytes_to_user(dst, src, count);
        p->head = (p->head + count) % PIPE_SIZE;
        p->used -= count;
    }
}

/* Waits until there is room for a piece.  False: there will be none, or the thread is killed.  A pipe without a
   reader takes what it has room for, as in xv6. */
static bool await_room_locked(struct pipe *p, uint piece)
{
    struct waiting self = { .piece = piece };
    bool good = true;

    if (list_empty(&p->line) && PIPE_SIZE - p->used >= piece)
        return true;
    waitq_init(&self.sleeper);
    list_push_back(&p->line, &self.link);
    while (good && (p->line.next != &self.link || PIPE_SIZE - p->used < piece))
        good = p->open[0] && waitq_sleep(&self.sleeper, &p->lock, 0, true) != PARK_KILLED;
    list_unlink(&self.link);
    if (!good)
        call_writer_locked(p);
    return good;
}

int pipe_write(struct pipe *p, const void USER *src, int n)
{
    uint done = 0, total = n;

    spin_acquire(&p->lock);
    while (done < total) {
        uint piece = min_uint(total - done, PAGE_SIZE);
        if ((done > 0 && thread_killed(thread_self())) || !await_room_locked(p, piece)) {
            spin_release(&p->lock);
            return -1;
        }
        make_frames_locked(p, total - done);
        put_bytes_locked(p, user_at(src, done), piece);
        done += piece;
        if (!waitq_empty(&p->readers))
            waitq_wake_all(&p->readers);
        call_writer_locked(p);
        if (done < total)
            spin_pause(&p->lock);
    }
    spin_release(&p->lock);
    return n;
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
    while (done < total && p->used > 0 && !(done > 0 && thread_killed(thread_self()))) {
        uint piece = min_uint(min_uint(total - done, p->used), PAGE_SIZE);
        get_bytes_locked(p, user_at(dst, done), piece);
        done += piece;
        call_writer_locked(p);
        if (done < total)
            spin_pause(&p->lock);
    }
    spin_release(&p->lock);
    return done;
}
