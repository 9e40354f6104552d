/* ksm_core_limit.c - errors, limits, and allocations that fail, §9 and §10. */
#include <limits.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

TEST("§9 where several errors apply, the first is given")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096), marked = world_get(a, 2, 4096);

    check_eq(ksm_get(a, 9, 0, KSM_HUGETLB | 0x80), KSM_EINVAL);
    check_eq(ksm_get(a, 9, 0, KSM_HUGETLB | KSM_OPEN), KSM_ENOTSUP);
    check_eq(ksm_get(a, 9, 0, KSM_OPEN), KSM_ENOENT);
    check_eq(ksm_get(a, 1, UINT_MAX, KSM_MUSTNOTEXIST), KSM_EEXIST);
    while (ksm_get(a, registry.nsegments + 100, 4096, 0) > 0)
        ;
    check_eq(ksm_get(a, 9, 0, 0), KSM_EINVAL);
    check_eq(ksm_get(a, 9, UINT_MAX, 0), KSM_ESIZE);
    fake_ram_npages = fake_nframes();
    check_eq(ksm_get(a, 9, 4096, 0), KSM_ENOSPC);
    check_eq(ksm_delete(a, marked), 0);
    fake_ram_npages = fake_nframes();
    check_eq(ksm_get(a, 9, 4096, 0), KSM_ENOMEM);

    check_eq(ksm_attach(a, -1, 0x80), KSM_EINVAL);
    while (registry.nattached < 256)
        world_attach(a, h, 0);
    fake_set_brk(a->as, aspace_mapping_from(a->as, 0)->va);
    check_eq(ksm_attach(a, marked, 0), KSM_EHANDLE);
    fake_fail_nth(1);
    check_eq(ksm_attach(a, h, 0), KSM_ENOSPC);
    struct ksm_task *b = world_fork(a, 5); /* refused: over the limit */
    check(!b);
    check_eq(ksm_detach(a, h), 0);
    fake_set_brk(a->as, USER_END);
    fake_fail_nth(1);
    check_eq(ksm_attach(a, h, 0), KSM_ENOMEM);
    check_eq(ksm_attach(a, h, 0), KSM_ENOVA);
    check_eq(ksm_detach(a, marked), KSM_EHANDLE);
}

/* §10: limits. */

TEST("§10 get stops at the limit of segments")
{
    struct ksm_task *a = world_task(4);

    for (uint id = 0; id < 64; id++)
        world_get(a, id, 1);
    struct world_figures before = world_figures();
    check_eq(ksm_get(a, 64, 1, 0), KSM_ENOSPC);
    check(world_same(before, world_figures()));
    check(ksm_get(a, 63, 1, 0) > 0); /* a full table still finds */
    check_eq(ksm_delete(a, ksm_get(a, 7, 0, KSM_OPEN)), 0);
    check(ksm_get(a, 64, 1, 0) > 0);
    check_eq(ksm_get(a, 65, 1, 0), KSM_ENOSPC);
}

TEST("§10 get stops at the limit of pages")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4090 * 4096);

    check_eq(ksm_get(a, 2, 6 * 4096 + 1, 0), KSM_ENOSPC);
    check(ksm_get(a, 2, 6 * 4096, 0) > 0);
    check_eq(ksm_get(a, 3, 1, 0), KSM_ENOSPC);
    check_eq(ksm_delete(a, h), 0);
    check(ksm_get(a, 3, 4090 * 4096, 0) > 0);
}

TEST("§10 attach and fork stop at the limit of attachments")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int h = world_get(a, 1, 1);

    world_get(b, 1, 1);
    for (int i = 0; i < 128; i++) {
        world_attach(a, h, 0);
        world_attach(b, h, 0);
    }
    check_eq(ksm_attach(a, h, 0), KSM_ENOSPC);
    check_eq(ksm_detach(b, h), 0);
    check(ksm_attach(a, h, 0) > 0);
    check_eq(ksm_attach(b, h, 0), KSM_ENOSPC);
}

TEST("§10 with the usual limits there are 4,096 segments, and 1,024 attachments in a process")
{
    world_end();
    world_begin_with((struct ksm_limits){ KSM_DEFAULT_SEGMENTS, KSM_DEFAULT_ATTACHMENTS, 8192 });
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 1);
    for (int i = 0; i < 1024; i++)
        world_attach(a, h, 0);
    for (uint id = 1; id <= 4096; id++)
        check(ksm_get(a, id, 1, 0) > 0);
    check_eq(ksm_get(a, 0, 1, 0), KSM_ENOSPC);
}

/* §3.2, §7.1, §9: each allocation fails once. */

static struct ksm_task *sweeper;
static int sweep_handle;

static int sweep_get(void) { return ksm_get(sweeper, 5, 4096, 0); }
static int sweep_find(void) { return ksm_get(sweeper, 6, 4096, 0); }

static int sweep_attach(void) { return ksm_attach(sweeper, sweep_handle, 0); }

static int sweep_fork(void) { return world_fork(sweeper, 8) ? 0 : KSM_ENOMEM; }

/* Every N from 1 until it succeeds: ENOMEM, and nothing has changed. */
static void sweep(int (*call)(void), uint at_least)
{
    uint nfailures = 0;

    for (;;) {
        struct world_figures before = world_figures();
        fake_fail_nth(++nfailures);
        int result = call();
        if (!fake_failed()) {
            check(result >= 0);
            break;
        }
        check_eq(result, KSM_ENOMEM);
        check(world_same(before, world_figures()));
        check_sound();
    }
    check(nfailures > at_least);
    fake_fail_nth(0);
}

TEST("§3.2 §7.1 §9 a call changes nothing whichever of its allocations fails")
{
    struct ksm_task *other = world_task(5);

    world_get(other, 6, 4096);
    for (uint id = 10; id < 40; id++) /* so that tables have two levels */
        world_get(other, id, 1);
    sweeper = world_task(4);
    sweep_handle = world_get(sweeper, 20, 1);
    world_attach(other, world_get(other, 20, 0), 0);
    sweep(sweep_get, 3);
    sweep(sweep_find, 1);
    sweep(sweep_attach, 1); /* the first of a segment, and another one */
    sweep(sweep_attach, 2);
    world_get(sweeper, 39, 1);
    for (uint id = 10; id < 20; id++)
        world_attach(sweeper, world_get(sweeper, id, 1), id & 1 ? KSM_READ : 0);
    sweep(sweep_fork, 20);
}

TEST("§9 the boot fails cleanly whichever of its allocations fails")
{
    const struct ksm_limits limits = { 65536, 9, 9 };

    world_end();
    for (uint nth = 1;; nth++) {
        fake_reset();
        fake_fail_nth(nth);
        int result = ksm_init(&limits);
        if (!fake_failed())
            break;
        check_eq(result, -1);
        check_eq(fake_nobjects(), 0);
    }
    world_begin();
}

/* An old holding is at the slot: a failure must leave it as it was. */
TEST("§3.8 §9 nor does it with holdings of dead segments about")
{
    sweeper = world_task(4);
    check_eq(ksm_delete(sweeper, world_get(sweeper, 1, 1)), 0);
    sweep(sweep_get, 2);
}
