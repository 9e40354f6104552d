/*
 * blockio.c - requests to the machine's disk; the caller sleeps until they are done.
 *
 * A request lives on the caller's stack, and so do its flag `finished` and the pointer to its thread.  The
 * driver's last access is to set the flag, under our lock: once the caller has seen it, the driver is done
 * with the request.
 */
#include "fs/blockio.h"
#include "arch.h"
#include "fs/cache.h"
#include "sched/thread.h"

/* Fields:  I immutable   D the driver's, then the caller's   L `lock` */
struct wait_request {
    struct disk_request request; /* [D] */
    struct thread *thread;       /* [I] */
    bool finished;               /* [L] */
};

static struct spinlock lock = SPINLOCK_INIT(RANK_DISK, "disk requests");

/* Called by the driver, with interrupts off. */
static void wake_owner(struct disk_request *request)
{
    struct wait_request *w = container_of(request, struct wait_request, request);

    spin_acquire(&lock);
    w->finished = true;
    thread_unpark(w->thread);
    spin_release(&lock);
}

static int transfer(int op, uint blockno, uint nblocks, void *data)
{
    struct wait_request w = {
        .request = { .blockno = blockno, .nblocks = nblocks, .data = data, .op = op, .status = 1 },
        .thread = thread_self(),
    };

    w.request.done = wake_owner;
    disk_submit(&w.request);
    uint was = spin_acquire_irq(&lock);
    while (!w.finished)
        thread_park(&lock, 0, false);
    spin_release_irq(&lock, was);
    return w.request.status < 0 ? -1 : 0;
}

/* Large transfers in several requests. */
static int transfer_all(int op, uint blockno, uint nblocks, uchar *data)
{
    while (nblocks > 0) {
        uint n = nblocks < DISK_MAX_BLOCKS ? nblocks : DISK_MAX_BLOCKS;
        if (transfer(op, blockno, n, data) < 0)
            return -1;
        blockno += n;
        nblocks -= n;
        data += n * BSIZE;
    }
    return 0;
}

uint disk_size(void) { return disk_nblocks(); }

int disk_read(uint blockno, uint nblocks, void *data)
{
    return transfer_all(DISK_READ, blockno, nblocks, data);
}

int disk_write(uint blockno, uint nblocks, const void *data)
{
    return transfer_all(DISK_WRITE, blockno, nblocks, (void *)(uintptr_t)data);
}

int disk_flush(void) { return transfer(DISK_FLUSH, 0, 0, NULL); }
