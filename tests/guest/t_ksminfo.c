/*
 * t_ksminfo.c - shared memory: what ksminfo reports, and which error comes first, §8 and §9.
 */
#include "ksmtest.h"

/* §8: ksminfo. */

TEST("§8 a new segment's record says who made it, and when")
{
    int now = uptime(), handle = fresh(5000);
    struct ksminfo_t info = info_of(handle);

    check_eq(info.ksmsz, 5000);
    check_eq(info.cpid, getpid());
    check_eq(info.mpid, getpid());
    check_eq(info.attached_nr, 0);
    check_eq(info.atime, 0);
    check_eq(info.dtime, 0);
    check((int)info.ctime >= now && (int)info.ctime <= uptime());
    check_eq(info.marked, 0);
    check_eq(ksmdelete(handle), 0);
}

TEST("§8 each time changes with its own event alone")
{
    int handle = fresh(PAGE);
    struct ksminfo_t made = info_of(handle), info;

    sleep(3);
    attach(handle);
    attach(handle);
    info = info_of(handle);
    check(info.atime >= made.ctime + 3 && (int)info.atime <= uptime());
    check_eq(info.ctime, made.ctime);
    check_eq(info.dtime, 0);

    struct ksminfo_t attached = info;

    sleep(3);
    check_eq(ksmdetach(handle), 0);
    info = info_of(handle);
    check(info.dtime >= attached.atime + 3 && (int)info.dtime <= uptime());
    check_eq(info.atime, attached.atime);
    check_eq(info.ctime, made.ctime);
    sleep(3);
    check_eq(ksmdelete(handle), 0);

    struct ksminfo_t marked = info_of(handle);

    check(marked.ctime >= info.dtime + 3 && (int)marked.ctime <= uptime());
    check_eq(marked.atime, info.atime);
    check_eq(marked.dtime, info.dtime);
    sleep(3);
    check_eq(ksmdelete(handle), 0);
    check_eq(info_of(handle).ctime, marked.ctime); /* the first marking */
    check_eq(ksmdetach(handle), 0);
}

static int watched;

static void pass_and_delete(void *arg)
{
    gate_pass(arg);
    ksmdelete(watched);
    gate_pass(arg);
}

TEST("§8 §8.3 mpid is the one that did the last attach, detach or delete, whatever others did before")
{
    struct gate gate;

    gate_create(&gate);
    watched = fresh(PAGE);
    attach(watched);
    check_eq(info_of(watched).mpid, getpid());
    int child = tap_start(pass_and_delete, &gate);
    check_eq(info_of(watched).mpid, child); /* fork attaches */
    check_eq(ksmdetach(watched), 0);
    check_eq(info_of(watched).mpid, getpid());
    gate_open(&gate);
    wait_until(info_of(watched).marked);
    check_eq(info_of(watched).mpid, child);
    attach(watched);
    check_eq(info_of(watched).mpid, getpid());
    gate_open(&gate);
    tap_join(child);
    check_eq(info_of(watched).mpid, child); /* exit detaches */
    check_eq(ksmdetach(watched), 0);
    gate_destroy(&gate);
}

TEST("§8.1 handle 0 writes the totals and nothing else")
{
    struct ksminfo_t info;
    uint *words = (uint *)&info;
    int handle = fresh(3 * PAGE);
    uint own = (uint) & ((struct ksminfo_t *)0)->total_shrg_nr / sizeof(uint);

    attach(handle);
    memset(&info, 0xEE, sizeof(info));
    check_eq(ksminfo(0, &info), 0);
    for (uint i = 0; i < own; i++)
        check_eq(words[i], 0xEEEEEEEE);
    check(info.total_shrg_nr >= 1 && info.total_shpg_nr >= 3 && info.total_attached_nr >= 1);

    struct ksminfo_t all = info_of(handle);

    check_eq(all.total_shrg_nr, info.total_shrg_nr);
    check_eq(all.total_shpg_nr, info.total_shpg_nr);
    check_eq(all.total_attached_nr, info.total_attached_nr);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§8.1 queries change nothing")
{
    int id = fresh_id(), handle = ksmget(id, PAGE);
    struct ksminfo_t before = info_of(handle), after;

    attach(handle);
    before = info_of(handle);
    sleep(2);
    for (int i = 0; i < 10; i++) {
        check_eq(ksmget(id, 0, i % 2 ? KSM_OPEN : 0), handle);
        info_of(handle);
        info_of(0);
    }
    after = info_of(handle);
    check(memcmp(&before, &after, sizeof(before)) == 0);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§8 the totals are the sums over the segments")
{
    struct ksminfo_t before = info_of(0), after;
    int handles[3];

    for (uint i = 0; i < 3; i++) {
        handles[i] = fresh((i + 1) * PAGE);
        attach(handles[i]);
        if (i)
            attach(handles[i]);
    }
    after = info_of(0);
    check_eq(after.total_shrg_nr - before.total_shrg_nr, 3);
    check_eq(after.total_shpg_nr - before.total_shpg_nr, 6);
    check_eq(after.total_attached_nr - before.total_attached_nr, 5);
    for (uint i = 0; i < 3; i++)
        check_eq(ksmdelete(handles[i]), 0);
    for (uint i = 0; i < 3; i++) {
        while (ksmdetach(handles[i]) == 0)
            ;
    }
    after = info_of(0);
    check_eq(after.total_shrg_nr, before.total_shrg_nr);
    check_eq(after.total_shpg_nr, before.total_shpg_nr);
    check_eq(after.total_attached_nr, before.total_attached_nr);
}

static void change_endlessly(void *arg)
{
    (void)arg;
    for (;;) { /* two attachments, or none of its own */
        attach(watched);
        attach(watched);
        ksmdetach(watched);
        ksmdetach(watched);
    }
}

TEST("§8.2 a record agrees with itself, and a bad pointer gets none")
{
    struct ksminfo_t info, *half;
    int pid, others = info_of(0).total_attached_nr;
    char *page;

    watched = fresh(PAGE);
    pid = tap_start(change_endlessly, NULL);
    for (int i = 0; i < 20000; i++) {
        info = info_of(watched);
        check_eq(info.attached_nr, info.total_attached_nr - others);
        check(info.attached_nr <= 2);
        check(info.attached_nr == 0 || info.mpid == pid);
    }
    kill(pid);
    check_eq(tap_status(pid), KILLED);
    sbrk((int)(PAGE - (uint)sbrk(0) % PAGE));
    page = sbrk(0);
    half = (struct ksminfo_t *)(page - sizeof(uint)); /* its first word alone is writable */
    half->ksmsz = 0x5A5A5A5A;
    check_eq(ksminfo(watched, half), KSM_EFAULT);
    check_eq(ksminfo(0, half), KSM_EFAULT);
    check_eq(half->ksmsz, 0x5A5A5A5A);
    check_eq(ksmdelete(watched), 0);
}

/* §9: which error comes first. */

TEST("§9 where several errors apply, the first in the list is given")
{
    int id = fresh_id(), handle = ksmget(id, PAGE), none = fresh_id();
    struct ksminfo_t *bad = (struct ksminfo_t *)KERNBASE;

    check_eq(ksmget(none, 0, 0x100 | KSM_HUGETLB), KSM_EINVAL);
    check_eq(ksmget(none, 0, KSM_HUGETLB | KSM_OPEN), KSM_ENOTSUP);
    check_eq(ksmget(none, 0xFFFFFFFF, KSM_OPEN), KSM_ENOENT);
    check_eq(ksmget(id, 0xFFFFFFFF, KSM_MUSTNOTEXIST), KSM_EEXIST);
    check_eq(ksmget(id, 0, KSM_MUSTNOTEXIST), KSM_EEXIST);
    check_eq(ksmget(none, 0, KSM_OPEN), KSM_ENOENT);
    check_eq((int)ksmattach(-5, 0x100), KSM_EINVAL);
    check_eq(ksminfo(-5, bad), KSM_EFAULT);
    check_eq(ksminfo(handle, bad), KSM_EFAULT);
    check_eq(ksminfo(0, bad), KSM_EFAULT);
    check_eq(ksmwait((uint *)(KERNBASE + 1), 0, 1), KSM_EINVAL);
    check_eq(ksmwait((uint *)KERNBASE, 0, -1), KSM_EINVAL);
    check_eq(ksmwait((uint *)KERNBASE, 0, 1), KSM_EFAULT);
    check_eq(ksmdelete(handle), 0);
    check_alive();
}

TAP_MAIN(drop_fresh)
