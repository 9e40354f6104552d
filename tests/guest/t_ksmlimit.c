/*
 * t_ksmlimit.c - shared memory: what happens at the limits, §10.
 *
 * The limits are boot parameters, so the tests find them by going there.  Handles and addresses are kept in memory that
 * is there before the first measurement.
 */
#include "ksmtest.h"

#define MOST 65536u /* more than ksm.segments, and than attachments by default */

static int handles[MOST];

/* Creates segments of `size` until that is refused.  Their number; *error says why it ended. */
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

TEST("§10 the table of segments fills to its last entry, and existing ones still work")
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

TEST("§3.8 a process keeps little of thousands of segments that died, whoever deleted them")
{
    int error, frames, pid, status;
    uint n;

    for (int round = 0; round < 3; round++) {
        pid = fork(); /* whose end shows that nothing else changes */
        check(pid >= 0);
        if (pid == 0) {
            memset(handles, 0, sizeof(handles)); /* so that its frames are there */
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
            /* More is its array, and its own copies of what it shared with its child. */
            check(pgused() <= frames + 16);
            exits(0);
        }
        check_eq(waits(&status), pid);
        check_eq(status, 0);
    }
}

TEST("§10 shared pages are used up in large and small pieces")
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
    attach(handles[n - 1])[0] = 1; /* an attach never lacks data pages */
    ksmdetach(handles[n - 1]);
    drop_segments(n);
    check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr);
    check_alive();
}

TEST("§3.2 a get that is refused gives everything back")
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

/* Grows the heap, in large steps and small ones, until less than `left` bytes can be had.  What it was. */
static char *use_up_heap(uint left)
{
    char *before = sbrk(0);

    for (uint step = 256 * MB; step >= left; step /= 2)
        while (sbrk((int)step) != (char *)-1)
            ;
    return before;
}

TEST("§3.2 a get that lacks memory leaves nothing behind, however often it is tried")
{
    char *before = use_up_heap(2 * MB);
    int frames;

    check_eq(ksmget(fresh_id(), 5 * MB, 0), KSM_ENOMEM);
    frames = pgused();
    for (int i = 0; i < 500; i++)
        check_eq(ksmget(fresh_id(), 5 * MB, 0), KSM_ENOMEM);
    check_eq(pgused(), frames);
    check(sbrk(before - (char *)sbrk(0)) != (char *)-1);
    check_alive();
}

static int hurried; /* the identifier of a segment whose maker is killed */

static void get_much(void *arg)
{
    gate_open(arg);
    exits(ksmget(hurried, 24 * MB, 0));
}

/* The largest segment that can be had, in steps of 64 KB. */
static uint most_memory(void)
{
    uint size = 0;

    for (uint step = 256 * MB; step >= 64 * 1024; step /= 2) {
        int handle = ksmget(fresh_id(), size + step, KSM_MUSTNOTEXIST);

        if (handle > 0) {
            check_eq(ksmdelete(handle), 0);
            size += step;
        }
    }
    return size;
}

TEST("§7.4 a process that is killed while its segment is made gives all memory back")
{
    struct gate gate;
    uint most = most_memory();

    gate_create(&gate);
    for (int i = 0; i < 20; i++) {
        hurried = fresh_id();
        int pid = tap_start(get_much, &gate);
        gate_pass(&gate);
        kill(pid);
        tap_status(pid);
        int handle = ksmget(hurried, 0, KSM_OPEN); /* it was ready all the same */
        if (handle > 0)
            ksmdelete(handle);
    }
    gate_destroy(&gate);
    check_eq(most_memory(), most);
}

TEST("§10 the table of attachments fills to its last entry")
{
    int handle = fresh(PAGE), error = 0, pid, status;
    uint n = 0;
    char *p, *last = NULL, text[16];

    for (;; n++, last = p) {
        p = ksmattach(handle);
        error = ksmerror(p);
        if (error)
            break;
    }
    check(n >= 1024);
    check_eq(error, KSM_ENOSPC);
    check_eq(info_of(handle).attached_nr, n);
    if (bootarg("ksm.attachments", text, sizeof(text)) <= 0)
        check_eq(info_of(0).total_attached_nr, 16384); /* the default */
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

/* A segment of 64 MB, or less on a small machine.  Its handle. */
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

TEST("§4.3 §10 the address space fills with a large segment")
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

TEST("§10 every second of many attachments is detached, and comes back in its place")
{
    int handle = fresh(PAGE), two = fresh(2 * PAGE);
    char *at[1000];

    for (uint i = 0; i < 1000; i++)
        at[i] = attach(handle);
    for (uint i = 0; i < 1000; i += 2)
        check_eq(ksmdetachat(at[i]), 0);
    check_eq(attach(two), at[999] - 2 * PAGE); /* only the last hole has room for two */
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

TEST("§10 memory is never promised twice, to sbrk and to ksmget")
{
    uint *got;
    char *p;
    int shared = fresh(PAGE), big, pid, status;

    got = (uint *)attach(shared);
    pid = fork();
    if (pid == 0) {
        allocate_all(got);
        check_eq(ksmget(fresh_id(), MB, KSM_MUSTNOTEXIST), KSM_ENOMEM); /* though nothing was touched */
        while (!ksmerror(p = ksmattach(shared))) /* what is left may be enough for some entries */
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
    check_positive(big);
    ksmdelete(big);
    ksmdetach(shared);
    ksmdelete(shared);
}

TEST("§10 a segment leaves just so much less for sbrk")
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
