/*
 * names.c - paths, and the operations that make and remove names.
 *
 * A walk locks one directory at a time, so walks never wait for each other in a circle, whatever the image
 * claims.  It takes a reference before it unlocks the directory: what it has found stays, even if its name
 * goes in the next moment.
 *
 * Operations that change names run one at a time, under `names` (RANK_NAMES): a directory that was found
 * empty stays so until its entry is gone.  The paths are walked before the operation begins, because a walk
 * may give back the last reference to an orphan, which takes an operation of its own.  What the walk has
 * found is checked again inside the operation.
 *
 * A directory without a name (nlink 0) gets no new entries: what it had would be lost with it.  Its ".." leads
 * to where it was, by the reference in its inode, not by the number in its entry, which may name something else
 * by now.
 */
#include "fs/names.h"
#include "base/kstring.h"
#include "fs/cache.h"
#include "fs/inode.h"
#include "sched/thread.h"

#define LINKS_MAX 32767
/* The most costly is mkdir(): a new inode and its first block, the parent's entry with the directory's growth
   (INODE_CHANGE_COST), the parent's inode. */
#define NAMES_COST LOG_OP_MIN

static struct mutex names;

void names_init(void) { mutex_init(&names, RANK_NAMES, "names"); }

/* Never NULL: inode_mount() keeps it in memory. */
struct inode *fs_root(void) { return inode_get(ROOTINO); }

/* Paths. */

static bool is_dot(const struct filename *name) { return strcmp(name->text, ".") == 0; }
static bool is_dot_dot(const struct filename *name) { return strcmp(name->text, "..") == 0; }
static bool is_plain(const struct filename *name) { return !is_dot(name) && !is_dot_dot(name); }

/* Cuts the next name off the path; NULL: there is none. */
static const char *next_name(const char *path, struct filename *name)
{
    while (*path == '/')
        path++;
    if (!*path)
        return NULL;
    uint n = 0;
    memset(name, 0, sizeof(*name));
    for (; *path && *path != '/'; path++)
        if (n < DIRSIZ)
            name->text[n++] = *path;
    while (*path == '/')
        path++;
    return path;
}

/* A reference to what this name stands for in a directory; NULL: nothing. */
static struct inode *find_child(struct inode *dp, const struct filename *name)
{
    uint slot, inum = 0;

    if (inode_acquire(dp) < 0)
        return NULL;
    struct inode *ip = NULL;
    if (dp->disk.type == T_DIR && dp->disk.nlink == 0 && is_dot_dot(name))
        ip = dp->parent ? inode_dup(dp->parent) : NULL;
    else if (dp->disk.type == T_DIR && (inum = dir_find(dp, name, &slot)))
        ip = inode_get(inum);
    inode_release(dp);
    sched_checkpoint(); /* a path can lead through one large directory hundreds of times */
    return ip;
}

static struct inode *start_of(struct inode *cwd, const char *path)
{
    return *path == '/' ? fs_root() : inode_dup(cwd);
}

struct inode *fs_lookup(struct inode *cwd, const char *path)
{
    struct filename name;
    struct inode *ip = start_of(cwd, path);

    while (ip && (path = next_name(path, &name))) {
        struct inode *child = find_child(ip, &name);
        inode_put(ip);
        ip = child;
    }
    return ip;
}

/* The directory that the last name of the path is in, and that name.  NULL: there is none. */
static struct inode *lookup_parent(struct inode *cwd, const char *path, struct filename *name)
{
    struct inode *dp = start_of(cwd, path);

    path = next_name(path, name);
    while (dp && path && *path) {
        struct inode *child = find_child(dp, name);
        inode_put(dp);
        dp = child;
        path = next_name(path, name);
    }
    if (dp && !path) {
        inode_put(dp);
        dp = NULL;
    }
    return dp;
}

/* Operations on names. */

/* Everything but the walk happens between these two. */
static int begin(struct log_op *op)
{
    if (log_begin(op, NAMES_COST) < 0)
        return -1;
    mutex_acquire(&names);
    return 0;
}

static void end(struct log_op *op)
{
    mutex_release(&names);
    log_end(op);
}

/* Acquires a directory that can take new entries. */
static int acquire_directory(struct inode *dp)
{
    if (inode_acquire(dp) < 0)
        return -1;
    if (dp->disk.type == T_DIR && dp->disk.nlink > 0)
        return 0;
    inode_release(dp);
    return -1;
}

/* Gives a new directory its "." and "..". */
static int enter_dots(struct log_op *op, struct inode *ip, uint parent)
{
    struct dirent dots[2] = { { ip->inum, "." }, { parent, ".." } };

    return inode_write_some(op, ip, kernel_as_user(dots), 0, sizeof(dots)) == (int)sizeof(dots) ? 0 : -1;
}

/* Makes a new inode and enters it in the acquired directory.  A reference to it; NULL: nothing is changed. */
static struct inode *create_entry(struct log_op *op, struct inode *dp, const struct filename *name, uint slot,
                                  const struct names_new *what)
{
    bool is_dir = what->type == T_DIR;

    if (is_dir && dp->disk.nlink == LINKS_MAX)
        return NULL;
    struct inode *ip = inode_create(what->type, what->major, what->minor);
    if (!ip)
        return NULL;
    if ((is_dir && enter_dots(op, ip, dp->inum) < 0) || dir_enter(op, dp, name, ip->inum, slot) < 0) {
        inode_abandon(op, ip);
        return NULL;
    }
    inode_update(op, ip);
    inode_release(ip);
    if (is_dir) {
        dp->disk.nlink++;
        inode_update(op, dp);
    }
    return ip;
}

struct inode *names_create(struct inode *cwd, const char *path, const struct names_new *what, bool *existed)
{
    struct log_op op;
    struct filename name;
    struct inode *ip = NULL, *dp = lookup_parent(cwd, path, &name);

    *existed = false;
    if (!dp)
        return NULL;
    if (begin(&op) == 0) {
        if (acquire_directory(dp) == 0) {
            uint slot, inum = dir_find(dp, &name, &slot);
            *existed = inum != 0;
            ip = inum ? inode_get(inum) : create_entry(&op, dp, &name, slot, what);
            inode_release(dp);
        }
        end(&op);
    }
    inode_put(dp);
    return ip;
}

/* The data moves to a new inode without a name, which is then freed like any orphan: by several operations, or by the
   next mount if the power fails. */
int names_truncate(struct inode *ip)
{
    struct log_op op;
    struct inode *orphan = NULL;

    if (begin(&op) < 0)
        return -1;
    if (inode_acquire(ip) == 0) {
        orphan = inode_create(T_FILE, 0, 0);
        if (orphan) {
            orphan->disk.nlink = 0;
            inode_move_data(ip, orphan);
            inode_update(&op, ip);
            inode_update(&op, orphan);
            inode_release(orphan);
        }
        inode_release(ip);
    }
    end(&op);
    if (!orphan)
        return -1;
    inode_put(orphan);
    return 0;
}

static int create_new(struct inode *cwd, const char *path, const struct names_new *what)
{
    bool existed;
    struct inode *ip = names_create(cwd, path, what, &existed);

    if (!ip)
        return -1;
    inode_put(ip);
    return existed ? -1 : 0;
}

int fs_mkdir(struct inode *cwd, const char *path)
{
    return create_new(cwd, path, &(struct names_new){ .type = T_DIR });
}

int fs_mknod(struct inode *cwd, const char *path, short major, short minor)
{
    return create_new(cwd, path, &(struct names_new){ .type = T_DEV, .major = major, .minor = minor });
}

/* Changes the number of links.  -1: it can't be so many, or there is no name. */
static int change_links(struct log_op *op, struct inode *ip, int change)
{
    if (inode_acquire(ip) < 0)
        return -1;
    bool good = ip->disk.nlink > 0 && ip->disk.nlink + change <= LINKS_MAX;
    if (good) {
        ip->disk.nlink += change;
        inode_update(op, ip);
    }
    inode_release(ip);
    return good ? 0 : -1;
}

/* A name in a directory stood for inode `was`, and is to stand for another one; 0: none.  The directory's links change
   with it.  -1: it did not, there is no room, or it can't be read; nothing is changed. */
static int set_entry(struct log_op *op, struct inode *dp, const struct filename *name, uint was, uint inum,
                     int links)
{
    uint slot;
    int result = -1;

    if (acquire_directory(dp) < 0)
        return -1;
    if (dir_find(dp, name, &slot) == was && dp->disk.nlink + links <= LINKS_MAX)
        result = was ? dir_set(op, dp, slot, inum) : dir_enter(op, dp, name, inum, slot);
    if (result == 0 && links && dp->disk.nlink + links > 0) {
        dp->disk.nlink += links;
        inode_update(op, dp);
    }
    inode_release(dp);
    return result;
}

/* Enters a second name for a file.  The link is counted first: too high a count only leaks an orphan. */
static int link_entry(struct log_op *op, struct inode *ip, struct inode *dp, const struct filename *name)
{
    if (inode_is_dir(ip) || change_links(op, ip, 1) < 0)
        return -1;
    int result = set_entry(op, dp, name, 0, ip->inum, 0);
    if (result < 0)
        change_links(op, ip, -1);
    return result;
}

int fs_link(struct inode *cwd, const char *old, const char *new)
{
    struct log_op op;
    struct filename name;
    int result = -1;
    struct inode *ip = fs_lookup(cwd, old);
    struct inode *dp = ip ? lookup_parent(cwd, new, &name) : NULL;

    if (dp && begin(&op) == 0) {
        result = link_entry(&op, ip, dp, &name);
        end(&op);
    }
    if (dp)
        inode_put(dp);
    if (ip)
        inode_put(ip);
    return result;
}

/* Can the name of ip be removed?  *is_dir: ip is a directory; it may be `full` if it gets another name. */
static bool is_removable(struct inode *ip, bool full, bool *is_dir)
{
    if (inode_acquire(ip) < 0)
        return false;
    *is_dir = ip->disk.type == T_DIR;
    bool good = ip->disk.nlink > 0 && (!*is_dir || (ip->inum != ROOTINO && (full || dir_is_empty(ip))));
    inode_release(ip);
    return good;
}

/* ip has lost a name in dp.  The reference to a directory that it was in earlier, or NULL: only in a corrupt
   image. */
static struct inode *lose_name(struct log_op *op, struct inode *ip, struct inode *dp)
{
    struct inode *earlier = NULL;

    if (inode_acquire(ip) < 0)
        return NULL;
    ip->disk.nlink--;
    if (ip->disk.nlink == 0 && ip->disk.type == T_DIR) {
        earlier = ip->parent;
        ip->parent = inode_dup(dp);
    }
    inode_update(op, ip);
    inode_release(ip);
    return earlier;
}

/* Removes the entry of ip in a directory.  0 or -1; *earlier as lose_name(). */
static int unlink_entry(struct log_op *op, struct inode *dp, const struct filename *name, struct inode *ip,
                        struct inode **earlier)
{
    bool is_dir;

    if (!is_removable(ip, false, &is_dir) || set_entry(op, dp, name, ip->inum, 0, is_dir ? -1 : 0) < 0)
        return -1;
    *earlier = lose_name(op, ip, dp);
    return 0;
}

int fs_unlink(struct inode *cwd, const char *path)
{
    struct log_op op;
    struct filename name;
    int result = -1;
    struct inode *dp = lookup_parent(cwd, path, &name), *earlier = NULL;

    if (!dp)
        return -1;
    if (is_plain(&name) && begin(&op) == 0) {
        struct inode *ip = find_child(dp, &name);
        if (ip)
            result = unlink_entry(&op, dp, &name, ip, &earlier);
        mutex_release(&names);
        inode_put_in(&op, ip); /* if it was the last reference, the file goes in the same operation */
        inode_put_in(&op, earlier);
        log_end(&op);
    }
    inode_put(dp);
    return result;
}

/* Another name for what has one. */

struct move {
    struct inode *from, *to; /* directories */
    struct filename old, new;
    /* References: to what has the old name, and the new one; to where a search ended; as lose_name().  Or NULL. */
    struct inode *ip, *victim, *last, *earlier;
};

static const struct filename dot_dot = { ".." };

/* Is ip the new directory, or one that it is in?  Also true if that can't be found out. */
static bool is_within(struct move *m)
{
    uint left = volume.sb.ninodes, slot; /* in a corrupt image, directories may form a circle */

    for (m->last = inode_dup(m->to); m->last != m->ip && m->last->inum != ROOTINO;) {
        uint inum = 0;
        if (left-- && acquire_directory(m->last) == 0) {
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

/* The new name is there before the old one goes: whoever looks for both finds one.  The entry that can lack room comes
   first.  What is taken back is in the cache, so that can't fail. */
static int rename_entry(struct log_op *op, struct move *m)
{
    uint inum = m->ip->inum, victim = m->victim ? m->victim->inum : 0;
    bool is_dir, victim_is_dir;

    if (!is_removable(m->ip, true, &is_dir))
        return -1;
    if (m->ip == m->victim) /* two names of one file: POSIX has both stay */
        return 0;
    if (victim && (!is_removable(m->victim, false, &victim_is_dir) || victim_is_dir != is_dir))
        return -1;
    bool moves = is_dir && m->from != m->to;
    if (moves && (is_within(m) || set_entry(op, m->ip, &dot_dot, m->from->inum, m->to->inum, 0) < 0))
        return -1;
    int gained = moves && !victim, lost = is_dir && (moves || victim);
    if (set_entry(op, m->to, &m->new, victim, inum, gained) < 0)
        goto not_entered;
    if (set_entry(op, m->from, &m->old, inum, 0, -lost) < 0)
        goto not_removed;
    if (victim)
        m->earlier = lose_name(op, m->victim, m->to);
    return 0;

not_removed:
    if (set_entry(op, m->to, &m->new, inum, victim, -gained) < 0)
        log_fail();
not_entered:
    if (moves && set_entry(op, m->ip, &dot_dot, m->to->inum, m->from->inum, 0) < 0)
        log_fail();
    return -1;
}

int fs_rename(struct inode *cwd, const char *old, const char *new)
{
    struct log_op op;
    struct move m;
    int result = -1;

    memset(&m, 0, sizeof(m));
    m.from = lookup_parent(cwd, old, &m.old);
    m.to = lookup_parent(cwd, new, &m.new);
    if (m.from && m.to && is_plain(&m.old) && is_plain(&m.new) && begin(&op) == 0) {
        m.ip = find_child(m.from, &m.old);
        m.victim = m.ip ? find_child(m.to, &m.new) : NULL;
        if (m.ip)
            result = rename_entry(&op, &m);
        mutex_release(&names);
        inode_put_in(&op, m.victim); /* a file without another name goes in the same operation */
        inode_put_in(&op, m.earlier);
        inode_put_in(&op, m.last);
        inode_put_in(&op, m.ip);
        log_end(&op);
    }
    if (m.to)
        inode_put(m.to);
    if (m.from)
        inode_put(m.from);
    return result;
}
