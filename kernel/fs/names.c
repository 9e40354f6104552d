/*
 * names.c - operations that make and remove names; rename.c has the one that does both.
 *
 * They run one at a time, under `names` (RANK_NAMES): a directory that was found empty stays so until its entry is
 * gone.  The paths are walked before the operation begins, because a walk may give back the last reference to an
 * orphan, which takes an operation of its own.  What the walk has found is checked again inside the operation.
 *
 *   walk the paths | names_begin() | check, change entries and links | names_unlock() | inode_put_in()... | log_end()
 *
 * A directory without a name (nlink 0) gets no new entries: what it had would be lost with it.  It keeps a reference
 * to the one that it was in: see path.c.
 */
#include "fs/cache.h"
#include "fs/names_impl.h"

#define LINKS_MAX 32767

static struct mutex names;

void names_init(void) { mutex_init(&names, RANK_NAMES, "names"); }

int names_begin(struct log_op *op, uint cost)
{
    if (log_begin(op, cost) < 0)
        return -1;
    mutex_acquire(&names);
    return 0;
}

void names_unlock(void) { mutex_release(&names); }

static void end(struct log_op *op)
{
    names_unlock();
    log_end(op);
}

int names_acquire_directory(struct inode *dp)
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
    struct inode *ip = NULL, *dp = path_parent(cwd, path, &name);

    *existed = false;
    if (dp && names_begin(&op, NAMES_COST) == 0) {
        if (names_acquire_directory(dp) == 0) {
            uint slot, inum = dir_find(dp, &name, &slot);
            *existed = inum != 0;
            if (inum)
                ip = inode_get(inum);
            else if (path_is_plain(&name)) /* in a corrupt image, "." may be missing */
                ip = create_entry(&op, dp, &name, slot, what);
            inode_release(dp);
        }
        end(&op);
    }
    inode_put(dp);
    return ip;
}

/* The data moves to a new inode without a name, which is then freed like any orphan: by several operations, or by the
   next mount if the power fails.  If all inodes are in use, it is freed at once, where the bitmap is so small that one
   operation has room for all of it. */
int names_truncate(struct inode *ip)
{
    struct log_op op;
    struct inode *orphan = NULL;
    int result = -1;

    if (names_begin(&op, log_op_limit()) < 0)
        return -1;
    if (inode_acquire(ip) == 0) {
        orphan = inode_create(T_FILE, 0, 0);
        if (orphan) {
            orphan->disk.nlink = 0;
            inode_move_data(ip, orphan);
            inode_update(&op, ip);
            inode_update(&op, orphan);
            inode_release(orphan);
            result = 0;
        } else if (fs_bitmap_blocks(&volume.sb) + INODE_CHANGE_COST < op.left) {
            result = inode_truncate_some(&op, ip);
            if (result < 0) /* half of it may be gone */
                log_fail();
            inode_update(&op, ip);
        }
        inode_release(ip);
    }
    end(&op);
    inode_put(orphan);
    return result;
}

static int create_new(struct inode *cwd, const char *path, const struct names_new *what)
{
    bool existed;
    struct inode *ip = names_create(cwd, path, what, &existed);

    inode_put(ip);
    return ip && !existed ? 0 : -1;
}

int fs_mkdir(struct inode *cwd, const char *path)
{
    return create_new(cwd, path, &(struct names_new){ .type = T_DIR });
}

int fs_mknod(struct inode *cwd, const char *path, short major, short minor)
{
    return create_new(cwd, path, &(struct names_new){ .type = T_DEV, .major = major, .minor = minor });
}

int names_set_entry(struct log_op *op, struct inode *dp, const struct filename *name, uint was, uint inum,
                    int links)
{
    uint slot;
    int result = -1;

    if (names_acquire_directory(dp) < 0)
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

/* Enters a second name for a file.  Nobody sees the name without the link, or the link without the name. */
static int link_entry(struct log_op *op, struct inode *ip, struct inode *dp, const struct filename *name)
{
    uint slot;
    int result = -1;

    if (names_kind(ip) != NAMES_FILE || names_acquire_directory(dp) < 0)
        return -1;
    if (dir_find(dp, name, &slot) == 0 && inode_acquire(ip) == 0) {
        if (ip->disk.nlink < LINKS_MAX)
            result = dir_enter(op, dp, name, ip->inum, slot);
        if (result == 0) {
            ip->disk.nlink++;
            inode_update(op, ip);
        }
        inode_release(ip);
    }
    inode_release(dp);
    return result;
}

int fs_link(struct inode *cwd, const char *old, const char *new)
{
    struct log_op op;
    struct filename old_name, name;
    int result = -1;
    struct inode *from = path_parent(cwd, old, &old_name);
    struct inode *dp = from ? path_parent(cwd, new, &name) : NULL;

    if (dp && path_is_plain(&name) && names_begin(&op, NAMES_COST) == 0) {
        struct inode *ip = path_child(from, &old_name); /* not before: the name may become another file's */
        if (ip)
            result = link_entry(&op, ip, dp, &name);
        names_unlock();
        inode_put_in(&op, ip);
        log_end(&op);
    }
    inode_put(dp);
    inode_put(from);
    return result;
}

enum names_kind names_kind(struct inode *ip)
{
    enum names_kind kind = NAMES_FIXED;

    if (inode_acquire(ip) < 0)
        return NAMES_FIXED;
    if (ip->disk.nlink > 0 && ip->disk.type != T_DIR)
        kind = NAMES_FILE;
    else if (ip->disk.nlink > 0 && ip->inum != ROOTINO)
        kind = dir_is_empty(ip) ? NAMES_EMPTY_DIR : NAMES_FULL_DIR;
    inode_release(ip);
    return kind;
}

struct inode *names_lose(struct log_op *op, struct inode *ip, struct inode *dp)
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

/* Removes the entry of ip in a directory.  0 or -1; *earlier as names_lose(). */
static int unlink_entry(struct log_op *op, struct inode *dp, const struct filename *name, struct inode *ip,
                        struct inode **earlier)
{
    enum names_kind kind = names_kind(ip);

    if (kind != NAMES_FILE && kind != NAMES_EMPTY_DIR)
        return -1;
    if (names_set_entry(op, dp, name, ip->inum, 0, kind == NAMES_FILE ? 0 : -1) < 0)
        return -1;
    *earlier = names_lose(op, ip, dp);
    return 0;
}

int fs_unlink(struct inode *cwd, const char *path)
{
    struct log_op op;
    struct filename name;
    int result = -1;
    struct inode *dp = path_parent(cwd, path, &name), *earlier = NULL;

    if (dp && path_is_plain(&name) && names_begin(&op, NAMES_COST) == 0) {
        struct inode *ip = path_child(dp, &name);
        if (ip)
            result = unlink_entry(&op, dp, &name, ip, &earlier);
        names_unlock();
        inode_put_in(&op, ip); /* if it was the last reference, the file goes in the same operation */
        inode_put_in(&op, earlier);
        log_end(&op);
    }
    inode_put(dp);
    return result;
}
