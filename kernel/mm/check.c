/*
 * check.c - proves the invariants of a tree of mappings that mapping.c states.
 *
 * It goes through the tree from the highest mapping down, and finds anew for each subtree what its root should say of
 * it.  That takes time linear in the number of mappings: for debug builds and tests.
 */
#ifdef DEBUG
#include <stddef.h>

#include "base/min.h"
#include "mm/mapping.h"

/* What was found in a subtree. */
struct found {
    int height;
    uint lowest; /* address of its first mapping; without one, where its last gap ends */
    uint npages, max_gap, max_chunk;
};

/* Checks a node by what was found below it, and adds what it has itself to that: `left` becomes the subtree's. */
static const char *check_node(const struct mapping *m, struct found *left, const struct found *right)
{
    uint end = mapping_end(m);
    int lean = left->height - right->height;

    if (end > right->lowest || end < m->va)
        return "mappings overlap";
    if (m->gap != right->lowest - end)
        return "a gap is not what follows its mapping";
    left->height = 1 + (lean > 0 ? left->height : right->height);
    left->npages += m->npages + right->npages;
    left->max_gap = max_uint(m->gap, max_uint(left->max_gap, right->max_gap));
    left->max_chunk = max_uint(mapping_chunk_room(end, m->gap), max_uint(left->max_chunk, right->max_chunk));
    if (m->height != left->height || lean < -1 || lean > 1)
        return "the tree of mappings is out of balance";
    if (m->max_gap != left->max_gap || m->max_chunk != left->max_chunk)
        return "a subtree's largest gap is wrong";
    return NULL;
}

/* A subtree whose last gap ends at `end`. */
static const char *check_subtree(const struct mapping *m, uint end, struct found *found)
{
    *found = (struct found){ .lowest = end };
    if (!m)
        return NULL;
    struct found right;
    const char *wrong = check_subtree(m->right, end, &right);
    if (!wrong)
        wrong = check_subtree(m->left, m->va, found);
    return wrong ? wrong : check_node(m, found, &right);
}

const char *mapping_check(struct mapping *root, uint *npages)
{
    struct found found;
    const char *wrong = check_subtree(root, USER_END, &found);

    *npages = found.npages;
    return wrong;
}

#else
typedef int mapping_check_is_empty; /* a file must declare something */
#endif
