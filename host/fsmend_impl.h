/*
 * fsmend_impl.h - what the files of fsmend share: the super block (fsmend_super.c), blocks and inodes (fsmend.c), names
 * (fsmend_tree.c).
 */
#ifndef FSMEND_IMPL_H
#define FSMEND_IMPL_H

#include <string.h>

#include "host/fsimage.h"

struct mend {
    struct fsimage old; /* as it was found, but with its log replayed: read only */
    struct fsimage im;  /* the image that is mended; its bitmap has every block that some inode claims */
    uint *claims;       /* of each block: how many addresses name it in `old` */
    uint *owner;        /* of each block: the inode that has it now; 0: none yet */
    uchar *kind;        /* of each block: does it have entries?  See fsmend.c */
    uint nfree;         /* blocks that nothing claims */
    bool *suspect;      /* of each inode: its own addresses contradict themselves */
    uint *nnames;       /* of each inode: entries that name it, except "." and ".." */
    uint *nsub;         /* of each directory: directories in it */
    uint *home;         /* of each directory: see fsmend_tree.c; 0: it has none */
    uint *parent;       /* of each directory that was reached: the one that it is in; else 0 */
    uint *todo;         /* directories that wait for their walk */
    uint ntodo;
    uint nsaid; /* lines that were reported, or would have been */
    bool left;  /* something could not be mended */
    void (*report)(const char *);
};

#define MEND_RESERVE 8u /* free blocks that copies and holes leave to directories */

void mend_say(struct mend *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, for what can't be mended. */
void mend_leave(struct mend *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline struct dinode *mend_inode(const struct mend *m, uint inum)
{
    return fsimage_inode(&m->im, inum);
}
static inline bool mend_is_name(const struct dirent *e)
{
    return e->name[0] && !memchr(e->name, '/', strnlen(e->name, DIRSIZ));
}
static inline uint mend_ninodes(const struct mend *m) { return m->im.layout.sb.ninodes; }

/* fsmend_super.c: puts the likeliest super block into an image, and reports a change.  False: there is none. */
bool mend_super(uchar *image, size_t nbytes, void (*report)(const char *));
/* fsmend_tree.c: the root, all directories from it down, files without a name, the link counts. */
void mend_tree(struct mend *m);

#endif
