/*
 * t_ksmfail.c - shared memory when the kernel's n-th allocation fails, for each n until the call succeeds.
 *
 * After each failure all figures are what they were, the kernel's check of its own structures finds nothing, and the
 * same call succeeds.
 */
#include "failing.h"

#define PER_FRAME 128 /* as many small objects as a frame has, so that one that is lost each time shows */

static int shared; /* segments that each test has: a small one, */
static int large;  /* and one with page tables of its own */

static void make_segments(void)
{
    failing_begin();
    shared = fresh(3 * PAGE);
    large = fresh(5 * MB);
    attach(shared);
}

static void drop_segments(void)
{
    ksmdetach(shared);
    ksmdelete(shared);
    ksmdelete(large);
    check_alive();
}

static void sweep(int (*try)(uint nth), int error)
{
    make_segments();
    fail_each(try, error, &shared, 1);
    drop_segments();
}

static int try_get(uint nth)
{
    int id = fresh_id(), handle;

    fail_from_here(nth);
    handle = ksmget(id, 5 * PAGE, KSM_MUSTNOTEXIST);
    fail_no_more();
    if (handle < 0) {
        check_eq(ksmget(id, 0, KSM_OPEN), KSM_ENOENT);
        return handle;
    }
    return ksmdelete(handle);
}

TEST("§3.2 a get that runs out of memory gives all of it back") { sweep(try_get, KSM_ENOMEM); }

static int try_get_large(uint nth)
{
    int handle;

    fail_from_here(nth);
    handle = ksmget(fresh_id(), 4 * MB + PAGE, KSM_MUSTNOTEXIST);
    fail_no_more();
    return handle < 0 ? handle : ksmdelete(handle);
}

TEST("§3.2 a get of more than 4 MB that runs out of memory gives all of it back")
{
    sweep(try_get_large, KSM_ENOMEM);
}

static int try_attach(uint nth)
{
    char *p;

    fail_from_here(nth);
    p = ksmattach(shared);
    fail_no_more();
    return ksmerror(p) ? ksmerror(p) : ksmdetachat(p);
}

TEST("§9 an attach that runs out of memory counts nowhere") { sweep(try_attach, KSM_ENOMEM); }

static int try_attach_large(uint nth)
{
    char *p;

    fail_from_here(nth);
    p = ksmattach(large, KSM_READ);
    fail_no_more();
    return ksmerror(p) ? ksmerror(p) : ksmdetachat(p);
}

TEST("§9 an attach of more than 4 MB that runs out of memory counts nowhere")
{
    sweep(try_attach_large, KSM_ENOMEM);
}

static int try_fork(uint nth)
{
    int pid, status;

    fail_from_here(nth);
    pid = fork();
    if (pid == 0)
        exits(0);
    fail_no_more();
    if (pid < 0)
        return pid;
    check_eq(waits(&status), pid);
    return status;
}

TEST("§7.1 a fork that fails leaves no trace")
{
    struct figures before;

    make_segments();
    attach(large);
    attach_flags(large, KSM_READ);
    attach(large); /* two of the three need page tables of their own */
    check_eq(try_fork(0), 0);
    for (uint nth = 1;; nth++) {
        before = figures(&shared, 1);
        if (try_fork(nth) == 0)
            break;
        for (int i = 0; i < PER_FRAME; i++)
            check_eq(try_fork(nth), -1);
        check_unchanged(&before);
    }
    for (int i = 0; i < 3; i++)
        ksmdetach(large);
    drop_segments();
}

/* 0: the new program ran. */
static int exec_in_child(uint nth)
{
    int pid = fork(), status;

    check(pid >= 0);
    if (pid == 0) {
        struct figures before = figures(&shared, 1);

        fail_from_here(nth);
        exec("/true", (char *[]){ "true", NULL });
        fail_no_more();
        check_unchanged(&before);
        exits(50);
    }
    check_eq(waits(&status), pid);
    check(status == 0 || status == 50);
    return status;
}

TEST("§7.3 an exec that runs out of memory changes nothing")
{
    uint attached;

    make_segments();
    attached = info_of(shared).attached_nr;
    for (uint nth = 1; exec_in_child(nth) != 0; nth++)
        check(nth < MOST_ALLOCATIONS);
    check_eq(info_of(shared).attached_nr, attached);
    drop_segments();
}

static int try_sbrk(uint nth)
{
    char *p;

    fail_from_here(nth);
    p = sbrk(3 * PAGE);
    fail_no_more();
    if (p == (char *)-1)
        return -1;
    check(sbrk(-3 * (int)PAGE) != (char *)-1);
    return 0;
}

TEST("§4.3 an sbrk that runs out of memory leaves break and attachments") { sweep(try_sbrk, -1); }

TAP_MAIN(drop_fresh)
