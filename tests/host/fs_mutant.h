/*
 * fs_mutant.h - small images with everything in them, and damage to them that a string of bytes decides.
 *
 * The damage knows the structure of an image: super block, log, inodes, bitmap, entries, address blocks.  So most
 * mutants get past the mount, and a fuzzer that changes the bytes changes the damage.
 */
#ifndef FS_MUTANT_H
#define FS_MUTANT_H

#include <stdbool.h>
#include <stddef.h>

#include "include/types.h"

/* Bytes that decide; when they are used up, zeroes. */
struct bytes {
    const uchar *at;
    size_t left;
};
uint bytes_take(struct bytes *in, uint n); /* a number of n bytes */

struct mutant {
    uint shape; /* which of the images it was made from */
    uint nblocks;
    uchar *disk; /* nblocks * BSIZE bytes of the caller's */
};

#define MUTANT_SHAPES     3u
#define MUTANT_BLOCKS_MAX 4300u

/* The good image of a shape, which stays. */
const uchar *mutant_original(uint shape, uint *nblocks);
/* Makes one in disk[], which has room for MUTANT_BLOCKS_MAX blocks. */
void mutant_make(struct mutant *m, uchar *disk, struct bytes *in);
/* `mended` is what fsck made of `mutant`.  Has it every file that the damage did not touch, byte by byte, and under its
   path if that was not touched either?  Prints what it lacks. */
bool mutant_is_kept(const struct mutant *m, const uchar *mended);

#endif
