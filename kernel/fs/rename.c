/*
 * rename.c - another name for what has one.
 *
 * The new name is there before the old one goes: whoever looks for both finds one.  ".." always leads to a directory
 * with one of them.  All that can be refused is refused first; then the entries change, that first which can lack room:
 *
 *   the new name  ->  ".." of a directory that moves  ->  the old name  ->  what had the new name loses it
 *
 * If an entry can't be changed, those before it are changed back.  They are in the cache by then, so that can't fail.
 */
#include "fs/names_impl.h"
#include "sched/thread.h"

struct move {
    struct inode *from, *to; /* directories */
    struct filename old, new;
    /* References: to what has the old name, and the new one; to where a search ended; as names_lose().  Or NULL. */
    struct inode *ip, *victim, *last, *earlier;
};

static const struct filename dot_dot = { ".." };

/* Is ip the new directory, or one that it is in?  Also true if that can't be found out. */
static bool is_within(struct move *m)
{
    uint left = volume.sb.ninodes, slot; /* in a corrupt image, directories may form a circle */

    for (m->last = inode_dup(m->to); m->last != m->ip && m->last->inum != ROOTINO;) {
        uint inum = 0;
        if (left-- && names_acquire_directory(m->last) == 0) {
            inum = dir_find(m->last, &dot_dot, &slot);
            inode_release(m->last);
            sched_checkpoint(); /* it can be thousands of directories down */
        }
        struct inode *up = inum ? inode_get(inum) : NULL;
        if (!up)
            return true;
        inode_put(m->last); /* it has a name, so this frees nothing */
        m->last = up;
    }
    return m->last == m->ip;
}

static int rename_entry(struct log_op *op, struct move *m)
{
    uint inum = m->ip->inum, victim = m->victim ? m->victim->inum : 0;
    enum names_kind kind = names_kind(m->ip);
    bool is_dir = kind != NAMES_FILE;

    if (kind == NAMES_FIXED)
        return -1;
    if (m->ip == m->victim) /* two names of one file: POSIX has both stay */
        return 0;
    if (victim && names_kind(m->victim) != (is_dir ? NAMES_EMPTY_DIR : NAMES_FILE))
        return -1;
    bool moves = is_dir && m->from != m->to;
    if (moves && is_within(m))
        return -1;
    int gained = moves && !victim, lost = is_dir && (moves || victim);
    if (names_set_entry(op, m->to, &m->new, victim, inum, gained) < 0)
        return -1;
    if (moves && names_set_entry(op, m->ip, &dot_dot, m->from->inum, m->to->inum, 0) < 0)
        goto not_moved;
    if (names_set_entry(op, m->from, &m->old, inum, 0, -lost) < 0)
        goto not_removed;
    if (victim)
        m->earlier = names_lose(op, m->victim, m->to);
    return 0;

not_removed:
    if (moves && names_set_entry(op, m->ip, &dot_dot, m->to->inum, m->from->inum, 0) < 0)
        log_fail();
not_moved:
    if (names_set_entry(op, m->to, &m->new, inum, victim, -gained) < 0)
        log_fail();
    return -1;
}

int fs_rename(struct inode *cwd, const char *old, const char *new)
{
    struct log_op op;
    struct move m = { .from = NULL };
    int result = -1;

    m.from = path_parent(cwd, old, &m.old);
    m.to = path_parent(cwd, new, &m.new);
    if (m.from && m.to && path_is_plain(&m.old) && path_is_plain(&m.new) &&
        names_begin(&op, NAMES_COST) == 0) {
        m.ip = path_child(m.from, &m.old);
        m.victim = m.ip ? path_child(m.to, &m.new) : NULL;
        if (m.ip)
            result = rename_entry(&op, &m);
        names_unlock();
        inode_put_in(&op, m.victim); /* a file without another name goes in the same operation */
        inode_put_in(&op, m.earlier);
        inode_put_in(&op, m.last);
        inode_put_in(&op, m.ip);
        log_end(&op);
    }
    inode_put(m.to);
    inode_put(m.from);
    return result;
}
