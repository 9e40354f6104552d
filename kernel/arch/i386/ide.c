/*
 * ide.c - requests to the IDE disk with the file system.
 *
 * Requests wait in a queue; the first is under way.  With a bus master (PIIX and its kin) a request is one
 * DMA transfer and one interrupt; else the processor moves each block, at an interrupt each.
 *
 * Every request terminates: the device answers, or reports a failure, or is silent for PATIENCE seconds of
 * the battery clock (ticks can run much faster than time in an emulator) and is reset.  The tick also finds
 * transfers whose interrupt got lost.
 *
 * Lock: RANK_DISK guards the queue and the device, with interrupts off.  Requests are taken off the queue
 * under it, and their owners called (settle) after its release.
 */
#include "ide.h"

#include "i386_impl.h"
#include "include/fs.h"
#include "io.h"
#include "sched/lock.h"

#define PATIENCE    20  /* seconds: a disk that has to start its motor needs ten */
#define WATCH_TICKS 100 /* from this age on, a request is watched */

/* Fields:  D the lock */

/* The stretches of memory of a DMA transfer; the table must not cross 64 KB. [D] */
static struct {
    uint pa;
    ushort nbytes;
    ushort last; /* STRETCH_LAST in the last one, else 0 */
} stretches[DISK_MAX_BLOCKS * BSIZE / PAGE_SIZE + 1] __attribute__((aligned(256)));
#define STRETCH_LAST 0x8000

static struct spinlock lock = SPINLOCK_INIT(RANK_DISK, "ide");
static struct disk_request *queue, **queue_end = &queue; /* [D] */
static uint blocks_moved;                                /* [D] of the first request, without DMA */
static uint age;                                         /* [D] of the first request, in ticks */
static uint seconds; /* [D] of its age by the battery clock, counted from WATCH_TICKS on */
static uint second;  /* [D] what the clock showed last */

/* The first request. */

static void prepare_dma(const struct disk_request *r)
{
    uint left = r->nblocks * BSIZE, n = 0;
    char *p = r->data;

    while (left > 0) {
        uint nbytes = PAGE_SIZE - (uint)p % PAGE_SIZE;
        if (nbytes > left)
            nbytes = left;
        stretches[n].pa = kernel_pa(p);
        stretches[n].nbytes = nbytes;
        stretches[n++].last = 0;
        p += nbytes;
        left -= nbytes;
    }
    stretches[n - 1].last = STRETCH_LAST;
    port_write8(ide.master + MASTER_COMMAND, r->op == DISK_READ ? MASTER_TO_MEMORY : 0);
    port_write8(ide.master + MASTER_STATUS, MASTER_ERROR | MASTER_INTERRUPT); /* writing ones clears them */
    port_write32(ide.master + MASTER_TABLE, pa_of(stretches));
}

/* Moves one block without DMA; false when the device refuses. */
static bool move_block(void)
{
    char *block = (char *)queue->data + blocks_moved * BSIZE;

    if (!ide_wait_while_busy() || !(port_read8(ide.base + REG_STATUS) & STATUS_DATA))
        return false;
    if (queue->op == DISK_READ)
        port_read_words(ide.base + REG_DATA, block, BSIZE / 2);
    else
        port_write_words(ide.base + REG_DATA, block, BSIZE / 2);
    blocks_moved++;
    return true;
}

/* Sends the first request to the device; false when it does not answer. */
static bool send(void)
{
    const struct disk_request *r = queue;
    bool reading = r->op == DISK_READ;

    blocks_moved = age = seconds = 0;
    ide_select(r->op == DISK_FLUSH ? 0 : r->blockno >> 24 & 15);
    if (!ide_wait_while_busy())
        return false;
    if (r->op == DISK_FLUSH) {
        port_write8(ide.base + REG_COMMAND, COMMAND_FLUSH);
        return true;
    }
    port_write8(ide.base + REG_COUNT, r->nblocks);
    port_write8(ide.base + REG_BLOCK0, r->blockno);
    port_write8(ide.base + REG_BLOCK1, r->blockno >> 8);
    port_write8(ide.base + REG_BLOCK2, r->blockno >> 16);
    if (!ide.master) {
        port_write8(ide.base + REG_COMMAND, reading ? COMMAND_READ : COMMAND_WRITE);
        ide_settle();
        return reading || move_block();
    }
    prepare_dma(r);
    port_write8(ide.base + REG_COMMAND, reading ? COMMAND_READ_DMA : COMMAND_WRITE_DMA);
    port_write8(ide.master + MASTER_COMMAND, MASTER_START | (reading ? MASTER_TO_MEMORY : 0));
    return true;
}

/* Looks at the device: 1 while the first request is under way, else its result. */
static int progress(void)
{
    uchar dma = 0, status;

    if (ide.master && queue->op != DISK_FLUSH) {
        dma = port_read8(ide.master + MASTER_STATUS);
        if (!(dma & (MASTER_INTERRUPT | MASTER_ERROR)))
            return 1;
    }
    status = port_read8(ide.base + REG_STATUS); /* acknowledges the interrupt as well */
    if (status & STATUS_BUSY)
        return 1;
    if (ide.master && queue->op != DISK_FLUSH) {
        port_write8(ide.master + MASTER_COMMAND, 0);
        port_write8(ide.master + MASTER_STATUS, MASTER_ERROR | MASTER_INTERRUPT);
    }
    if (status & (STATUS_ERROR | STATUS_FAULT) || dma & MASTER_ERROR)
        return -1;
    if (ide.master || queue->op == DISK_FLUSH)
        return 0;
    if (blocks_moved < queue->nblocks) {
        if (!(status & STATUS_DATA))
            return 1;
        if (!move_block())
            return -1;
        return queue->op == DISK_READ && blocks_moved == queue->nblocks ? 0 : 1;
    }
    return 0;
}

/* The queue. */

/* Moves the first request to *settled, with its result, and sends the next. */
static void finish(int status, struct disk_request **settled)
{
    do {
        struct disk_request *r = queue;
        queue = r->next;
        if (!queue)
            queue_end = &queue;
        r->status = status;
        while (*settled)
            settled = &(*settled)->next;
        r->next = NULL;
        *settled = r;
        status = -1;
    } while (queue && !send());
}

/* Calls the owners.  Interrupts are off; the lock is not held, so that they may submit more. */
static void settle(struct disk_request *settled)
{
    while (settled) {
        struct disk_request *r = settled;
        settled = r->next;
        r->done(r);
    }
}

static void look(struct disk_request **settled)
{
    int status = progress();

    if (status <= 0)
        finish(status, settled);
}

void ide_submit(struct disk_request *r)
{
    struct disk_request *settled = NULL;
    uint was = spin_acquire_irq(&lock);

    r->status = 1;
    r->next = NULL;
    *queue_end = r;
    queue_end = &r->next;
    if (queue == r && !send())
        finish(-1, &settled);
    spin_release(&lock);
    settle(settled);
    irq_restore(was);
}

void ide_interrupt(uint irq)
{
    struct disk_request *settled = NULL;

    if (!ide.nblocks || irq != ide.irq)
        return;
    spin_acquire(&lock);
    if (queue)
        look(&settled);
    else
        (void)port_read8(ide.base + REG_STATUS);
    spin_release(&lock);
    settle(settled);
}

/* Each tick of the boot processor. */
void ide_tick(void)
{
    struct disk_request *settled = NULL;

    if (!queue)
        return;
    spin_acquire(&lock);
    if (queue && ++age >= WATCH_TICKS) {
        uint now = clock_second();
        if (now != second) {
            second = now;
            seconds++;
            look(&settled);
        }
        if (queue && seconds > PATIENCE) {
            ide_reset();
            finish(-1, &settled);
        }
    }
    spin_release(&lock);
    settle(settled);
}
