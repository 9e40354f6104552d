/* ksm_core_get.c - flags, identifiers and sizes of get, §1 to §3.5. */
#include <limits.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

TEST("§2 get refuses flags that are unknown, contradictory or the other call's")
{
    struct ksm_task *a = world_task(4);
    struct world_figures before = world_figures();

    for (uint bit = 0; bit < 32; bit++) {
        uint flag = 1u << bit;
        int want = flag == KSM_HUGETLB ? KSM_ENOTSUP : flag == KSM_OPEN ? KSM_ENOENT : KSM_EINVAL;
        if (flag != KSM_CREATE && flag != KSM_MUSTNOTEXIST)
            check_eq(ksm_get(a, 1, 4096, flag), want);
    }
    check_eq(ksm_get(a, 1, 4096, KSM_OPEN | KSM_MUSTNOTEXIST), KSM_EINVAL);
    check_eq(ksm_get(a, 1, 4096, KSM_OPEN | KSM_CREATE | KSM_MUSTNOTEXIST), KSM_EINVAL);
    check_eq(ksm_get(a, 1, 4096, KSM_HUGETLB | KSM_READ), KSM_EINVAL);
    check_eq(ksm_get(a, 1, 4096, KSM_HUGETLB | KSM_CREATE), KSM_ENOTSUP);
    check(world_same(before, world_figures()));
}

TEST("§3.1 get finds or creates by default")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int h = ksm_get(a, 77, 4096, 0);

    check(h > 0);
    check_eq(ksm_get(b, 77, 4096, 0), h);
    check_eq(ksm_get(b, 77, 4096, KSM_CREATE), h);
    check_eq(ksm_get(b, 77, 4096, KSM_OPEN), h);
    check_eq(ksm_get(b, 77, 4096, KSM_OPEN | KSM_CREATE), h);
    check_eq(world_info(b, h).total_shrg_nr, 1);
    check(ksm_get(b, 78, 4096, KSM_OPEN | KSM_CREATE) > 0);
    check_eq(ksm_get(b, 79, 4096, KSM_OPEN), KSM_ENOENT);
    check(ksm_get(b, 79, 4096, KSM_MUSTNOTEXIST) > 0);
    check(ksm_get(b, 80, 4096, KSM_MUSTNOTEXIST | KSM_CREATE) > 0);
    check_eq(ksm_get(b, 79, 4096, KSM_MUSTNOTEXIST), KSM_EEXIST);
}

TEST("§1 any 32-bit value is an identifier")
{
    static const uint ids[] = { 0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };
    struct ksm_task *a = world_task(4);

    for (uint i = 0; i < COUNT(ids); i++) {
        int h = ksm_get(a, ids[i], 1, KSM_MUSTNOTEXIST);
        check(h > 0);
        check_eq(ksm_get(a, ids[i], 1, KSM_OPEN), h);
    }
}

TEST("§3.2 get takes all pages or none")
{
    struct ksm_task *a = world_task(4);

    fake_ram_npages = 10;
    struct world_figures before = world_figures();
    check_eq(ksm_get(a, 1, 11 * 4096, 0), KSM_ENOMEM);
    check(world_same(before, world_figures()));
    check(ksm_get(a, 1, 10 * 4096, 0) > 0);
    check_eq(ksm_get(a, 2, 1, 0), KSM_ENOMEM);
}

TEST("§3.2 a new segment's pages are zero")
{
    struct ksm_task *a = world_task(4);
    uint va = world_attach(a, world_get(a, 1, 5000), 0);

    for (uint i = 0; i < 8192; i += 4)
        check(*fake_word(a->as, va + i) == 0);
}

TEST("§3.3 sizes are rounded up to pages")
{
    static const struct {
        uint nbytes, npages;
    } cases[] = { { 1, 1 },    { 4095, 1 }, { 4096, 1 },       { 4097, 2 },
                  { 5000, 2 }, { 8192, 2 }, { 0x100001, 257 }, { 4096 * 4096 - 1, 4096 } };
    struct ksm_task *a = world_task(4);
    for (uint i = 0; i < COUNT(cases); i++) {
        int h = world_get(a, i, cases[i].nbytes);
        check_eq(world_info(a, h).total_shpg_nr, cases[i].npages);
        check_eq(world_info(a, h).ksmsz, cases[i].nbytes);
        check_eq(ksm_delete(a, h), 0);
    }
}

TEST("§3.4 a found segment is at least as large as asked for")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 5000);

    check_eq(ksm_get(a, 1, 0, 0), h);
    check_eq(ksm_get(a, 1, 1, 0), h);
    check_eq(ksm_get(a, 1, 5000, KSM_OPEN), h);
    check_eq(ksm_get(a, 1, 5001, 0), KSM_ESIZE);
    check_eq(ksm_get(a, 1, 8192, KSM_OPEN), KSM_ESIZE);
    check_eq(ksm_get(a, 1, UINT_MAX, 0), KSM_ESIZE);
    check_eq(world_info(a, h).ksmsz, 5000);
}

TEST("§3.5 a segment is not created empty or too large")
{
    static const uint too_large[] = { 4096 * 4096 + 1, 0x7FFFE000, 0x7FFFE001, 0x7FFFFFFF,
                                      0x80000000,      0xFFFFF000, 0xFFFFF001, 0xFFFFFFFF };
    struct ksm_task *a = world_task(4);

    world_get(a, 9, 4000 * 4096);
    struct world_figures before = world_figures();
    check_eq(ksm_get(a, 1, 0, 0), KSM_EINVAL);
    check_eq(ksm_get(a, 1, 0, KSM_CREATE), KSM_EINVAL);
    check_eq(ksm_get(a, 1, 0, KSM_OPEN), KSM_ENOENT);
    for (uint i = 0; i < COUNT(too_large); i++)
        check_eq(ksm_get(a, 1, too_large[i], 0), KSM_ESIZE);
    check_eq(ksm_get(a, 1, 4096 * 4096, 0), KSM_ENOSPC);
    check(world_same(before, world_figures()));
}

TEST("§3.5 the largest size is the limit of pages")
{
    world_end();
    world_begin_with((struct ksm_limits){ 64, 256, 0x100000 });
    struct ksm_task *a = world_task(4);
    fake_ram_npages = 0x7FFFE;
    int h = ksm_get(a, 1, KSM_MAX_NBYTES, 0);
    check(h > 0);
    check_eq(world_info(a, h).total_shpg_nr, 0x7FFFE);
    check_eq(ksm_get(a, 2, KSM_MAX_NBYTES + 1, 0), KSM_ESIZE);
    check_eq(ksm_delete(a, h), 0);
}
