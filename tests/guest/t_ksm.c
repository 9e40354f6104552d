/*
 * t_ksm.c - shared memory: the calls as a program writes them, and getting segments, §1 to §3.7.
 */
#include "ksmtest.h"

/* §2: the calls as a program writes them. */

TEST("§2 flags may be left out, names stand for identifiers, detach takes a pointer")
{
    char name[] = "t_ksm.names";
    int id = ksmid("t_ksm.names");
    int handle = ksmget("t_ksm.names", 100);

    check_positive(handle);
    check_eq(ksmget(name, 100, 0), handle);
    check_eq(ksmget((const char *)name, 100), handle);
    check_eq(ksmget(id, 100), handle);
    check_eq(ksmget(id, 0, KSM_OPEN), handle);
    check_eq((ksmget)(id, 0, KSM_OPEN), handle);

    int *a = ksmattach(handle);
    volatile uchar *b = ksmattach(handle, KSM_READ);

    check_eq(info_of(handle).attached_nr, 2);
    check_eq(ksmdetach(b), 0);
    check_eq(ksmdetach(a), 0);
    check_eq(ksmdetach(a), KSM_ENOTATT);
    a = ksmattach((short)handle == handle ? (short)handle : handle, KSM_RDWR);
    check_eq(ksmdetach((uint)handle), 0);
    check_eq(ksmdelete(handle), 0);
}

TEST("§2 ksmid is positive and never changes")
{
    char name[64];

    check_eq(ksmid("chat"), 0x224bf9ab);
    check_eq(ksmid(""), 0x011c9dc5);
    check_eq(ksmid("a"), 0x640c292c);
    check(ksmid("a") != ksmid("b"));
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "name %d", i);
        check_positive(ksmid(name));
        check_eq(ksmid(name), ksmid(name));
    }
}

TEST("§2 ksmerror and ksmstrerror report errors")
{
    int result = (int)ksmattach(-1, 0);

    check(result < 0);
    check_eq(ksmerror((void *)result), result);
    check_eq(ksmerror((void *)0x7FFFF000), 0);
    check_eq(ksmerror(NULL), 0);
    check_str(ksmstrerror(KSM_EHANDLE), "no such handle");
    for (int error = KSM_EOWNERDEAD; error <= -1; error++)
        check(*ksmstrerror(error) && strcmp(ksmstrerror(error), "unknown error") != 0);
}

TEST("§2 each flag that ksmget does not know is refused")
{
    int id = fresh_id();
    struct ksminfo_t before = info_of(0);

    for (int bit = 0; bit < 32; bit++) {
        int flag = (int)(1u << bit), known = KSM_CREATE | KSM_OPEN | KSM_MUSTNOTEXIST | KSM_HUGETLB;

        if (!(flag & known)) {
            check_eq(ksmget(id, PAGE, flag), KSM_EINVAL);
            check_eq(ksmget(id, PAGE, flag | KSM_CREATE), KSM_EINVAL);
            check_eq(ksmget(id, PAGE, flag | KSM_HUGETLB), KSM_EINVAL);
        }
    }
    check_eq(ksmget(id, PAGE, KSM_OPEN | KSM_MUSTNOTEXIST), KSM_EINVAL);
    check_eq(ksmget(id, PAGE, KSM_OPEN | KSM_MUSTNOTEXIST | KSM_CREATE), KSM_EINVAL);
    check_eq(ksmget(id, PAGE, -1), KSM_EINVAL);
    check_eq(info_of(0).total_shrg_nr, before.total_shrg_nr);
    check_alive();
}

TEST("§2 each flag that ksmattach does not know is refused")
{
    int handle = fresh(PAGE), known = KSM_READ | KSM_WRITE | KSM_RDWR;

    for (int bit = 0; bit < 32; bit++) {
        int flag = (int)(1u << bit);

        if (!(flag & known)) {
            check_eq((int)ksmattach(handle, flag), KSM_EINVAL);
            check_eq((int)ksmattach(handle, flag | KSM_RDWR), KSM_EINVAL);
        }
    }
    check_eq((int)ksmattach(handle, -1), KSM_EINVAL);
    check_eq(info_of(handle).attached_nr, 0);
    check_eq(info_of(handle).atime, 0);
    check_eq(ksmdelete(handle), 0);
    check_alive();
}

TEST("§2 4 MB pages are not offered")
{
    int id = fresh_id();

    check_eq(ksmget(id, PAGE, KSM_HUGETLB), KSM_ENOTSUP);
    check_eq(ksmget(id, 0, KSM_HUGETLB), KSM_ENOTSUP);
    check_eq(ksmget(id, 0xFFFFFFFF, KSM_HUGETLB | KSM_CREATE), KSM_ENOTSUP);
    check_eq(ksmget(id, 0, KSM_HUGETLB | KSM_OPEN), KSM_ENOTSUP);
    check_eq(ksmget(id, 0, KSM_OPEN), KSM_ENOENT);
}

TEST("§2 flags that do not contradict each other may be combined")
{
    int id = fresh_id();
    int handle = ksmget(id, PAGE, KSM_CREATE);

    check_positive(handle);
    check_eq(ksmget(id, PAGE, KSM_CREATE | KSM_OPEN), handle);
    check_eq(ksmget(id, PAGE, KSM_OPEN), handle);
    check_eq(ksmget(id, PAGE, KSM_CREATE | KSM_MUSTNOTEXIST), KSM_EEXIST);
    check_eq(ksmget(id, PAGE, KSM_MUSTNOTEXIST), KSM_EEXIST);
    ksmdelete(handle);

    static const int writable[] = { 0,
                                    KSM_WRITE,
                                    KSM_RDWR,
                                    KSM_READ | KSM_WRITE,
                                    KSM_READ | KSM_RDWR,
                                    KSM_WRITE | KSM_RDWR,
                                    KSM_READ | KSM_WRITE | KSM_RDWR };

    handle = fresh(PAGE);
    for (uint i = 0; i < COUNT(writable); i++) {
        volatile char *p = attach_flags(handle, writable[i]);

        p[0] = i;
        check_eq(p[0], i);
        check_eq(ksmdetach(p), 0);
    }
    ksmdelete(handle);
}

/* §3: ksmget. */

TEST("§3.1 get finds or creates by default")
{
    uint before = info_of(0).total_shrg_nr;
    int id = fresh_id();
    int handle = ksmget(id, PAGE);

    check_positive(handle);
    check_eq(info_of(0).total_shrg_nr, before + 1);
    check_eq(ksmget(id, PAGE), handle);
    check_eq(info_of(0).total_shrg_nr, before + 1);
    check_eq(ksmdelete(handle), 0);
    check_eq(info_of(0).total_shrg_nr, before);
}

TEST("§1 any 32-bit value is an identifier")
{
    static const int ids[] = { 0, 1, -1, 77, 0x7FFFFFFF, (int)0x80000000, -2, 0x00010000 };
    int handles[8];

    for (int i = 0; i < 8; i++) {
        handles[i] = ksmget(ids[i], PAGE, KSM_MUSTNOTEXIST);
        if (handles[i] == KSM_EEXIST) { /* another process's: left alone */
            handles[i] = 0;
            continue;
        }
        check(handles[i] > 0);
        check_eq(ksmget(ids[i], 0, KSM_OPEN), handles[i]);
    }
    for (int i = 0; i < 8; i++) {
        if (handles[i])
            check_eq(ksmdelete(handles[i]), 0);
    }
}

TEST("§3.7 getting again gives the same number and the same bytes")
{
    int id = fresh_id(), handle = ksmget(id, PAGE), frames;
    char *a = attach(handle);

    check_eq(ksmget(id, PAGE), handle);
    a[5] = 9;
    check_eq(attach(ksmget(id, PAGE))[5], 9);
    frames = pgused();
    for (int i = 0; i < 2000; i++)
        check_eq(ksmget(id, i % 2 ? PAGE : 0), handle);
    check_eq(pgused(), frames);
    ksmdetach(handle);
    ksmdetach(handle);
    ksmdelete(handle);
}

static void write_by_id(void *arg)
{
    int handle = ksmget(*(int *)arg, PAGE);
    char *p = attach(handle);

    strcpy(p, "from the other");
}

static void read_by_id(void *arg)
{
    char *p = attach(ksmget(*(int *)arg, PAGE));

    check_str(p, "from the other");
}

TEST("§3 two processes that share only the identifier reach the same bytes")
{
    int id = fresh_id();

    tap_join(tap_start(write_by_id, &id));
    tap_join(tap_start(read_by_id, &id)); /* §5.5: no process had it attached meanwhile */

    int handle = ksmget(id, 0, KSM_OPEN);

    check_positive(handle);
    check_eq(info_of(handle).attached_nr, 0);
    check_eq(ksmdelete(handle), 0);
}

TEST("§3 different identifiers are different segments")
{
    int a = fresh(PAGE), b = fresh(PAGE);
    char *p = attach(a), *q = attach(b);

    memset(p, 1, PAGE);
    for (uint i = 0; i < PAGE; i++)
        check(q[i] == 0);
    ksmdetach(a);
    ksmdetach(b);
    ksmdelete(a);
    ksmdelete(b);
}

TEST("§3.5 §3.4 get refuses a size of 0, one too large, and one above a found segment's")
{
    struct ksminfo_t before = info_of(0);
    int id = fresh_id(), frames = pgused();

    check_eq(ksmget(id, 0), KSM_EINVAL);
    check_eq(ksmget(id, 0, KSM_MUSTNOTEXIST), KSM_EINVAL);
    check_eq(ksmget(id, 0xFFFFFFFF), KSM_ESIZE);
    check_eq(ksmget(id, 0xFFFFF001), KSM_ESIZE);
    check_eq(ksmget(id, 0xFFFFF000), KSM_ESIZE);
    check_eq(ksmget(id, 0x80000000), KSM_ESIZE);
    check_eq(ksmget(id, 0x7FFFFFFF), KSM_ESIZE);
    check_eq(ksmget(id, KSM_MAX_NBYTES + 1), KSM_ESIZE);
    check(ksmget(id, KSM_MAX_NBYTES) < 0);
    check_eq(info_of(0).total_shrg_nr, before.total_shrg_nr);
    check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr);
    check_eq(pgused(), frames);

    int handle = ksmget(id, 5000);

    check_eq(ksmget(id, 0), handle);
    check_eq(ksmget(id, 1), handle);
    check_eq(ksmget(id, 5000), handle);
    check_eq(ksmget(id, 5001), KSM_ESIZE);
    check_eq(ksmget(id, 8192), KSM_ESIZE); /* the segment's own size counts, not its pages */
    check_eq(ksmget(id, 0xFFFFFFFF), KSM_ESIZE);
    check_eq(ksmget(id, 0xFFFFFFFF, KSM_OPEN), KSM_ESIZE);
    check_eq(info_of(handle).ksmsz, 5000);
    check_eq(ksmdelete(handle), 0);
    check_alive();
}

TEST("§3.3 memory is taken in whole pages, all of them usable")
{
    static const uint sizes[] = { 1, 4095, 4096, 4097, 5000, 8192, 8193, 1000000 };

    for (uint i = 0; i < COUNT(sizes); i++) {
        uint npages = (sizes[i] + PAGE - 1) / PAGE;
        struct ksminfo_t before = info_of(0);
        int handle = fresh(sizes[i]);
        char *p = attach(handle);

        check_eq(info_of(0).total_shrg_nr, before.total_shrg_nr + 1);
        check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr + npages);
        check_eq(info_of(handle).ksmsz, sizes[i]);
        check(p[0] == 0 && p[npages * PAGE - 1] == 0);
        p[0] = p[npages * PAGE - 1] = 1;
        check(tap_read_dies(p + npages * PAGE));
        ksmdetach(handle);
        ksmdelete(handle);
        check_eq(info_of(0).total_shrg_nr, before.total_shrg_nr);
        check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr);
    }
}

TEST("§3.2 a new segment is zero, though its frames were used")
{
    for (int round = 0; round < 3; round++) {
        int handle = fresh(64 * PAGE);
        uint *p = (uint *)attach(handle);

        for (uint i = 0; i < 64 * PAGE / 4; i++) {
            check(p[i] == 0);
            p[i] = ~i;
        }
        ksmdetach(handle);
        ksmdelete(handle);
    }
}

TEST("§3.2 memory is there when the segment is made, and back when it is gone")
{
    int frames, n = 100, handle = fresh(PAGE);

    ksmdelete(handle); /* so that what is kept of a dead segment is there */
    frames = pgused();
    handle = fresh(n * PAGE);
    check(pgused() >= frames + n && pgused() <= frames + n + 4);
    check_eq(ksmdelete(handle), 0);
    check_eq(pgused(), frames);
}

TAP_MAIN(drop_fresh)
