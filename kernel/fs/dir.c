/*
 * dir.c - directories: files of entries {inode number, name}.
 *
 * An entry with number 0 is free.  Entries are read where they lie in the cache, one group at a time.  In a
 * corrupt image, a partial entry at the end is ignored.
 *
 * Programs that list a directory look up its names in order.  So a search begins with the group in which a name was
 * found last, and only the first name of each group is looked for from the directory's start.
 */
#include "base/kstring.h"
#include "base/min.h"
#include "fs/cache.h"
#include "fs/inode.h"
#include "sched/thread.h"

#define DIR_UNREADABLE (~0u) /* past the end of any file, so that nothing can be entered there */

/* A walk over the entries of a directory, group by group. */
struct walk {
    struct inode *dp;
    uint nentries; /* of the directory */
    uint position; /* of entries[0], counted in entries */
    uint n;        /* entries in hand */
    struct group *g;
    struct dirent *entries;
    uint blockno; /* of entries[0] */
};

static void walk_start(struct walk *w, struct inode *dp, uint position)
{
    *w = (struct walk){ .dp = dp, .nentries = dp->disk.size / sizeof(struct dirent), .position = position };
}

static void walk_stop(struct walk *w)
{
    if (w->g)
        cache_put(w->g);
    w->g = NULL;
}

/* Moves to the next entries; false: there are none, or they can't be read. */
static bool walk_next(struct walk *w)
{
    uint nblocks;

    walk_stop(w);
    w->position += w->n;
    w->n = 0;
    if (w->position >= w->nentries)
        return false;
    if (w->position > 0)
        sched_checkpoint(); /* a directory may be large */
    w->g = inode_get_blocks(w->dp, w->position / ENTRIES_IN_BLOCK, &w->blockno, &nblocks);
    if (!w->g)
        return false;
    w->entries = (struct dirent *)cache_block(w->g, w->blockno);
    w->n = min_uint(w->nentries - w->position, nblocks * ENTRIES_IN_BLOCK);
    return true;
}

/* Both names end at a zero, or after 14 bytes. */
static inline bool names_equal(const char *a, const char *b)
{
    for (uint i = 0; i < DIRSIZ && a[i] == b[i]; i++)
        if (!a[i] || i == DIRSIZ - 1)
            return true;
    return false;
}

uint dir_find(struct inode *dp, const struct filename *name, uint *slot)
{
    struct walk w;
    uint inum = 0, near = dp->near;
    bool have_slot = false;
    char first = name->text[0];

    for (walk_start(&w, dp, near); !inum && (walk_next(&w) || near);) {
        for (uint i = 0; i < w.n; i++) {
            const struct dirent *e = &w.entries[i];
            if (e->inum ? e->name[0] == first && names_equal(e->name, name->text) : !have_slot) {
                *slot = (w.position + i) * sizeof(*e);
                have_slot = true;
                inum = e->inum;
                if (inum)
                    break;
            }
        }
        if (near && !inum) /* it is not there, or that can't be read: look everywhere */
            w.position = w.n = near = 0;
    }
    walk_stop(&w);
    if (inum && w.position) /* not in the first group: it has "." and "..", which are asked for in between */
        dp->near = w.position;
    if (!inum && w.position < w.nentries)
        *slot = DIR_UNREADABLE;
    else if (!have_slot)
        *slot = w.nentries * sizeof(struct dirent);
    return inum;
}

bool dir_is_empty(struct inode *dp)
{
    struct walk w;
    bool empty = true;

    for (walk_start(&w, dp, 0); empty && walk_next(&w);) {
        for (uint i = 0; i < w.n && empty; i++) {
            const struct dirent *e = &w.entries[i];
            empty = !e->inum || names_equal(e->name, ".") || names_equal(e->name, "..");
        }
    }
    walk_stop(&w);
    return empty && w.position >= w.nentries; /* entries that can't be read may be in use */
}

int dir_enter(struct log_op *op, struct inode *dp, const struct filename *name, uint inum, uint slot)
{
    struct dirent e = { .inum = inum };

    memcpy(e.name, name->text, DIRSIZ);
    return inode_write_some(op, dp, kernel_as_user(&e), slot, sizeof(e)) == (int)sizeof(e) ? 0 : -1;
}

int dir_set(struct log_op *op, struct inode *dp, uint slot, uint inum)
{
    uint blockno, nblocks;
    struct group *g = inode_get_blocks(dp, slot / BSIZE, &blockno, &nblocks);

    if (!g)
        return -1;
    ((struct dirent *)(cache_block(g, blockno) + slot % BSIZE))->inum = inum;
    cache_changed(op, g, blockno, 1);
    cache_put(g);
    return 0;
}
