/*
 * file.c - open files.
 *
 * A file, with its position, is shared by all descriptors that fork() and dup() made of the
 * first.  References are counted atomically; only the holder of one may create another.
 */
#include "fs/file.h"
#include "arch.h"
#include "base/min.h"
#include "fs/device.h"
#include "fs/inode.h"
#include "fs/names.h"
#include "fs/pipe.h"
#include "include/fcntl.h"
#include "mm/slab.h"
#include "sched/thread.h"

#define XV6_PIECE  (3 * BSIZE)                    /* what xv6 writes in one transaction */
#define READ_PIECE ((int)DISK_MAX_BLOCKS * BSIZE) /* what one transfer reads */

/* Fields:  A atomic   I immutable after creation   L the inode's mutex */
struct file {
    volatile uint refs;          /* [A] */
    bool readable;               /* [I] */
    bool writable;               /* [I] */
    bool append;                 /* [I] each write goes to the end */
    bool is_device;              /* [I] the inode is a device */
    const struct device *device; /* [I] its driver; NULL: there is none */
    struct inode *inode;         /* [I] NULL: it is a pipe */
    struct pipe *pipe;           /* [I] */
    uint offset;                 /* [L] */
};

static struct file *file_create(struct inode *ip, struct pipe *p, bool readable, bool writable)
{
    struct file *f = kmalloc(sizeof(*f));

    if (f)
        *f = (struct file){ .refs = 1, .readable = readable, .writable = writable, .inode = ip, .pipe = p };
    return f;
}

/* Opens f on its inode in this mode, if it can be.  Finds the driver, if it is a device. */
static bool file_prepare(struct file *f, int mode)
{
    struct inode *ip = f->inode;

    if (inode_acquire(ip) < 0)
        return false;
    short type = ip->disk.type;
    bool truncate = (mode & O_TRUNC) && f->writable && type == T_FILE && ip->disk.size > 0;
    f->append = mode & O_APPEND;
    f->is_device = type == T_DEV;
    if (f->is_device)
        f->device = device_find(ip->disk.major);
    inode_release(ip);
    if (truncate && names_truncate(ip) < 0)
        return false;
    return type == T_FILE || mode == O_RDONLY || (f->is_device && !(mode & O_CREATE));
}

struct file *file_open(struct inode *cwd, const char *path, int mode)
{
    struct names_new file = { .type = T_FILE };
    bool existed;
    struct file *f = file_create(NULL, NULL, !(mode & O_WRONLY), mode & (O_WRONLY | O_RDWR));

    if (!f) /* before a file is made: without memory, none is left behind */
        return NULL;
    f->inode = fs_lookup(cwd, path);
    if (!f->inode && (mode & O_CREATE))
        f->inode = names_create(cwd, path, &file, &existed);
    if (f->inode && file_prepare(f, mode))
        return f;
    inode_put(f->inode);
    kfree(f);
    return NULL;
}

int pipe_create(struct file **reader, struct file **writer)
{
    struct pipe *p = pipe_open();

    if (!p)
        return -1;
    *reader = file_create(NULL, p, true, false);
    *writer = file_create(NULL, p, false, true);
    if (*reader && *writer)
        return 0;
    kfree(*reader);
    kfree(*writer);
    pipe_close(p, false);
    pipe_close(p, true);
    return -1;
}

struct file *file_dup(struct file *f)
{
    atomic_add(&f->refs, 1);
    return f;
}

void file_close(struct file *f)
{
    if (atomic_add(&f->refs, -1u) > 1)
        return;
    if (f->pipe)
        pipe_close(f->pipe, f->writable);
    else
        inode_put(f->inode);
    kfree(f);
}

/* The count.  Between its pieces others have the file: an operation on it, and the commit that waits for the operation,
   wait for a piece of each reader. */
static int read_inode(struct file *f, void USER *dst, uint n)
{
    uint done = 0;
    int count;

    do {
        if (inode_acquire(f->inode) < 0)
            return -1;
        count = inode_read_acquired(f->inode, user_at(dst, done), f->offset, min_uint(n - done, READ_PIECE));
        if (count > 0) {
            f->offset += count;
            done += count;
        }
        inode_release(f->inode);
    } while (count == READ_PIECE && done < n);
    return done ? (int)done : count;
}

int file_read(struct file *f, void USER *dst, int n)
{
    if (!f->readable || n < 0)
        return -1;
    if (f->pipe)
        return pipe_read(f->pipe, dst, n);
    if (f->is_device)
        return f->device ? f->device->read(dst, n) : -1;
    return read_inode(f, dst, n);
}

/* Writes as much as one operation can; -1: nothing could be written. */
static int write_piece(struct file *f, const void USER *src, uint n)
{
    struct log_op op;
    int count = -1;

    if (log_begin(&op, inode_write_cost(n)) < 0)
        return -1;
    if (inode_acquire(f->inode) == 0) {
        if (f->append)
            f->offset = f->inode->disk.size;
        count = inode_write_some(&op, f->inode, src, f->offset, n);
        if (count > 0)
            f->offset += count;
        inode_release(f->inode);
    }
    log_end(&op);
    return count;
}

/* How many of n bytes a file can still take.  A write that would make it too large fails, but only after
   the pieces that fit: in xv6, which writes pieces of 1,536 bytes, a program sees them in the file. */
static uint fitting(const struct file *f, uint n)
{
    uint limit = volume.max_blocks * BSIZE, at = f->append ? f->inode->disk.size : f->offset;
    uint room = at < limit ? limit - at : 0;

    return n <= room ? n : room - room % XV6_PIECE;
}

/* The count is short when the disk is full. */
static int write_inode(struct file *f, const void USER *src, uint n)
{
    uint done = 0, fits = fitting(f, n);

    while (done < fits) {
        int count = write_piece(f, user_at(src, done), fits - done);
        if (count < 0)
            return done ? (int)done : -1;
        done += count;
        sched_checkpoint();
    }
    return fits == n ? (int)n : -1;
}

int file_write(struct file *f, const void USER *src, int n)
{
    if (!f->writable || n < 0)
        return -1;
    if (f->pipe)
        return pipe_write(f->pipe, src, n);
    if (f->is_device)
        return f->device ? f->device->write(src, n) : -1;
    return write_inode(f, src, n);
}

int file_seek(struct file *f, int offset, int whence)
{
    if (f->pipe || f->is_device || inode_acquire(f->inode) < 0)
        return -1;
    uint size = f->inode->disk.size;
    const uint bases[] = { [SEEK_SET] = 0, [SEEK_CUR] = f->offset, [SEEK_END] = size };
    int place = -1;
    if ((uint)whence <= SEEK_END) {
        uint target = bases[whence] + (uint)offset;
        if (target <= size && (int)target >= 0) /* in a corrupt image, a size may be 2^31 or more */
            place = (int)(f->offset = target);
    }
    inode_release(f->inode);
    return place;
}

int file_stat(struct file *f, struct stat *st)
{
    if (!f->inode)
        return -1;
    inode_stat(f->inode, st);
    return 0;
}
