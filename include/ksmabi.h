/*
 * ksmabi.h - numbers and structures of shared memory, for the kernel and programs.
 *
 * Programs include "ksm.h", which adds the calls.
 */
#ifndef KSMABI_H
#define KSMABI_H

#include "mustcheck.h"
#include "types.h"

/* Flags of get and attach (§2). */
#define KSM_CREATE       0x01 /* get: create it if it does not exist (the default) */
#define KSM_OPEN         0x02 /* get, without KSM_CREATE: it must exist */
#define KSM_READ         0x04 /* attach: readable; without another flag, read-only */
#define KSM_WRITE        0x08 /* attach: writable, and so readable */
#define KSM_RDWR         0x10 /* attach: both (the default) */
#define KSM_MUSTNOTEXIST 0x20 /* get: create it, and fail if it exists */
#define KSM_HUGETLB      0x40 /* get: 4 MB pages, which are not offered */

/* Errors (§9). */
#define KSM_EINVAL     (-2)
#define KSM_EHANDLE    (-3)
#define KSM_ENOENT     (-4)
#define KSM_EEXIST     (-5)
#define KSM_ESIZE      (-6)
#define KSM_ENOMEM     (-7)
#define KSM_ENOSPC     (-8)
#define KSM_ENOVA      (-9)
#define KSM_ENOTATT    (-10)
#define KSM_EFAULT     (-11)
#define KSM_ENOTSUP    (-12)
#define KSM_EAGAIN     (-13)
#define KSM_ETIMEDOUT  (-14)
#define KSM_EOWNERDEAD (-15)

#define KSM_MAX_NBYTES 0x7FFFE000u /* no segment can be larger (§3.5) */

#define KSM_NAME_SIZE 24 /* of the name that the operator sees, with its 0: longer ones are cut */

/* The user library's lock is a word with its holder's pid, and this bit while others wait (docs/feed.md). */
#define KSMLOCK_WAITED 0x80000000u

struct ksminfo_t {
    uint ksmsz;             /* bytes, as asked for at creation */
    int cpid;               /* pid that created it */
    int mpid;               /* pid of the last operation: creation, attach, detach or delete */
    uint attached_nr;       /* attachments now, over all processes */
    uint atime;             /* last attach, in ticks since boot; 0: never */
    uint dtime;             /* last detach; 0: never */
    uint ctime;             /* last change: the creation, or the first marking */
    uint marked;            /* 1: destroyed at the last detach */
    uint total_shrg_nr;     /* system-wide: segments that exist */
    uint total_shpg_nr;     /* system-wide: pages that they hold */
    uint total_attached_nr; /* system-wide: attachments, over all segments */
};

#endif
