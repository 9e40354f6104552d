/*
 * disk.c - the disk that the file system sees: the boot module as a disk in memory, or else the IDE disk.
 */
#include "i386_impl.h"
#include "ide.h"
#include "include/fs.h"

static uint module_nblocks(void) { return (boot_module.end - boot_module.start) / BSIZE; }

uint disk_nblocks(void) { return module_nblocks() ? module_nblocks() : ide.nblocks; }

/* Copies at once: there is nothing to wait for. */
static int serve_from_module(const struct disk_request *r)
{
    char *blocks = (char *)va_of(boot_module.start) + r->blockno * BSIZE;

    if (r->op == DISK_READ)
        bytes_copy(r->data, blocks, r->nblocks * BSIZE);
    else if (r->op == DISK_WRITE)
        bytes_copy(blocks, r->data, r->nblocks * BSIZE);
    return 0;
}

static bool is_sound(const struct disk_request *r)
{
    uint size = disk_nblocks();

    if (r->op == DISK_FLUSH)
        return size > 0;
    if (r->nblocks == 0 || r->nblocks > DISK_MAX_BLOCKS)
        return false;
    return r->blockno < size && r->nblocks <= size - r->blockno;
}

void disk_submit(struct disk_request *r)
{
    int status = -1;
    uint was;

    if (is_sound(r)) {
        if (!module_nblocks()) {
            ide_submit(r);
            return;
        }
        status = serve_from_module(r);
    }
    was = irq_save();
    r->status = status;
    r->done(r);
    irq_restore(was);
}
