/*
 * table.c - maps from small integers to pointers: a radix tree of 16-way nodes.
 *
 *   height 2:   root -> [ node 0x00-0x0f | node 0x10-0x1f | ... ] -> values
 *
 * The largest key in the table determines the height.  A node is its 16 slots and nothing else, so it is an
 * object of 16 words; a scan of them shows whether it is empty.
 *
 * Invariants, between calls: no node is empty; a root above height 1 has an entry in a slot other than 0,
 * so the table is never higher than its keys need; an empty table has height 0 and no memory at all.
 */
#include "mm/table.h"
#include "mm/slab.h"

#define FANOUT_BITS 4u
#define FANOUT      (1u << FANOUT_BITS)
#define MAX_HEIGHT  8u /* 8 levels of 4 bits cover every key */

struct node {
    void *slot[FANOUT];
};

/* The slot of `key` in a node with `height` levels, its own included. */
static inline uint slot_of(uint key, uint height)
{
    return key >> (FANOUT_BITS * (height - 1)) & (FANOUT - 1);
}

/* Can a tree of this height hold the key? */
static inline bool covers(uint height, uint key)
{
    return height >= MAX_HEIGHT || key >> (FANOUT_BITS * height) == 0;
}

/* Is there no entry from slot `first` on? */
static bool node_empty_from(const struct node *n, uint first)
{
    for (uint i = first; i < FANOUT; i++)
        if (n->slot[i])
            return false;
    return true;
}

/* The lowest node on the way to `key`; NULL: there is none, and no entry. */
static inline struct node *leaf_of(const struct table *t, uint key)
{
    struct node *n = t->root;

    if (!covers(t->height, key))
        return NULL;
    for (uint height = t->height; n && height > 1; height--)
        n = n->slot[slot_of(key, height)];
    return n;
}

void *table_get(const struct table *t, uint key)
{
    const struct node *leaf = leaf_of(t, key);

    return leaf ? leaf->slot[slot_of(key, 1)] : NULL;
}

/* Frees the nodes on the way to `key` that have become empty, and the levels that are no longer needed. */
static void prune(struct table *t, uint key)
{
    struct node *path[MAX_HEIGHT];
    uint depth = 0;
    struct node *n = t->root;

    if (covers(t->height, key))
        for (uint height = t->height; n && height; height--) {
            path[depth++] = n;
            n = n->slot[slot_of(key, height)];
        }
    while (depth && node_empty_from(path[depth - 1], 0)) {
        kfree(path[--depth]);
        if (depth)
            path[depth - 1]->slot[slot_of(key, t->height - depth + 1)] = NULL;
        else
            *t = (struct table)TABLE_INIT;
    }
    for (struct node *root = t->root; root && t->height > 1 && node_empty_from(root, 1); root = t->root) {
        t->root = root->slot[0];
        t->height--;
        kfree(root);
    }
}

/* Adds levels until the tree covers key; false: no memory.  An empty tree gets its root, as high as the key needs. */
static bool grow(struct table *t, uint key)
{
    while (!t->root || !covers(t->height, key)) {
        struct node *root = kmalloc_zeroed(sizeof(*root));
        bool empty = !t->root;

        if (!root)
            return false;
        root->slot[0] = t->root;
        t->root = root;
        do
            t->height++;
        while (empty && !covers(t->height, key));
    }
    return true;
}

bool table_set(struct table *t, uint key, void *value)
{
    struct node *n;

    if (!grow(t, key))
        goto no_memory;
    n = t->root;
    for (uint height = t->height; height > 1; height--) {
        void **slot = &n->slot[slot_of(key, height)];

        if (!*slot)
            *slot = kmalloc_zeroed(sizeof(*n));
        if (!*slot)
            goto no_memory;
        n = *slot;
    }
    n->slot[slot_of(key, 1)] = value;
    return true;
no_memory:
    prune(t, key);
    return false;
}

void *table_remove(struct table *t, uint key)
{
    struct node *leaf = leaf_of(t, key);
    void *value = leaf ? leaf->slot[slot_of(key, 1)] : NULL;

    if (!value)
        return NULL;
    leaf->slot[slot_of(key, 1)] = NULL;
    if (node_empty_from(leaf, 0))
        prune(t, key);
    return value;
}

/* The first entry below n, whose keys begin at `base`, with a key >= *key. */
static void *next_below(const struct node *n, uint height, uint base, uint *key)
{
    for (uint i = *key > base ? slot_of(*key, height) : 0; i < FANOUT; i++) {
        void *found = n->slot[i];
        uint start;

        if (!found)
            continue;
        start = base | i << (FANOUT_BITS * (height - 1));
        if (height == 1) {
            *key = start;
            return found;
        }
        found = next_below(found, height - 1, start, key);
        if (found)
            return found;
    }
    return NULL;
}

void *table_next(const struct table *t, uint *key)
{
    if (!t->root || !covers(t->height, *key))
        return NULL;
    return next_below(t->root, t->height, 0, key);
}

static void clear_below(struct node *n, uint height, void (*pause)(void))
{
    for (uint i = 0; i < FANOUT && height > 1; i++)
        if (n->slot[i])
            clear_below(n->slot[i], height - 1, pause);
    kfree(n);
    if (height > 1)
        pause();
}

void table_clear(struct table *t, void (*pause)(void))
{
    if (t->root)
        clear_below(t->root, t->height, pause);
    *t = (struct table)TABLE_INIT;
}
