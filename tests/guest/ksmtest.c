/*
 * ksmtest.c - helpers of the tests of shared memory.
 *
 * Identifiers consist of the pid, which no other process has had since boot, and a count.
 */
#include "ksmtest.h"

#define IDS_PER_PROCESS 8192u

static int ids_of; /* the process that made `nids` */
static uint nids;

int fresh_id(void)
{
    int pid = getpid();

    if (ids_of != pid) { /* a child counts its own */
        ids_of = pid;
        nids = 0;
    }
    return (int)(0x40000000u + pid * IDS_PER_PROCESS + nids++);
}

int fresh(uint size)
{
    int handle = ksmget(fresh_id(), size, KSM_MUSTNOTEXIST);

    check_positive(handle);
    return handle;
}

void drop_fresh(void)
{
    for (uint i = 0; i < nids; i++) {
        int handle = ksmget((int)(0x40000000u + ids_of * IDS_PER_PROCESS + i), 0, KSM_OPEN);

        if (handle > 0)
            ksmdelete(handle);
    }
}

char *attach_flags(int handle, int flags)
{
    char *p = ksmattach(handle, flags);

    check_eq(ksmerror(p), 0);
    return p;
}

char *attach(int handle) { return attach_flags(handle, 0); }

struct ksminfo_t info_of(int handle)
{
    struct ksminfo_t info;

    memset(&info, 0, sizeof(info));
    check_eq(ksminfo(handle, &info), 0);
    return info;
}

void check_dead(int handle)
{
    struct ksminfo_t info;

    check_eq(ksminfo(handle, &info), KSM_EHANDLE);
    check_eq((int)ksmattach(handle), KSM_EHANDLE);
    check_eq(ksmdetach(handle), KSM_EHANDLE);
    check_eq(ksmdelete(handle), KSM_EHANDLE);
}

void check_alive(void)
{
    int handle = fresh(2 * PAGE);
    char *p = attach(handle);

    check(p[0] == 0 && p[2 * PAGE - 1] == 0);
    p[0] = p[2 * PAGE - 1] = 7;
    check(p[0] == 7 && p[2 * PAGE - 1] == 7);
    check_eq(info_of(handle).attached_nr, 1);
    check_eq(ksmdetach(handle), 0);
    check_eq(ksmdelete(handle), 0);
    check_dead(handle);
}

uint attach_until_full(int handle)
{
    uint n = 0;
    char *p;

    while (!ksmerror(p = ksmattach(handle)))
        n++;
    check_eq(ksmerror(p), KSM_ENOVA);
    return n;
}
