/*
 * address.c - which blocks of the disk a file consists of.
 *
 *   addrs[0 .. ndirect-1]   data
 *   addrs[ndirect]          -> 128 x data
 *   addrs[ndirect + 1]      -> 128 x -> 128 x data            (extended layout)
 *
 * A slot holds the number of one block: in the inode, or in a cached address block.  A file grows at its
 * end by runs of consecutive blocks.  The inode remembers the last run that was looked up, so that
 * sequential access finds its blocks without reading the slots.
 *
 * Freeing goes backwards, slot by slot, and clears each slot whose block it has freed: so it can stop
 * anywhere.
 */
#include "arch.h"
#include "base/kstring.h"
#include "base/min.h"
#include "fs/alloc.h"
#include "fs/cache.h"
#include "fs/inode.h"

/* A slot, and those after it in the same block. */
struct slots {
    uint *at;
    uint nslots;
    uint blockno;    /* of the address block; 0: in the inode */
    struct group *g; /* pinned; NULL: in the inode */
};

static void slots_put(struct slots *p)
{
    if (p->g)
        cache_put(p->g);
}

/* The slots of an address block from `first` on. */
static int open_block(struct slots *p, uint blockno, uint first)
{
    if (!volume_is_data(blockno) || !(p->g = cache_get(blockno, 1, 1)))
        return -1;
    p->at = (uint *)cache_block(p->g, blockno) + first;
    p->nslots = NINDIRECT - first;
    p->blockno = blockno;
    return 0;
}

/* Follows the route as far as it exists; *missing address blocks lead from there to the slot.  -1: one is
   damaged, or can't be read. */
static int find_slots(struct slots *p, struct inode *ip, const struct fs_route *r, uint *missing)
{
    *p = (struct slots){ .at = &ip->disk.addrs[r->direct] };
    p->nslots = r->depth ? 1 : volume.ndirect - r->direct;
    for (*missing = r->depth; *missing > 0; --*missing) {
        uint blockno = *p->at;
        if (!blockno)
            return 0;
        slots_put(p);
        if (open_block(p, blockno, r->slot[r->depth - *missing]) < 0)
            return -1;
    }
    return 0;
}

uint inode_map(struct inode *ip, uint index, uint want, uint *blockno)
{
    uint skip = index - ip->run.index;

    if (skip < ip->run.nblocks) {
        *blockno = ip->run.blockno + skip;
        return min_uint(want, ip->run.nblocks - skip);
    }
    struct fs_route r;
    struct slots p;
    uint missing, n = 0;
    if (index >= volume.max_blocks)
        return 0;
    fs_find_route(&volume, &r, index);
    if (find_slots(&p, ip, &r, &missing) < 0)
        return 0;
    uint start = p.at[0];
    while (!missing && n < p.nslots && p.at[n] == start + n && volume_is_data(start + n))
        n++;
    slots_put(&p);
    if (n == 0)
        return 0;
    ip->run.index = index;
    ip->run.blockno = *blockno = start;
    ip->run.nblocks = n;
    return min_uint(want, n);
}

/* Growing. */

/* What an extension takes from the disk before it changes anything. */
struct supply {
    uint table[2]; /* new address blocks, from the data upwards; 0: not needed */
    uint ntables;
    uint data, ndata;
};

static void give_back(struct log_op *op, const struct supply *s)
{
    for (uint i = 0; i < s->ntables; i++)
        alloc_cancel(op, s->table[i], 1);
}

static int take_supply(struct log_op *op, struct supply *s, uint ntables, uint goal, uint want)
{
    uint n;

    s->ntables = 0;
    while (s->ntables < ntables) {
        uint blockno = alloc_take(op, goal, 1, &n);
        if (!blockno)
            goto full;
        s->table[s->ntables++] = blockno;
        goal = blockno + 1;
    }
    s->data = alloc_take(op, goal, want, &s->ndata);
    if (s->data)
        return 0;
full:
    give_back(op, s);
    return -1;
}

/* Fills a new address block with zeroes but for ndata consecutive numbers from slot `first` on. */
static void fill_table(struct log_op *op, uint blockno, uint first, uint data, uint ndata)
{
    struct group *g = cache_get_blank(blockno, 1);
    uint *slots = (uint *)cache_block(g, blockno);

    memset(slots, 0, BSIZE);
    for (uint i = 0; i < ndata; i++)
        slots[first + i] = data + i;
    cache_filled(op, g, blockno, 1);
    cache_put(g);
}

/* Writes consecutive numbers to existing slots. */
static void fill_slots(struct log_op *op, struct slots *p, uint data, uint ndata)
{
    for (uint i = 0; i < ndata; i++)
        p->at[i] = data + i;
    if (p->g)
        cache_changed(op, p->g, p->blockno, 1);
    slots_put(p);
}

/* The number of the block before `index`; 0 if it is not known without a search. */
static uint last_block(const struct inode *ip, uint index)
{
    bool known = ip->run.nblocks && ip->run.index + ip->run.nblocks == index;

    return known ? ip->run.blockno + ip->run.nblocks - 1 : 0;
}

static void remember_run(struct inode *ip, uint index, uint blockno, uint n)
{
    uint last = last_block(ip, index);

    if (last && last + 1 == blockno) {
        ip->run.nblocks += n;
        return;
    }
    ip->run.index = index;
    ip->run.blockno = blockno;
    ip->run.nblocks = n;
}

uint inode_extend(struct log_op *op, struct inode *ip, uint index, uint want, uint *blockno)
{
    struct fs_route r;
    struct slots p;
    struct supply s;
    uint missing;

    if (index >= volume.max_blocks)
        return 0;
    fs_find_route(&volume, &r, index);
    if (find_slots(&p, ip, &r, &missing) < 0)
        return 0;
    if (missing == 0 && *p.at) { /* corrupt image: there is a block past the end */
        slots_put(&p);
        return 0;
    }
    uint room = missing ? NINDIRECT - r.slot[r.depth - 1] : p.nslots;
    uint before = last_block(ip, index);
    if (take_supply(op, &s, missing, before ? before + 1 : 0, min_uint(want, room)) < 0) {
        slots_put(&p);
        return 0;
    }
    if (missing == 0) {
        fill_slots(op, &p, s.data, s.ndata);
    } else {
        fill_table(op, s.table[0], r.slot[r.depth - 1], s.data, s.ndata);
        if (missing == 2)
            fill_table(op, s.table[1], r.slot[0], s.table[0], 1);
        fill_slots(op, &p, s.table[missing - 1], 1);
    }
    remember_run(ip, index, s.data, s.ndata);
    *blockno = s.data;
    return s.ndata;
}

/* Freeing. */

/* Consecutive blocks to be freed together. */
struct free_run {
    struct log_op *op;
    uint start, n;
    bool unreadable; /* an address block is: what it leads to stays, and the block itself */
};

static void run_free(struct free_run *run)
{
    if (run->n)
        alloc_free(run->op, run->start, run->n);
    run->n = 0;
}

/* Can the operation still free blocks, wherever they are, and change the address blocks and the inode? */
static bool run_has_room(const struct free_run *run) { return run->op->left > INODE_CHANGE_COST; }

/* False: no room. */
static bool run_add(struct free_run *run, uint blockno)
{
    if (!volume_is_data(blockno)) /* corrupt image: not a data block, so nothing to free */
        return true;
    if (run->n && blockno + 1 == run->start) {
        run->start--;
        run->n++;
        return true;
    }
    run_free(run);
    if (!run_has_room(run))
        return false;
    run->start = blockno;
    run->n = 1;
    return true;
}

/* Frees what n slots name, from the last one back, and clears them; false: there was no room for all. */
static bool free_slots(struct free_run *run, uint *slots, uint n)
{
    while (n-- > 0) {
        if (slots[n] && !run_add(run, slots[n]))
            return false;
        slots[n] = 0;
    }
    return true;
}

/* Frees what the address block in *slot leads to, and then the block.  depth 1: it names data.  False: not all. */
static bool free_table(struct free_run *run, uint *slot, uint depth)
{
    struct slots p;
    uint blockno = *slot;
    bool done = true;

    if (!blockno)
        return true;
    if (volume_is_data(blockno)) { /* else the image is corrupt, and it leads nowhere */
        if (open_block(&p, blockno, 0) < 0) {
            run->unreadable = true;
            return false;
        }
        if (depth == 1)
            done = free_slots(run, p.at, NINDIRECT);
        for (uint i = NINDIRECT; depth == 2 && done && i-- > 0;)
            done = free_table(run, &p.at[i], 1);
        run_free(run); /* before its own block, which has the cleared slots */
        done = done && run_has_room(run);
        if (!done)
            cache_changed(run->op, p.g, blockno, 1);
        cache_put(p.g);
    }
    if (!done || !run_add(run, blockno))
        return false;
    *slot = 0;
    return true;
}

int inode_truncate_some(struct log_op *op, struct inode *ip)
{
    struct free_run run = { .op = op };
    bool done = true;

    if (ip->disk.type == T_DEV)
        return 0;
    ip->run.nblocks = 0;
    for (uint depth = NADDR - volume.ndirect; done && depth > 0; depth--)
        done = free_table(&run, &ip->disk.addrs[volume.ndirect + depth - 1], depth);
    done = done && free_slots(&run, ip->disk.addrs, volume.ndirect);
    run_free(&run);
    ip->disk.size = 0;
    return run.unreadable ? -1 : !done;
}
