/*
 * fsmend_super.c - mends a super block, by which everything else in an image is found.
 *
 * Its numbers depend on each other in images that mkfs makes.  So each number may be guessed from the others, and the
 * whole image is checked with each guess: the one with which the fewest problems are left was the super block.
 */
#include <string.h>

#include "host/fscheck.h"
#include "host/fsmend_impl.h"

static void ignore(const char *problem) { (void)problem; }

/* Puts this super block into the image, and checks the whole.  False: it can't be a super block. */
static bool try_super(uchar *image, size_t nbytes, const struct superblock *sb, struct check_result *result)
{
    struct fs_layout layout;

    if (fs_layout(&layout, sb, nbytes / BSIZE))
        return false;
    memcpy(image + SUPER_BLOCK * BSIZE, sb, sizeof(*sb));
    check_image(image, nbytes, ignore, result);
    return true;
}

/* What the super block may have been if one of its numbers is wrong; guess 0: it is right.  Each number follows from
   the others in images that mkfs made, ours or xv6's; no damage makes the mark of the extended layout by chance. */
#define GUESSES 9u
static struct superblock guess_super(struct superblock sb, uint guess, size_t nblocks)
{
    bool extended = __builtin_popcount(sb.features ^ FS_FEATURE_EXTENDED) < __builtin_popcount(sb.features);

    switch (guess) {
    case 1:
        sb.features = extended ? FS_FEATURE_EXTENDED : 0;
        break;
    case 2:
        if (sb.features != FS_FEATURE_EXTENDED)
            sb.features = extended ? 0 : FS_FEATURE_EXTENDED;
        break;
    case 3:
        sb.size = nblocks < ~0u ? nblocks : ~0u;
        break;
    case 4:
        sb.logstart = SUPER_BLOCK + 1;
        break;
    case 5:
        sb.nlog = sb.inodestart - sb.logstart;
        break;
    case 6:
        sb.inodestart = sb.logstart + sb.nlog;
        break;
    case 7:
        sb.bmapstart = sb.inodestart + sb.ninodes / IPB + 1;
        break;
    case 8:
        if (sb.ninodes / IPB != sb.bmapstart - sb.inodestart - 1) /* at least as many as there were */
            sb.ninodes = (sb.bmapstart - sb.inodestart - 1) * IPB + IPB - 1;
    }
    return sb;
}

static bool is_among(const struct superblock *tried, uint n, const struct superblock *sb)
{
    while (n > 0 && memcmp(&tried[n - 1], sb, sizeof(*sb)) != 0)
        n--;
    return n > 0;
}

/* A guess must halve the problems: other damage can look a little better with a wrong super block.  And inodes that
   have problems must not become more, if they are the same inodes: one directory can have thousands, which become few
   when its blocks are not found, as with a wrong layout; but then all long files have some.  For another layout than
   xv6's, which has no mark, such inodes must become fewer.  Two numbers may be wrong: so guesses at one number come
   first, and then guesses at another one on top of them. */
bool mend_super(uchar *image, size_t nbytes, void (*report)(const char *))
{
    struct superblock sb, best, tried[GUESSES * GUESSES];
    struct check_result r;
    uint fewest = ~0u, limit = ~0u, ntried = 0; /* fewest: inodes that have problems */

    if (nbytes / BSIZE <= SUPER_BLOCK)
        return false;
    memcpy(&sb, image + SUPER_BLOCK * BSIZE, sizeof(sb));
    best = sb;
    for (uint i = 0; i < GUESSES * GUESSES && limit > 0; i++) {
        struct superblock guess =
            guess_super(guess_super(sb, i / GUESSES, nbytes / BSIZE), i % GUESSES, nbytes / BSIZE);
        if (is_among(tried, ntried, &guess))
            continue;
        tried[ntried++] = guess;
        if (!try_super(image, nbytes, &guess, &r) || r.nproblems >= limit)
            continue;
        bool other_layout = sb.features == 0 && guess.features != 0;
        if (guess.inodestart == best.inodestart && r.nwrong + other_layout > fewest)
            continue;
        best = guess;
        fewest = r.nwrong;
        limit = i == 0 ? (r.nproblems + 1) / 2 : r.nproblems;
    }
    memcpy(image + SUPER_BLOCK * BSIZE, &best, sizeof(best));
    if (memcmp(&best, &sb, sizeof(sb)) != 0)
        report("super block: a number that does not fit the others is mended");
    return fewest != ~0u;
}
