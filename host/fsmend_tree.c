/*
 * fsmend_tree.c - mends names: directories from the root down, what no name leads to, link counts.
 *
 * A wrong entry is removed.  A file that then has no name gets one in lost+found, "#" and its number.  So does a
 * directory that nothing leads to, with all that is in it.  A directory has one name: of several, the one in the
 * directory that its ".." leads to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/fsmend_impl.h"
#include "include/stat.h"

static const char dot[DIRSIZ] = ".", dot_dot[DIRSIZ] = "..", lost_found[DIRSIZ] = "lost+found";

static bool is_dir(const struct mend *m, uint inum)
{
    return inum >= ROOTINO && inum < mend_ninodes(m) && mend_inode(m, inum)->type == T_DIR;
}

static bool has_name(const struct dirent *e, const char *name) { return strncmp(e->name, name, DIRSIZ) == 0; }

static bool is_dots(const struct dirent *e) { return has_name(e, dot) || has_name(e, dot_dot); }

static uint count_entries(const struct mend *m, uint dir)
{
    return mend_inode(m, dir)->size / sizeof(struct dirent);
}

/* Entry i of a directory, whose blocks are all there by now. */
static struct dirent *entry_at(struct mend *m, uint dir, uint i)
{
    const char *wrong;
    struct dirent *block = fsimage_block_of(&m->im, mend_inode(m, dir), i / ENTRIES_IN_BLOCK, false, &wrong);

    if (!block)
        abort();
    return &block[i % ENTRIES_IN_BLOCK];
}

/* The number under a name; 0: there is none. */
static uint find(struct mend *m, uint dir, const char name[DIRSIZ])
{
    struct dirent *e;

    return fsimage_find_entry(&m->im, mend_inode(m, dir), name, &e) || !e ? 0 : e->inum;
}

/* The home of a directory is the one that its ".." leads to, if it is named there. */
static void find_homes(struct mend *m)
{
    bool *named = calloc(mend_ninodes(m), sizeof(*named));

    if (!named)
        abort();
    for (uint inum = ROOTINO; inum < mend_ninodes(m); inum++)
        m->home[inum] = is_dir(m, inum) ? find(m, inum, dot_dot) : 0;
    for (uint dir = ROOTINO; dir < mend_ninodes(m); dir++) {
        for (uint i = 0; is_dir(m, dir) && i < count_entries(m, dir); i++) {
            const struct dirent *e = entry_at(m, dir, i);
            if (is_dir(m, e->inum) && m->home[e->inum] == dir && mend_is_name(e) && !is_dots(e))
                named[e->inum] = true;
        }
    }
    for (uint inum = ROOTINO; inum < mend_ninodes(m); inum++)
        if (!named[inum])
            m->home[inum] = 0;
    free(named);
}

/* Entries. */

static void remove_entry(struct mend *m, uint dir, struct dirent *e, const char *because)
{
    mend_say(m, "directory %u: '%.14s' for inode %u is removed: %s", dir, e->name, e->inum, because);
    e->inum = 0;
}

/* Why directory `inum` can't be entered in `dir`; NULL: it can. */
static const char *why_not_here(const struct mend *m, uint dir, uint inum)
{
    if (m->parent[inum])
        return "the directory has a name already";
    if (m->nsub[dir] + 2 > FSIMAGE_LINKS_MAX)
        return "there are too many directories";
    if (m->home[inum] && m->home[inum] != dir)
        return "the directory belongs to another one";
    return NULL;
}

/* What is wrong with this entry; NULL: nothing. */
static const char *why_not(const struct mend *m, uint dir, const struct dirent *e)
{
    if (e->inum >= mend_ninodes(m) || mend_inode(m, e->inum)->type == 0)
        return "the inode is not in use";
    if (!mend_is_name(e))
        return "that is no name";
    if (is_dir(m, e->inum))
        return why_not_here(m, dir, e->inum);
    return m->nnames[e->inum] == FSIMAGE_LINKS_MAX ? "the file has too many names" : NULL;
}

/* The directory is to be walked. */
static void reach(struct mend *m, uint inum, uint parent)
{
    m->parent[inum] = parent;
    m->todo[m->ntodo++] = inum;
}

static void count_name(struct mend *m, uint dir, uint inum)
{
    m->nnames[inum]++;
    if (!is_dir(m, inum))
        return;
    m->nsub[dir]++;
    reach(m, inum, dir);
}

/* Entries with the same name: all but the first are removed. */

static int compare(const void *a, const void *b)
{
    const struct dirent *x = *(struct dirent *const *)a, *y = *(struct dirent *const *)b;

    return strncmp(x->name, y->name, DIRSIZ);
}

/* Sorts stably by merging, since the first of two is to stay. */
static void sort(struct dirent **e, struct dirent **room, uint n)
{
    uint half = n / 2, i = 0, k = half;

    if (n < 2)
        return;
    sort(e, room, half);
    sort(e + half, room, n - half);
    for (uint at = 0; at < n; at++)
        room[at] = k == n || (i < half && compare(&e[i], &e[k]) <= 0) ? e[i++] : e[k++];
    memcpy(e, room, n * sizeof(*e)); /* NOLINT(bugprone-sizeof-expression): pointers are what is sorted */
}

static void remove_twins(struct mend *m, uint dir)
{
    uint n = count_entries(m, dir), nused = 0;
    struct dirent **e = malloc((2 * (size_t)n + 1) * sizeof(struct dirent *));

    if (!e)
        abort();
    for (uint i = 0; i < n; i++)
        if ((e[nused] = entry_at(m, dir, i))->inum)
            nused++;
    sort(e, e + n, nused);
    for (uint i = 1, first = 0; i < nused; i++) {
        if (compare(&e[first], &e[i]) == 0)
            remove_entry(m, dir, e[i], "the name is there already");
        else
            first = i;
    }
    free(e);
}

/* "." or "..": at its place, if there is room for what was there. */
static void enter_dots(struct mend *m, uint dir, uint place, const char name[DIRSIZ], uint inum)
{
    struct dinode *di = mend_inode(m, dir);
    struct dirent *e, *spare;

    if (fsimage_find_entry(&m->im, di, name, &e))
        abort();
    if (e && e->inum == inum)
        return;
    mend_say(m, "directory %u: '%s' becomes %u", dir, name, inum);
    if (e && e->inum) {
        e->inum = inum;
        return;
    }
    struct dirent *at = place < count_entries(m, dir) ? entry_at(m, dir, place) : NULL;
    if (at && at->inum) {
        struct dirent moved = *at;
        at->inum = 0;
        spare = e;
        if (fsimage_enter(&m->im, di, spare, moved.name, moved.inum)) {
            *at = moved;
            at = NULL;
        }
    }
    if (fsimage_enter(&m->im, di, at, name, inum))
        mend_leave(m, "directory %u: there is no room for '%s'", dir, name);
}

/* Removes wrong entries, and may count the others. */
static void mend_entries(struct mend *m, uint dir, bool count)
{
    uint n = count_entries(m, dir);

    for (uint i = 0; i < n; i++) {
        struct dirent *e = entry_at(m, dir, i);
        if (!e->inum || is_dots(e))
            continue;
        const char *because = why_not(m, dir, e);
        if (because)
            remove_entry(m, dir, e, because);
        else if (count)
            count_name(m, dir, e->inum);
    }
}

static void mend_directory(struct mend *m, uint dir)
{
    struct dinode *di = mend_inode(m, dir);

    if (di->size % sizeof(struct dirent)) {
        mend_say(m, "directory %u: a part of an entry at its end is cut", dir);
        di->size -= di->size % sizeof(struct dirent);
    }
    mend_entries(m, dir, false); /* first, so that no wrong one stays in place of its twin */
    remove_twins(m, dir);
    enter_dots(m, dir, 0, dot, dir);
    enter_dots(m, dir, 1, dot_dot, m->parent[dir]);
    mend_entries(m, dir, true);
}

static void walk(struct mend *m)
{
    while (m->ntodo > 0)
        mend_directory(m, m->todo[--m->ntodo]);
}

/* The root. */

/* False: it has none. */
static bool mend_root(struct mend *m)
{
    struct dinode *root = mend_inode(m, ROOTINO), was = *root;

    if (root->type == T_DIR)
        return true;
    mend_say(m, "inode %u is not a directory, as the root must be; it becomes an empty one", ROOTINO);
    if (was.type) { /* something else: it stays, under another number */
        uint inum = fsimage_take_inode(&m->im, was.type);
        if (!inum) {
            mend_leave(m, "inode %u: there is no free inode for what it was", ROOTINO);
            return false;
        }
        was.nlink = 1;
        *mend_inode(m, inum) = was;
    }
    *root = (struct dinode){ .type = T_DIR, .nlink = 1 };
    return true;
}

/* What no name leads to. */

static uint find_lost_found(struct mend *m)
{
    struct dirent *e;
    struct dinode *root = mend_inode(m, ROOTINO);

    if (fsimage_find_entry(&m->im, root, lost_found, &e))
        abort();
    if (e && e->inum) /* the root takes those that lost+found has no links for */
        return is_dir(m, e->inum) && m->nsub[e->inum] + 2 <= FSIMAGE_LINKS_MAX ? e->inum : ROOTINO;
    uint inum = fsimage_take_inode(&m->im, T_DIR);
    if (!inum)
        return ROOTINO;
    if (fsimage_enter_dots(&m->im, inum, ROOTINO) || fsimage_enter(&m->im, root, e, lost_found, inum)) {
        memset(mend_inode(m, inum), 0, sizeof(struct dinode));
        return ROOTINO;
    }
    m->nnames[inum] = 1;
    m->nsub[ROOTINO]++;
    m->parent[inum] = ROOTINO;
    return inum;
}

/* Gives an inode a name, and mends what is in it. */
static void connect(struct mend *m, uint inum)
{
    char name[DIRSIZ + 8];
    uint place = find_lost_found(m);
    struct dirent *e;

    for (uint i = 0;; i++) {
        memset(name, 0, sizeof(name));
        snprintf(name, sizeof(name), i ? "#%u.%u" : "#%u", inum, i);
        if (fsimage_find_entry(&m->im, mend_inode(m, place), name, &e))
            abort();
        if (!e || !e->inum)
            break;
    }
    if (fsimage_enter(&m->im, mend_inode(m, place), e, name, inum)) {
        mend_leave(m, "inode %u: no name leads to it, and there is no room for one", inum);
        return;
    }
    mend_say(m, "inode %u: no name leads to it; it is %s/%s now", inum, place == ROOTINO ? "" : "/lost+found",
             name);
    count_name(m, place, inum);
    walk(m);
}

static bool is_lost(const struct mend *m, uint inum)
{
    const struct dinode *di = mend_inode(m, inum);

    return di->type != 0 && di->nlink != 0 && m->nnames[inum] == 0 && inum != ROOTINO;
}

/* A number that no entry can hold: the inode moves to a free one. */
static void move_down(struct mend *m, uint inum)
{
    struct dinode *di = mend_inode(m, inum);
    uint lower = fsimage_take_inode(&m->im, di->type);

    if (!lower) {
        mend_leave(m, "inode %u: no name can lead to it, and there is no free inode", inum);
        return;
    }
    mend_say(m, "inode %u: no entry can hold its number; it becomes %u", inum, lower);
    *mend_inode(m, lower) = *di;
    memset(di, 0, sizeof(*di));
}

/* Frees lost inodes in which the damage has left nothing. */
static void drop_empty(struct mend *m)
{
    for (uint inum = ROOTINO; inum < mend_ninodes(m); inum++) {
        struct dinode *di = mend_inode(m, inum);
        if (!is_lost(m, inum) || !m->suspect[inum] || di->size > 0)
            continue;
        mend_say(m, "inode %u: no name leads to it, and nothing is in it; it is free now", inum);
        memset(di, 0, sizeof(*di));
    }
}

/* Which lost directories are in other lost ones? */
static bool *find_inner(struct mend *m)
{
    bool *inner = calloc(mend_ninodes(m), sizeof(*inner));

    if (!inner)
        abort();
    for (uint dir = ROOTINO; dir < mend_ninodes(m); dir++) {
        for (uint i = 0; is_dir(m, dir) && is_lost(m, dir) && i < count_entries(m, dir); i++) {
            const struct dirent *e = entry_at(m, dir, i);
            if (e->inum && e->inum < mend_ninodes(m) && !is_dots(e))
                inner[e->inum] = true;
        }
    }
    return inner;
}

static void connect_lost(struct mend *m)
{
    drop_empty(m);
    for (uint inum = FSIMAGE_INUM_MAX + 1; inum < mend_ninodes(m); inum++)
        if (is_lost(m, inum))
            move_down(m, inum);
    uint limit = mend_ninodes(m) <= FSIMAGE_INUM_MAX ? mend_ninodes(m) : FSIMAGE_INUM_MAX + 1;
    bool *inner = find_inner(m);
    for (uint inum = ROOTINO; inum < limit; inum++)
        if (is_lost(m, inum) && is_dir(m, inum) && !inner[inum])
            connect(m, inum);
    for (uint inum = ROOTINO; inum < limit; inum++) /* circles of them */
        if (is_lost(m, inum) && is_dir(m, inum))
            connect(m, inum);
    for (uint inum = ROOTINO; inum < limit; inum++)
        if (is_lost(m, inum))
            connect(m, inum);
    free(inner);
}

/* Link counts. */

static void mend_links(struct mend *m)
{
    for (uint inum = ROOTINO; inum < mend_ninodes(m); inum++) {
        struct dinode *di = mend_inode(m, inum);
        uint names = m->nnames[inum] + (inum == ROOTINO), links = names + m->nsub[inum];
        if (di->type == 0 || names == 0 || di->nlink == (int)links)
            continue;
        mend_say(m, "inode %u: its link count of %d becomes %u", inum, di->nlink, links);
        di->nlink = links;
    }
}

void mend_tree(struct mend *m)
{
    if (!mend_root(m))
        return;
    find_homes(m);
    reach(m, ROOTINO, ROOTINO);
    walk(m);
    connect_lost(m);
    mend_links(m);
}
