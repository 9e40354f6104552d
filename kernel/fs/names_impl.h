/*
 * names_impl.h - what path.c, names.c and rename.c share.
 *
 * Inodes are not acquired, unless a contract says so.  Sleeps: may.
 */
#ifndef NAMES_IMPL_H
#define NAMES_IMPL_H

#include "fs/inode.h"
#include "fs/names.h"

/* path.c. */

/* The directory that the last name of the path is in, and that name.  NULL: there is none. */
MUST_CHECK struct inode *path_parent(struct inode *cwd, const char *path, struct filename *name);
/* A reference to what this name stands for in a directory; NULL: nothing. */
MUST_CHECK struct inode *path_child(struct inode *dp, const struct filename *name);
/* Is it neither "." nor ".."?  Sleeps: no. */
bool path_is_plain(const struct filename *name);

/* names.c. */

/* What an operation on names may cost, in blocks.  The most costly is mkdir(): a new inode and its first block, the
   parent's entry with the directory's growth (INODE_CHANGE_COST), the parent's inode. */
#define NAMES_COST LOG_OP_MIN
/* Begins an operation of this cost on names, the only one from now on until names_unlock(); log_end() ends it.  -1: the
   disk failed. */
MUST_CHECK int names_begin(struct log_op *op, uint cost);
/* No entry changes any more.  Sleeps: no. */
void names_unlock(void);

/* Acquires a directory that can take new entries.  0 or -1. */
MUST_CHECK int names_acquire_directory(struct inode *dp);
/* A name in a directory stood for inode `was`, and is to stand for another one; 0: none.  The directory's links change
   with it.  -1: it did not, there is no room, or it can't be read; nothing is changed. */
MUST_CHECK int names_set_entry(struct log_op *op, struct inode *dp, const struct filename *name, uint was,
                               uint inum, int links);
/* What loses a name; FIXED can't, because it is the root, has none, or can't be read. */
enum names_kind { NAMES_FIXED, NAMES_FILE, NAMES_EMPTY_DIR, NAMES_FULL_DIR };
enum names_kind names_kind(struct inode *ip);
/* ip has lost a name in dp.  The reference to a directory that it was in earlier, or NULL: only in a corrupt
   image. */
struct inode *names_lose(struct log_op *op, struct inode *ip, struct inode *dp);

#endif
