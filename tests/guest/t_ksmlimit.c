/*
 * t_ksmlimit.c - shared memory: the limits, and what happens at them (contract, 10).
 *
 * The limits are boot parameters, so they are found by going there.  Handles and addresses are kept in
 * private memory that is got before the first measurement.
 */
#include "ksmtest.h"

#define MOST 65536u /* more than ksm.segments, and than attachments by default */

static int handles[MOST];

/* Creates segments of `size` until that is refused; how many there are, and why it ended. */
static uint fill_segments(uint size, int *error)
{
    uint n = 0;

    while (n < MOST && (handles[n] = ksmget(fresh_id(), size, KSM_MUSTNOTEXIST)) > 0)
        n++;
    *error = n < MOST ? handles[n] : 0;
    return n;
}

static void drop_segments(uint n)
{
    while (n > 0)
        check_eq(ksmdelete(handles[--n]), 0);
}

TEST("ksm §10 the table of segments, filled to the last entry")
{
    struct ksminfo_t before = info_of(0);
    int error, id = fresh_id(), old = ksmget(id, PAGE);
    uint n = fill_segments(1, &error);

    check(n >= 1023);
    check_eq(error, KSM_ENOSPC);
    check_eq(info_of(0).total_shrg_nr, before.total_shrg_nr + n + 1);
    check_eq(ksmget(fresh_id(), PAGE), KSM_ENOSPC);
    check_eq(ksmget(fresh_id(), 0, KSM_OPEN), KSM_ENOENT);
    check_eq(ksmget(id, PAGE), old); /* getting an existing one still works */
    attach(old)[0] = 1;
    ksmdetach(old);
    check_eq(ksmdelete(handles[n / 2]), 0);
    handles[n / 2] = ksmget(fresh_id(), PAGE);
    check(handles[n / 2] > 0);
    check_eq(ksmget(fresh_id(), PAGE), KSM_ENOSPC);
    drop_segments(n);
    ksmdelete(old);
    check_eq(info_of(0).total_shrg_nr, before.total_shrg_nr);
    check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr);
    check_alive();
}

TEST("ksm §3.8 of thousands of segments that died a process keeps little, whoever deleted them")
{
    int error, frames, pid, status;
    uint n;

    for (int round = 0; round < 3; round++) {
        pid = fork(); /* whose end shows that nothing else changes */
        check(pid >= 0);
        if (pid == 0) {
            frames = pgused();
            n = fill_segments(1, &error);
            check(n >= 1023);
            pid = fork();
            check(pid >= 0);
            if (pid == 0) {
                drop_segments(n);
                exits(0);
            }
            check_eq(waits(&status), pid);
            check_eq(status, 0);
            check(pgused() <= frames + 16); /* its array, and its own copies of what it shared with its child */
            exits(0);
        }
        check_eq(waits(&status), pid);
        check_eq(status, 0);
    }
}

TEST("ksm §10 all shared pages, in large and in small pieces")
{
    struct ksminfo_t before = info_of(0);
    uint n = 0;
    int error;

    for (uint size = 64 * MB; size >= PAGE; size /= 2) {
        int handle;

        while ((handle = ksmget(fresh_id(), size, KSM_MUSTNOTEXIST)) > 0)
            handles[n++] = handle;
        check(handle == KSM_ENOSPC || handle == KSM_ENOMEM || handle == KSM_ESIZE);
        error = handle;
    }
    check(error == KSM_ENOSPC || error == KSM_ENOMEM);
    attach(handles[n - 1])[0] = 1; /* an attach never fails for want of data pages */
    ksmdetach(handles[n - 1]);
    drop_segments(n);
    check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr);
    check_alive();
}

TEST("ksm §3.2 refused for want of memory: everything is given back")
{
    int error, handle = fresh(PAGE), frames;
    uint n;

    ksmdelete(handle);
    frames = pgused();
    n = fill_segments(16 * MB, &error);
    check(error == KSM_ENOMEM || error == KSM_ENOSPC);
    handle = pgused();
    for (int i = 0; i < 5; i++) {
        check(ksmget(fresh_id(), 16 * MB, KSM_MUSTNOTEXIST) < 0);
        check_eq(pgused(), handle);
    }
    drop_segments(n);
    check(pgused() <= frames + 2); /* the process keeps more dead handles than before */
    check_alive();
}

TEST("ksm §10 attachments until the table is full")
{
    int handle = fresh(PAGE), error = 0, pid, status;
    uint n = 0;
    char *p, *last = NULL;

    for (;; n++, last = p) {
        p = ksmattach(handle);
        error = ksmerror(p);
        if (error)
            break;
    }
    check(n >= 1024);
    check_eq(error, KSM_ENOSPC);
    check_eq(info_of(handle).attached_nr, n);
    check_eq((int)ksmattach(handle), KSM_ENOSPC);
    check_eq(ksmdetachat(last), 0);
    check_eq(attach(handle), last);
    check_eq((int)ksmattach(handle), KSM_ENOSPC);
    check(sbrk(PAGE) != (char *)-1);
    sbrk(-(int)PAGE);
    check_eq(fork(), -1); /* §7.1: the child's would exceed the limit */
    check_eq(info_of(handle).attached_nr, n);
    for (uint i = 0; i < n / 2 + 1; i++)
        check_eq(ksmdetach(handle), 0);
    pid = fork();
    check(pid >= 0);
    if (pid == 0)
        exits(0);
    check_eq(waits(&status), pid);
    check_eq(status, 0);
    check_eq(info_of(handle).attached_nr, n - n / 2 - 1);
    while (ksmdetach(handle) == 0)
        ;
    ksmdelete(handle);
    check_alive();
}

/* A segment of 64 MB, or of less on a small machine; its handle. */
static int largest_segment(uint *size)
{
    for (*size = 64 * MB; *size >= 4 * MB; *size /= 2) {
        int handle = ksmget(fresh_id(), *size, KSM_MUSTNOTEXIST);

        if (handle > 0)
            return handle;
    }
    check(!"a segment of 4 MB");
    return 0;
}

TEST("ksm §4.3 §10 the address space, full of a large segment")
{
    uint size;
    int handle = largest_segment(&size), pid, status;
    uint n = attach_until_full(handle);
    char *p, *heap;

    check(n >= KERNBASE / size - 3);
    check_eq(info_of(handle).attached_nr, n);
    heap = sbrk(PAGE);
    check(heap != (char *)-1);
    heap[0] = 1;
    check_eq(ksmdetach(handle), 0);
    p = attach(handle);
    p[size - 1] = 4;
    check_eq((int)ksmattach(handle), KSM_ENOVA);
    for (uint i = 0; i < n / 2; i++)
        check_eq(ksmdetach(handle), 0);
    pid = fork();
    if (pid == 0)
        exits(info_of(handle).attached_nr == 2 * (n - n / 2) ? 0 : 1);
    check_eq(waits(&status), pid);
    check_eq(status, 0);
    while (ksmdetach(handle) == 0)
        ;
    ksmdelete(handle);
}

TEST("ksm §10 fragments: every second of many attachments is detached, and comes back")
{
    int handle = fresh(PAGE), two = fresh(2 * PAGE);
    char *at[1000];

    for (uint i = 0; i < 1000; i++)
        at[i] = attach(handle);
    for (uint i = 0; i < 1000; i += 2)
        check_eq(ksmdetachat(at[i]), 0);
    check_eq(attach(two), at[999] - 2 * PAGE); /* no hole but the last fits two */
    for (uint i = 0; i < 1000; i += 2)
        check_eq(attach(handle), at[i]); /* the highest first */
    check_eq(ksmdetach(two), 0);
    for (uint i = 0; i < 1000; i++)
        check_eq(ksmdetachat(at[i * 7 % 1000]), 0);
    check_eq(info_of(handle).attached_nr, 0);
    ksmdelete(handle);
    ksmdelete(two);
}

static void allocate_all(void *arg)
{
    uint step = 16 * MB, *got = arg;

    while (step >= PAGE) {
        if (sbrk(step) == (char *)-1)
            step /= 2;
        else
            *got += step / PAGE;
    }
}

TEST("ksm §10 memory is never promised twice: what sbrk got, ksmget does not get")
{
    uint *got;
    char *p;
    int shared = fresh(PAGE), big, pid, status;

    got = (uint *)attach(shared);
    pid = fork();
    if (pid == 0) {
        allocate_all(got);
        check_eq(ksmget(fresh_id(), MB, KSM_MUSTNOTEXIST), KSM_ENOMEM); /* though nothing was touched */
        while (!ksmerror(p = ksmattach(shared))) /* what is left over may do for some entries */
            ;
        check_eq((int)p, KSM_ENOMEM);
        check_eq((int)ksmattach(shared), KSM_ENOMEM);
        check_eq(fork(), -1);
        check_eq(exec("/t_ksm", (char *[]){ "t_ksm", "-l", NULL }), -1);
        exits(0);
    }
    check_eq(waits(&status), pid);
    check_eq(status, 0);
    check(*got > 1024);
    big = ksmget(fresh_id(), MB);
    check(big > 0);
    ksmdelete(big);
    ksmdetach(shared);
    ksmdelete(shared);
}

TEST("ksm §10 a large segment leaves less for sbrk, exactly")
{
    uint *got;
    uint first;
    int shared = fresh(PAGE), big = fresh(32 * MB);

    got = (uint *)attach(shared);
    tap_join(tap_start(allocate_all, got));
    first = *got;
    *got = 0;
    ksmdelete(big);
    tap_join(tap_start(allocate_all, got));
    check(*got >= first + 32 * MB / PAGE - 64);
    ksmdetach(shared);
    ksmdelete(shared);
}

TAP_MAIN(drop_fresh)
