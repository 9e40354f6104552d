/*
 * content.c - the bytes of files.
 *
 * Both directions go through the cache, group by group: a run of consecutive blocks in one group is one copy.
 * For a sequential reader, the blocks that follow are read along with those that it asks for.
 *
 * A write changes as much as its operation allows, and returns how much that was; the rest takes further
 * operations.  New blocks are filled as a whole, with zeroes after the last byte; old ones take the log.
 */
#include "arch.h"
#include "base/kstring.h"
#include "base/min.h"
#include "fs/cache.h"
#include "fs/inode.h"
#include "sched/thread.h"

#define READ_AHEAD 64u /* blocks: 32 KB, half of what one transfer can take */

/* Blocks from blockno on that lie in its group. */
static inline uint left_in_group(uint blockno) { return GROUP_BLOCKS - blockno % GROUP_BLOCKS; }

/* Never overflows: in a corrupt image, a size may be close to 2^32. */
static inline uint blocks_for(uint nbytes) { return nbytes / BSIZE + (nbytes % BSIZE != 0); }

/* As cache_get(), but only the first block if not all can be read. */
static struct group *get_readable(uint blockno, uint *n, uint ahead)
{
    struct group *g = cache_get(blockno, *n, ahead);

    if (g || *n == 1)
        return g;
    *n = 1;
    return cache_get(blockno, 1, 1);
}

struct group *inode_get_blocks(struct inode *ip, uint index, uint *blockno, uint *nblocks)
{
    uint n = inode_map(ip, index, READ_AHEAD, blockno);

    if (n == 0)
        return NULL;
    *nblocks = min_uint(n, left_in_group(*blockno));
    return get_readable(*blockno, nblocks, n);
}

/* Copies up to n bytes from the file, which has them, as far as one group goes.  0: they can't be read. */
static uint read_run(struct inode *ip, void USER *dst, uint offset, uint n, bool sequential)
{
    uint skip = offset % BSIZE, want = blocks_for(skip + n), blockno;
    uint nblocks = inode_map(ip, offset / BSIZE, sequential ? want + READ_AHEAD : want, &blockno);

    if (nblocks == 0)
        return 0;
    uint here = min_uint(min_uint(nblocks, want), left_in_group(blockno));
    struct group *g = get_readable(blockno, &here, nblocks);
    if (!g)
        return 0;
    n = min_uint(n, here * BSIZE - skip);
    bytes_to_user(dst, cache_block(g, blockno) + skip, n);
    cache_put(g);
    return n;
}

int inode_read_acquired(struct inode *ip, void USER *dst, uint offset, uint n)
{
    uint size = ip->disk.size, done = 0;

    if (offset >= size)
        return 0;
    n = min_uint(n, size - offset);
    bool sequential = offset == ip->next_offset;
    while (done < n) {
        uint count = read_run(ip, user_at(dst, done), offset + done, n - done, sequential);
        if (count == 0)
            return done ? (int)done : -1;
        done += count;
        sched_checkpoint();
    }
    ip->next_offset = offset + n;
    return n;
}

int inode_read(struct inode *ip, void *dst, uint offset, uint n)
{
    if (inode_acquire(ip) < 0)
        return -1;
    int result = ip->disk.type == T_DEV ? -1 : inode_read_acquired(ip, kernel_as_user(dst), offset, n);
    inode_release(ip);
    return result;
}

/* Writing. */

uint inode_write_cost(uint n)
{
    uint limit = log_op_limit();

    if (n >= LOG_OP_MAX * BSIZE)
        return limit;
    uint cost = INODE_CHANGE_COST + blocks_for(n) + 1;
    return cost < LOG_OP_MIN ? LOG_OP_MIN : min_uint(cost, limit);
}

/* Groups that the operation may still change, besides what the inode costs. */
static uint room_for_data(const struct log_op *op)
{
    return op->left > INODE_CHANGE_COST ? op->left - INODE_CHANGE_COST : 0;
}

/* Writes over blocks that the file has: up to n bytes, of one group.  0: no room, or they can't be read. */
static uint overwrite(struct log_op *op, struct inode *ip, const void USER *src, uint offset, uint n)
{
    uint skip = offset % BSIZE, blockno;
    uint want = min_uint(blocks_for(skip + n), blocks_for(ip->disk.size) - offset / BSIZE);

    want = min_uint(want, room_for_data(op));
    uint nblocks = want ? inode_map(ip, offset / BSIZE, want, &blockno) : 0;
    if (nblocks == 0)
        return 0;
    nblocks = min_uint(nblocks, left_in_group(blockno));
    n = min_uint(n, nblocks * BSIZE - skip);
    bool whole = skip == 0 && n == nblocks * BSIZE;
    struct group *g = whole ? cache_get_blank(blockno, nblocks) : cache_get(blockno, nblocks, 1);
    if (!g)
        return 0;
    bytes_from_user(cache_block(g, blockno) + skip, src, n);
    cache_changed(op, g, blockno, nblocks);
    cache_put(g);
    return n;
}

/* Fills new blocks with n bytes and then zeroes. */
static void fill(struct log_op *op, uint blockno, uint nblocks, const void USER *src, uint n)
{
    while (nblocks > 0) {
        uint here = min_uint(nblocks, left_in_group(blockno)), count = min_uint(n, here * BSIZE);
        struct group *g = cache_get_blank(blockno, here);
        uchar *bytes = cache_block(g, blockno);
        bytes_from_user(bytes, src, count);
        if (count < here * BSIZE)
            memset(bytes + count, 0, here * BSIZE - count);
        cache_filled(op, g, blockno, here);
        cache_put(g);
        blockno += here;
        nblocks -= here;
        src = user_at(src, count);
        n -= count;
    }
}

/* Adds new blocks for up to n bytes to the file, which ends where a block does.  0: no room, or the disk is
   full. */
static uint append(struct log_op *op, struct inode *ip, const void USER *src, uint offset, uint n)
{
    uint room = room_for_data(op), blockno;

    if (room < 2) /* a run that begins and ends inside groups touches one group more than it fills */
        return 0;
    uint want = min_uint(blocks_for(n), (room - 1) * GROUP_BLOCKS);
    uint nblocks = inode_extend(op, ip, offset / BSIZE, want, &blockno);
    n = min_uint(n, nblocks * BSIZE);
    fill(op, blockno, nblocks, src, n);
    return n;
}

int inode_write_some(struct log_op *op, struct inode *ip, const void USER *src, uint offset, uint n)
{
    uint size = ip->disk.size, limit = volume.max_blocks * BSIZE, done = 0;

    if (offset > size || offset >= limit)
        return n ? -1 : 0;
    n = min_uint(n, limit - offset);
    while (done < n) {
        const void USER *from = user_at(src, done);
        uint at = offset + done;
        uint count = at / BSIZE < blocks_for(ip->disk.size) ? overwrite(op, ip, from, at, n - done)
                                                            : append(op, ip, from, at, n - done);
        if (count == 0)
            break;
        done += count;
        if (at + count > ip->disk.size)
            ip->disk.size = at + count;
    }
    if (done && ip->disk.size != size)
        inode_update(op, ip);
    return done || n == 0 ? (int)done : -1;
}
