/*
 * ksmcourse.h - shared memory by the header that the course's assignment proposes, for programs written to it.
 *
 * It differs from ksm.h in ksminfo(): the structure has a pointer to the system-wide figures.  A program includes one
 * of the two headers.  The other calls are those of ksm.h, with the return types that their results need: ksmattach()
 * is a pointer, ksmdetach() an int.
 */
#ifndef KSMCOURSE_H
#define KSMCOURSE_H

#define ksminfo_t ksm_record_t /* the kernel's own structure, out of the way */
#include "ksm.h"
#undef ksminfo_t

struct ksmglobalinfo_t {
    uint total_shrg_nr; /* segments that exist */
    uint total_shpg_nr; /* pages that they hold */
};

struct ksminfo_t {
    uint ksmsz;                              /* bytes, as asked for at creation */
    int cpid;                                /* pid that created it */
    int mpid;                                /* pid of the last creation, attach, detach or delete */
    uint attached_nr;                        /* attachments now, over all processes */
    uint atime;                              /* last attach, in ticks; 0: never */
    uint dtime;                              /* last detach; 0: never */
    struct ksmglobalinfo_t *ksm_global_info; /* the caller's: where the system-wide figures go */
};

/*
 * Fills the structure, and the one that it points to; for handle 0, only the latter.  Both pointers are checked:
 * KSM_EFAULT, and nothing is written.  KSM_ENOMEM: no two descriptors are free, which the check needs.  Sleeps: may.
 */
int ksmcourse_info(int handle, struct ksminfo_t *info);

#define ksminfo(handle, info) ksmcourse_info((handle), (info))

#endif
