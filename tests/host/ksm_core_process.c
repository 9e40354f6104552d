/* ksm_core_process.c - fork, exit and exec, and what info reports, §7 and §8. */
#include <string.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

TEST("§7.1 fork inherits attachments and handles")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096), other = world_get(a, 2, 8192), bare = world_get(a, 3, 1);
    uint v1 = world_attach(a, h, 0), v2 = world_attach(a, other, KSM_READ), v3 = world_attach(a, h, KSM_READ);

    ticks_now = 70;
    struct ksm_task *b = world_fork(a, 9);
    check(aspace_mapping_at(b->as, v1)->writable && aspace_mapping_at(b->as, v1)->va == v1);
    check(!aspace_mapping_at(b->as, v2)->writable && !aspace_mapping_at(b->as, v3)->writable);
    *fake_word(b->as, v1) = 3;
    check_eq(*fake_word(a->as, v1), 3);
    struct ksminfo_t info = world_info(b, h);
    check_eq(info.attached_nr, 4);
    check_eq(info.atime, 70);
    check_eq(info.mpid, 9);
    check_eq(info.total_attached_nr, 6);
    check_eq(world_info(b, bare).mpid, 4);
    check_eq(world_info(b, bare).atime, 0);
    check_eq(ksm_detach(b, h), 0); /* the newest, in the child too */
    check(!aspace_mapping_at(b->as, v3) && aspace_mapping_at(b->as, v1) && aspace_mapping_at(a->as, v3));
    check_sound();
}

TEST("§7.1 fork works with nothing to inherit")
{
    struct ksm_task *a = world_task(4);

    check(world_fork(a, 5) != NULL);
    int h = world_get(a, 1, 4096);
    check_eq(ksm_delete(a, h), 0);
    struct ksm_task *b = world_fork(a, 6); /* a dead holding is not inherited */
    check(!holding_any(b) && !list_linked(&b->link));
    check_sound();
}

TEST("§7.1 fork over the limit leaves no trace")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096);

    for (int i = 0; i < 129; i++)
        world_attach(a, h, 0);
    struct world_figures before = world_figures();
    struct ksminfo_t info = world_info(a, h);
    ticks_now = 99;
    check(!world_fork(a, 5));
    struct ksminfo_t now = world_info(a, h);
    check(memcmp(&info, &now, sizeof(info)) == 0);
    check(world_same(before, world_figures()));
    check_sound();
    check_eq(ksm_detach(a, h), 0);
    check(world_fork(a, 5) != NULL);
    check_eq(world_info(a, h).total_attached_nr, 256);
}

TEST("§7.2 exit detaches all")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096), gone = world_get(a, 2, 4096);

    world_attach(a, h, 0);
    struct ksm_task *b = world_fork(a, 5);
    world_attach(b, h, 0);
    world_attach(b, gone, 0);
    check_eq(ksm_delete(b, gone), 0);
    ticks_now = 123;
    world_exit(b);
    struct ksminfo_t info = world_info(a, h);
    check_eq(info.attached_nr, 1);
    check_eq(info.dtime, 123);
    check_eq(info.mpid, 5);
    check_eq(info.total_attached_nr, 1);
    check_eq(info.total_shrg_nr, 1);
    check_eq(ksm_get(a, 2, 1, KSM_OPEN), KSM_ENOENT);
}

TEST("§7.3 exec detaches all and drops handles")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096);
    uint va = world_attach(a, h, 0);

    world_exec(a);
    check(!aspace_mapping_at(a->as, va));
    check_eq(ksm_detach(a, h), KSM_EHANDLE);
    check_eq(registry.nattached, 0);
    check_eq(ksm_get(a, 1, 0, KSM_OPEN), h);
    check_sound();
}

/* §8: info. */

TEST("§8 §8.3 each field changes on its own event")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);

    ticks_now = 10;
    int h = world_get(a, 1, 5000);
    struct ksminfo_t i = world_info(a, h);
    check(i.ksmsz == 5000 && i.cpid == 4 && i.mpid == 4 && i.attached_nr == 0);
    check(i.atime == 0 && i.dtime == 0 && i.ctime == 10 && i.marked == 0);
    ticks_now = 20;
    world_get(b, 1, 0);
    world_info(b, h);
    check_eq(world_info(a, h).mpid, 4); /* §8.1: looking changes nothing */
    uint vb = world_attach(b, h, 0);
    i = world_info(a, h);
    check(i.mpid == 5 && i.atime == 20 && i.dtime == 0 && i.ctime == 10 && i.attached_nr == 1);
    ticks_now = 30;
    world_attach(a, h, 0);
    i = world_info(a, h);
    check(i.mpid == 4 && i.atime == 30 && i.attached_nr == 2);
    ticks_now = 40;
    check_eq(ksm_detach_at(b, vb), 0);
    i = world_info(a, h);
    check(i.mpid == 5 && i.atime == 30 && i.dtime == 40 && i.ctime == 10 && i.attached_nr == 1);
    ticks_now = 50;
    check_eq(ksm_delete(a, h), 0);
    i = world_info(a, h);
    check(i.mpid == 4 && i.atime == 30 && i.dtime == 40 && i.ctime == 50 && i.marked == 1 && i.cpid == 4);
    ticks_now = 60;
    check_eq(ksm_delete(b, h), 0);
    check_eq(world_info(a, h).mpid, 5);
}

TEST("§8.1 handle 0 gives the totals alone")
{
    struct ksm_task *a = world_task(4);
    struct ksminfo_t info;

    memset(&info, 0xEE, sizeof(info));
    int h1 = world_get(a, 1, 1), h2 = world_get(a, 2, 5000);
    world_get(a, 3, 3 * 4096);
    for (int i = 0; i < 3; i++)
        world_attach(a, h1, 0);
    world_attach(a, h2, 0);
    world_attach(a, h2, KSM_READ);
    check_eq(ksm_info(a, 0, &info), 0);
    check_eq(info.total_shrg_nr, 3);
    check_eq(info.total_shpg_nr, 6);
    check_eq(info.total_attached_nr, 5);
    check(info.ksmsz == 0xEEEEEEEE && info.marked == 0xEEEEEEEE && info.mpid == (int)0xEEEEEEEE);
}
