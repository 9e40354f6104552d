/*
 * mapping.c - mappings in an AVL tree that knows its gaps.
 *
 * Each mapping stands for the gap after it, up to the next mapping or USER_END.  A gap has two sizes: its
 * bytes, and its bytes from the first multiple of CHUNK_SIZE on, which is the part that a large mapping can
 * use.  Each node keeps the largest of either kind in its subtree, so that the search for the highest gap
 * that fits never has to turn back.  The gap below the lowest mapping changes with the heap and is in no
 * node: the caller says where it begins.
 *
 * A change goes down from the root and keeps the path, then up again to balance and to update the sums.  The
 * next lower mapping, whose gap changes, always lies on the path.
 */
#include <stddef.h>

#include "base/min.h"
#include "mm/mapping.h"

#define MAX_DEPTH 32 /* enough for every page of 2 GB: an AVL tree of 2^19 nodes has at most 27 levels */

/* The links that were followed from the root on, and the last mapping among them that is lower. */
struct path {
    struct mapping **link[MAX_DEPTH];
    uint depth;
    struct mapping *below;
};

static int height(const struct mapping *m) { return m ? m->height : 0; }

/* Recomputes a node's sums over its subtree. */
static void update_sums(struct mapping *m)
{
    const struct mapping *l = m->left, *r = m->right;

    m->height = 1 + (height(l) > height(r) ? height(l) : height(r));
    m->max_gap = m->gap;
    m->max_chunk = mapping_chunk_room(mapping_end(m), m->gap);
    if (l) {
        m->max_gap = max_uint(m->max_gap, l->max_gap);
        m->max_chunk = max_uint(m->max_chunk, l->max_chunk);
    }
    if (r) {
        m->max_gap = max_uint(m->max_gap, r->max_gap);
        m->max_chunk = max_uint(m->max_chunk, r->max_chunk);
    }
}

static struct mapping *rotate_right(struct mapping *m)
{
    struct mapping *top = m->left;

    m->left = top->right;
    top->right = m;
    update_sums(m);
    return top;
}

static struct mapping *rotate_left(struct mapping *m)
{
    struct mapping *top = m->right;

    m->right = top->left;
    top->left = m;
    update_sums(m);
    return top;
}

/* Makes one node's subtrees differ by one level at most, and recomputes its sums. */
static __attribute__((noinline)) struct mapping *balance(struct mapping *m)
{
    int lean = height(m->left) - height(m->right);

    if (lean > 1) {
        if (height(m->left->left) < height(m->left->right))
            m->left = rotate_left(m->left);
        m = rotate_right(m);
    } else if (lean < -1) {
        if (height(m->right->right) < height(m->right->left))
            m->right = rotate_right(m->right);
        m = rotate_left(m);
    }
    update_sums(m);
    return m;
}

/* Inline: a tree of one mapping has nothing to balance. */
static inline void balance_path(struct path *p)
{
    while (p->depth) {
        struct mapping **link = p->link[--p->depth];
        if (*link)
            *link = balance(*link);
    }
}

/* The link to m, or the empty one where it belongs. */
static inline struct mapping **descend(struct mapping **root, const struct mapping *m, struct path *path)
{
    struct mapping **link = root;

    path->depth = 0;
    path->below = NULL;
    while (*link && *link != m) {
        struct mapping *at = *link;
        path->link[path->depth++] = link;
        if (m->va < at->va) {
            link = &at->left;
        } else {
            path->below = at;
            link = &at->right;
        }
    }
    return link;
}

void mapping_insert(struct mapping **root, struct mapping *m)
{
    struct path path;
    struct mapping **link = descend(root, m, &path), *below = path.below;
    uint next = USER_END;

    if (below) {
        next = mapping_end(below) + below->gap;
        below->gap = m->va - mapping_end(below);
    } else if (path.depth) {
        next = (*path.link[path.depth - 1])->va;
    }
    m->gap = next - mapping_end(m);
    m->left = m->right = NULL;
    update_sums(m);
    *link = m;
    balance_path(&path);
}

/* Puts the next lower mapping, which is in m's left subtree, in m's place, which is *link; returns it. */
static struct mapping *put_lower(struct mapping *m, struct mapping **link, struct path *path)
{
    struct mapping *below = m->left, **lower = &m->left;

    path->link[path->depth++] = link;
    uint place = path->depth;
    for (; below->right; below = *lower) {
        path->link[path->depth++] = lower;
        lower = &below->right;
    }
    *lower = below->left;
    below->left = m->left;
    below->right = m->right;
    *link = below;
    if (path->depth > place)
        path->link[place] = &below->left; /* it was m's own field */
    return below;
}

void mapping_remove(struct mapping **root, struct mapping *m)
{
    struct path path;
    struct mapping **link = descend(root, m, &path), *below = path.below;

    if (m->left)
        below = put_lower(m, link, &path);
    else
        *link = m->right;
    if (below)
        below->gap += (m->npages << PAGE_SHIFT) + m->gap;
    balance_path(&path);
}

void mapping_add_twin(struct mapping **root, struct mapping *m, struct mapping *from)
{
    *m = *from;
    m->twin = from;
    from->twin = m;
    m->left = NULL;
    m->right = *root;
    *root = m;
}

void mapping_twins_done(struct mapping **root, const struct mapping *parent_root, void (*pause)(void))
{
    struct mapping *next;

    for (struct mapping *m = *root; m; m = next) {
        const struct mapping *from = m->twin;
        next = m->right;
        m->left = from->left ? from->left->twin : NULL;
        m->right = from->right ? from->right->twin : NULL;
        pause();
    }
    *root = parent_root ? parent_root->twin : NULL;
}

struct mapping *mapping_pop(struct mapping **root)
{
    struct mapping *m = *root;

    if (!m)
        return NULL;
    for (struct mapping *left; (left = m->left) != NULL; m = left) {
        m->left = left->right;
        left->right = m;
    }
    *root = m->right;
    return m;
}

struct mapping *mapping_at(struct mapping *root, uint va)
{
    while (root && (va < root->va || va >= mapping_end(root)))
        root = va < root->va ? root->left : root->right;
    return root;
}

struct mapping *mapping_from(struct mapping *root, uint va)
{
    struct mapping *best = NULL;

    while (root) {
        if (root->va >= va) {
            best = root;
            root = root->left;
        } else {
            root = root->right;
        }
    }
    return best;
}

/* The highest place for nbytes between lo and hi, or 0. */
static uint place_in(uint lo, uint hi, uint nbytes)
{
    if (hi < lo || hi - lo < nbytes)
        return 0;
    uint va = hi - nbytes;
    if (nbytes >= CHUNK_SIZE)
        va &= ~(CHUNK_SIZE - 1);
    return va >= lo ? va : 0;
}

static uint room_below(const struct mapping *m, bool chunks)
{
    return !m ? 0 : chunks ? m->max_chunk : m->max_gap;
}

uint mapping_find_hole(struct mapping *root, uint floor, uint nbytes)
{
    bool chunks = nbytes >= CHUNK_SIZE;
    const struct mapping *m = root;

    if (room_below(m, chunks) < nbytes) {
        const struct mapping *lowest = mapping_from(root, 0);
        return place_in(floor, lowest ? lowest->va : USER_END, nbytes);
    }
    for (;;) {
        uint end = mapping_end(m);
        if (room_below(m->right, chunks) >= nbytes)
            m = m->right;
        else if ((chunks ? mapping_chunk_room(end, m->gap) : m->gap) >= nbytes)
            return place_in(end, end + m->gap, nbytes);
        else
            m = m->left;
    }
}
