/*
 * inode.c - inodes in memory, and their lives on the disk.
 *
 * In memory an inode exists while there are references to it; a hash table finds it by its number.  Its
 * contents are loaded when it is first acquired.  On the disk it exists while its type is not 0:
 *
 *   free --inode_create, inode_update--> linked (nlink > 0) --unlink--> orphan (nlink 0) --last put--> free
 *
 * An orphan is a file that is open but has no name.  A crash leaves those behind that were not committed as
 * free; inode_mount() frees them.  An orphan that is a directory has a reference to the one that it was in.
 *
 * Freeing a large file takes several operations.  The last reference is kept until it is done, but no lock, since
 * log_begin() may wait: another name in a corrupt image leads to the same inode, which becomes shorter for its users.
 *
 * Locks: `lock` (RANK_FS) guards the table and the references, each inode's mutex its contents.  Two inode
 * mutexes are held at once only where the second one is a new inode's, which no one else can reach yet, and while a
 * file gets another name: the directory's, and then the file's.
 *
 * Do not trust the image: every field read from disk is checked before use, and a wrong one ends in an error.
 */
#include "fs/inode.h"
#include "base/kstring.h"
#include "base/min.h"
#include "fs/cache.h"
#include "include/param.h"
#include "mm/slab.h"
#include "sched/thread.h"

#define NBUCKETS 256u
#define INUM_MAX 65535u /* a directory entry has 16 bits for the number */

static struct spinlock lock = SPINLOCK_INIT(RANK_FS, "inode table");
static struct inode *buckets[NBUCKETS];
static volatile uint hint = ROOTINO; /* where to look for a free inode first: lower ones are rarely free */

static struct inode *find_locked(uint inum)
{
    struct inode *ip = buckets[inum % NBUCKETS];

    while (ip && ip->inum != inum)
        ip = ip->next;
    if (ip)
        ip->refs++;
    return ip;
}

struct inode *inode_get(uint inum)
{
    spin_acquire(&lock);
    struct inode *ip = find_locked(inum);
    spin_release(&lock);
    if (ip)
        return ip;

    struct inode *fresh = kmalloc(sizeof(*fresh));
    if (!fresh)
        return NULL;
    fresh->inum = inum;
    fresh->refs = 1;
    fresh->loaded = false;
    fresh->parent = NULL;
    mutex_init(&fresh->lock, RANK_INODE, "inode");
    spin_acquire(&lock);
    ip = find_locked(inum);
    if (!ip) {
        fresh->next = buckets[inum % NBUCKETS];
        buckets[inum % NBUCKETS] = fresh;
    }
    spin_release(&lock);
    if (!ip)
        return fresh;
    kfree(fresh);
    return ip;
}

struct inode *inode_dup(struct inode *ip)
{
    spin_acquire(&lock);
    ip->refs++;
    spin_release(&lock);
    return ip;
}

/* Contents. */

static bool is_in_use(const struct dinode *d) { return d->type >= T_DIR && d->type <= T_DEV; }
static bool is_orphan(const struct dinode *d) { return is_in_use(d) && d->nlink == 0; }

static struct dinode *on_disk(const struct group *g, uint inum)
{
    return (struct dinode *)cache_block(g, IBLOCK(inum, volume.sb)) + inum % IPB;
}

/* The contents are new: what was remembered about earlier ones goes. */
static void set_loaded(struct inode *ip)
{
    ip->run.nblocks = 0;
    ip->next_offset = ip->near = 0;
    ip->loaded = true;
}

static int load(struct inode *ip)
{
    if (ip->inum < ROOTINO || ip->inum >= volume.sb.ninodes)
        return -1;
    struct group *g = cache_get(IBLOCK(ip->inum, volume.sb), 1, 1);
    if (!g)
        return -1;
    ip->disk = *on_disk(g, ip->inum);
    cache_put(g);
    set_loaded(ip);
    return 0;
}

int inode_acquire(struct inode *ip)
{
    mutex_acquire(&ip->lock);
    if ((ip->loaded || load(ip) == 0) && is_in_use(&ip->disk))
        return 0;
    mutex_release(&ip->lock);
    return -1;
}

void inode_release(struct inode *ip) { mutex_release(&ip->lock); }

void inode_update(struct log_op *op, struct inode *ip)
{
    uint blockno = IBLOCK(ip->inum, volume.sb);
    struct group *g = cache_get(blockno, 1, 1);

    if (!g) {
        log_fail();
        return;
    }
    *on_disk(g, ip->inum) = ip->disk;
    cache_changed(op, g, blockno, 1);
    cache_put(g);
}

void inode_move_data(struct inode *from, struct inode *to)
{
    to->disk.size = from->disk.size;
    memcpy(to->disk.addrs, from->disk.addrs, sizeof(to->disk.addrs));
    from->disk.size = 0;
    memset(from->disk.addrs, 0, sizeof(from->disk.addrs));
    set_loaded(from);
}

bool inode_is_dir(struct inode *ip)
{
    if (inode_acquire(ip) < 0)
        return false;
    bool is_dir = ip->disk.type == T_DIR;
    inode_release(ip);
    return is_dir;
}

void inode_stat(struct inode *ip, struct stat *st)
{
    memset(st, 0, sizeof(*st));
    if (inode_acquire(ip) < 0)
        return;
    st->type = ip->disk.type;
    st->dev = ROOTDEV;
    st->ino = ip->inum;
    st->nlink = ip->disk.nlink;
    st->size = ip->disk.size;
    inode_release(ip);
}

/* Birth. */

/* Is there a reference to this number?  A thread that is freeing the inode has one, or the inode of a directory that
   was in it. */
static bool is_in_memory(uint inum)
{
    spin_acquire(&lock);
    struct inode *ip = find_locked(inum);
    if (ip)
        ip->refs--;
    spin_release(&lock);
    return ip;
}

/* The number of a free inode from `inum` on that nobody refers to; 0: none. */
static uint find_free(uint inum)
{
    uint limit = min_uint(volume.sb.ninodes, INUM_MAX + 1);

    while (inum < limit) {
        uint blockno = IBLOCK(inum, volume.sb);
        struct group *g = cache_get(blockno, 1, 1);
        for (; inum < limit && IBLOCK(inum, volume.sb) == blockno; inum++) {
            if (g && !is_in_memory(inum) && on_disk(g, inum)->type == 0) {
                cache_put(g);
                return inum;
            }
        }
        if (g) /* else it can't be read, and what is free there is not known */
            cache_put(g);
        sched_checkpoint();
    }
    return 0;
}

struct inode *inode_create(short type, short major, short minor)
{
    uint inum = find_free(hint);

    if (!inum)
        inum = find_free(ROOTINO);
    struct inode *ip = inum ? inode_get(inum) : NULL;
    if (!ip)
        return NULL;
    hint = inum + 1;
    mutex_acquire(&ip->lock);
    ip->disk = (struct dinode){ .type = type, .major = major, .minor = minor, .nlink = 1 };
    set_loaded(ip);
    return ip;
}

/* Death. */

/* The inode is free now. */
static void lower_hint(uint inum)
{
    spin_acquire(&lock);
    if (inum < hint)
        hint = inum;
    spin_release(&lock);
}

void inode_abandon(struct log_op *op, struct inode *ip)
{
    inode_truncate_some(op, ip); /* it has at most one block, which is new */
    memset(&ip->disk, 0, sizeof(ip->disk));
    inode_update(op, ip);
    lower_hint(ip->inum);
    inode_release(ip);
    inode_put(ip);
}

/* Gives a reference back.  False: it is the last one to an orphan, and is kept.  *parent: a reference that is
   to be given back next, or NULL. */
static bool drop(struct inode *ip, struct inode **parent)
{
    *parent = NULL;
    spin_acquire(&lock);
    bool last = ip->refs == 1;
    if (last && ip->loaded && is_orphan(&ip->disk)) {
        spin_release(&lock);
        return false;
    }
    ip->refs--;
    if (last) {
        struct inode **at = &buckets[ip->inum % NBUCKETS];
        while (*at != ip)
            at = &(*at)->next;
        *at = ip->next;
    }
    spin_release(&lock);
    if (last) {
        *parent = ip->parent;
        kfree(ip);
    }
    return true;
}

/* Frees an orphan, by as many operations as it takes.  False: the disk failed; the next mount will try again. */
static bool bury(struct log_op *op, struct inode *ip)
{
    for (int more = 1; more;) {
        if (more > 0 && op->left <= INODE_CHANGE_COST) {
            log_end(op);
            more = log_begin(op, LOG_OP_MIN);
        }
        if (more < 0)
            return false;
        mutex_acquire(&ip->lock);
        more = inode_truncate_some(op, ip);
        if (!more)
            memset(&ip->disk, 0, sizeof(ip->disk));
        inode_update(op, ip);
        mutex_release(&ip->lock);
        sched_checkpoint();
    }
    lower_hint(ip->inum);
    return true;
}

void inode_put_in(struct log_op *op, struct inode *ip)
{
    struct inode *parent;

    while (ip) {
        if (drop(ip, &parent))
            ip = parent;
        else if (!bury(op, ip))
            ip->loaded = false; /* so that drop() lets it go from memory */
    }
}

void inode_put(struct inode *ip)
{
    struct log_op op = { .left = 0 }; /* bury() begins it */

    inode_put_in(&op, ip);
    log_end(&op);
}

/* Mount. */

/* Frees the orphan with this number. */
static void bury_number(uint inum)
{
    struct inode *ip = inode_get(inum);

    if (!ip)
        return;
    if (inode_acquire(ip) == 0)
        inode_release(ip);
    inode_put(ip);
}

static bool root_is_good(void)
{
    struct inode *root = inode_get(ROOTINO);

    if (!root || inode_acquire(root) < 0)
        return false;
    bool good = root->disk.type == T_DIR && root->disk.nlink > 0;
    root->disk.size = fs_root_size(&volume, &root->disk);
    inode_release(root); /* the reference stays, so fs_root() always finds it in memory */
    return good;
}

const char *inode_mount(void)
{
    if (!root_is_good())
        return "its root directory is damaged, or can't be read";
    for (uint first = 0; first < volume.sb.ninodes; first += IPB) {
        uint blockno = IBLOCK(first, volume.sb), orphans = 0;
        struct group *g = cache_get(blockno, 1, (volume.sb.ninodes - first) / IPB + 1);
        if (!g) /* these files can't be used; others can */
            continue;
        for (uint inum = first; inum < first + IPB && inum < volume.sb.ninodes; inum++)
            if (is_orphan(on_disk(g, inum)))
                orphans |= 1u << inum % IPB;
        cache_put(g);
        for (uint i = 0; i < IPB; i++)
            if (orphans >> i & 1 && first + i >= ROOTINO)
                bury_number(first + i);
    }
    return NULL;
}
