/*
 * fs.h - the file system's format on disk: xv6's, and an extended inode layout.
 *
 *   block 0 | 1 super | log | inodes | bitmap | data      512 bytes each, little-endian
 *
 * Block 0 is unused.  An image made for xv6 has zeroes after bmapstart.  FS_FEATURE_EXTENDED there marks an
 * image whose inodes use two of their thirteen addresses for an indirect and a doubly indirect block.
 */
#ifndef FS_H
#define FS_H

#include "types.h"

#define BSIZE   512
#define ROOTINO 1

struct superblock {
    uint size;    /* blocks of the whole image */
    uint nblocks; /* data blocks */
    uint ninodes;
    uint nlog; /* blocks of the log, its header included */
    uint logstart;
    uint inodestart;
    uint bmapstart;
    uint features; /* 0 in images made for xv6 */
};

#define FS_FEATURE_EXTENDED 0x4d534b01u

#define NADDR     13
#define NINDIRECT (BSIZE / sizeof(uint))

/* xv6's layout: 12 direct, 1 indirect. */
#define NDIRECT 12
#define MAXFILE (NDIRECT + NINDIRECT)

/* The extended layout: 11 direct, 1 indirect, 1 doubly indirect: 8,261 KB. */
#define EXT_NDIRECT 11
#define EXT_MAXFILE (EXT_NDIRECT + NINDIRECT + NINDIRECT * NINDIRECT)

struct dinode {
    short type; /* 0: free; else T_DIR, T_FILE, T_DEV */
    short major;
    short minor;
    short nlink;
    uint size; /* bytes */
    uint addrs[NADDR];
};

#define IPB           (BSIZE / sizeof(struct dinode)) /* inodes in a block */
#define IBLOCK(i, sb) ((i) / IPB + (sb).inodestart)

#define BPB           (BSIZE * 8) /* bitmap bits in a block */
#define BBLOCK(b, sb) ((b) / BPB + (sb).bmapstart)

/* The log's header block; n is 0 when there is nothing to recover. */
struct logheader {
    int n;
    int block[BSIZE / sizeof(int) - 1]; /* home of each copy that follows the header */
};

#define DIRSIZ 14

struct dirent {
    ushort inum; /* 0: free entry */
    char name[DIRSIZ];
};

#endif
