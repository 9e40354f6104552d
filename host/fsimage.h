/*
 * fsimage.h - a file system image in memory, and how files get into it.
 *
 * The image may claim anything: each number is checked before it is used, and a wrong one ends in an error.
 * Functions that return a string return NULL, or what is wrong, in words; an image with which something went
 * wrong half-way is good for nothing.  The bytes are the caller's.
 */
#ifndef FSIMAGE_H
#define FSIMAGE_H

#include <stddef.h>

#include "include/fslayout.h"
#include "include/mustcheck.h"

#define FSIMAGE_INUM_MAX  65535u /* a directory entry has 16 bits for the number */
#define FSIMAGE_LINKS_MAX 32767u /* an inode has 15 bits for their number */

struct fsimage {
    struct fs_layout layout;
    uchar *bytes;
    uint hint;  /* no block below it is free */
    uint ihint; /* nor any inode below this one */
};

struct fsimage_shape {
    bool extended;
    uint nblocks, ninodes, nlog;
};

/* What a shape takes besides the data: blocks for the super block, log, inodes and bitmap. */
uint fsimage_metadata_blocks(const struct fsimage_shape *shape);
/* Data and address blocks that a file of nbytes takes. */
uint fsimage_blocks_for(bool extended, uint nbytes);

/* An empty file system in nblocks * BSIZE zeroes. */
MUST_CHECK const char *fsimage_format(struct fsimage *im, uchar *bytes, const struct fsimage_shape *shape);
/* The file system that is there.  A full log is replayed first, as a kernel does when it mounts. */
MUST_CHECK const char *fsimage_open(struct fsimage *im, uchar *bytes, size_t nbytes);

/* The inode of the file at `path`, whose directories are made if need be.  If the file is there, it is an error,
   or, with `replace`, its inode. */
MUST_CHECK const char *fsimage_create(struct fsimage *im, const char *path, bool replace, uint *inum);
/* Replaces the contents of a file. */
MUST_CHECK const char *fsimage_fill(struct fsimage *im, uint inum, const void *bytes, uint nbytes);

/* Cuts the next name off a path, to DIRSIZ bytes; *length: what it was before.  NULL: there is none. */
MUST_CHECK const char *fsimage_next_name(const char *path, char name[DIRSIZ + 1], size_t *length);

/* The parts, for programs that build or mend single structures. */

/* Puts the blocks of a committed transaction into their places, and empties the log.  Returns their number; -1: the
   log's header is damaged, and stays as it is. */
MUST_CHECK int fsimage_replay_log(struct fsimage *im);
/* What the bitmap says of a block, below sb.size. */
bool fsimage_is_marked(const struct fsimage *im, uint blockno);
void fsimage_mark(struct fsimage *im, uint blockno, bool used);
/* A free block, zeroed and now in use; 0: there is none. */
MUST_CHECK uint fsimage_take_block(struct fsimage *im);
/* A free inode becomes one of this type, with one link; 0: there is none. */
MUST_CHECK uint fsimage_take_inode(struct fsimage *im, short type);
/* The bytes of a file's block `index`, which is made if there is none and `make` says so.  NULL, and *wrong. */
MUST_CHECK void *fsimage_block_of(struct fsimage *im, struct dinode *di, uint index, bool make,
                                  const char **wrong);
/* Finds the entry of a name of DIRSIZ bytes; *e: that, or a free one, or NULL for one past the end. */
MUST_CHECK const char *fsimage_find_entry(struct fsimage *im, struct dinode *dir, const char *name,
                                          struct dirent **e);
/* free_entry: what fsimage_find_entry() found. */
MUST_CHECK const char *fsimage_enter(struct fsimage *im, struct dinode *dir, struct dirent *free_entry,
                                     const char *name, uint inum);
/* Gives an empty directory its "." and "..". */
MUST_CHECK const char *fsimage_enter_dots(struct fsimage *im, uint inum, uint parent);

static inline void *fsimage_block(const struct fsimage *im, uint blockno)
{
    return im->bytes + (size_t)blockno * BSIZE;
}

/* inum: below sb.ninodes. */
static inline struct dinode *fsimage_inode(const struct fsimage *im, uint inum)
{
    return (struct dinode *)fsimage_block(im, IBLOCK(inum, im->layout.sb)) + inum % IPB;
}

#endif
