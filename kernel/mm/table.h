/*
 * table.h - maps from small integers to pointers, growing as needed.
 *
 * A radix tree of 16-way nodes, as high as its largest key demands: look-up is at most eight loads,
 * one for keys below 16.  Nodes are freed with their last entry.  Lock: the owner's.
 * Sleeps: no.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>

#include "include/mustcheck.h"
#include "include/types.h"

/* Fields:  O guarded by its owner's lock */
struct table {
    void *root;  /* [O] */
    uint height; /* [O] levels of nodes; 0: empty */
};

/* clang-format off */
#define TABLE_INIT { NULL, 0 }
/* clang-format on */

/* NULL when there is no entry. */
void *table_get(const struct table *t, uint key);
/* Enters a non-NULL value, in place of an older one.  False: no memory, and nothing changed; replacing never
   fails.  Allocates with kmalloc(). */
MUST_CHECK bool table_set(struct table *t, uint key, void *value);
/* Removes and returns the entry; NULL when there was none.  Never fails. */
void *table_remove(struct table *t, uint key);
/* The entry with the smallest key >= *key, which it stores in *key; NULL when there is none. */
void *table_next(const struct table *t, uint *key);
/* Drops all nodes; the values are the caller's.  After at most 17 of them it calls pause(), which may sleep: then
   nobody else may use the table. */
void table_clear(struct table *t, void (*pause)(void));

#endif
