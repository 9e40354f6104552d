/* ksm_core_handle.c - handles, and what is kept of dead ones, §3.6 to §3.9. */
#include <limits.h>
#include <stdint.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

TEST("§3.6 a handle is good in its process and later children")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    struct ksminfo_t info;
    int h = world_get(a, 1, 4096);

    check_eq(ksm_attach(b, h, 0), KSM_EHANDLE);
    check_eq(ksm_detach(b, h), KSM_EHANDLE);
    check_eq(ksm_delete(b, h), KSM_EHANDLE);
    check_eq(ksm_info(b, h, &info), KSM_EHANDLE);
    struct ksm_task *child = world_fork(a, 6);
    check_eq(ksm_info(child, h, &info), 0);
    int later = world_get(a, 2, 4096);
    check_eq(ksm_info(child, later, &info), KSM_EHANDLE);
    world_exec(child);
    check_eq(ksm_info(child, h, &info), KSM_EHANDLE);
    check_eq(ksm_get(child, 1, 0, KSM_OPEN), h);
    check_eq(ksm_info(child, h, &info), 0);
}

TEST("§3.6 wrong numbers are no handles, nor is a handle with a bit flipped")
{
    struct ksm_task *a = world_task(4);
    struct ksminfo_t info;
    int h = world_get(a, 1, 4096);

    for (uint bit = 0; bit <= 32; bit++) {
        static const int numbers[] = { 0, -1, INT_MIN, INT_MAX, 1 };
        int wrong = bit < 32 ? (int)((uint)h ^ 1u << bit) : 0;
        for (uint i = 0; i <= COUNT(numbers); i++) {
            struct world_figures before = world_figures();
            check_eq(ksm_attach(a, wrong, 0), KSM_EHANDLE);
            check_eq(ksm_detach(a, wrong), KSM_EHANDLE);
            check_eq(ksm_delete(a, wrong), KSM_EHANDLE);
            if (wrong)
                check_eq(ksm_info(a, wrong, &info), KSM_EHANDLE);
            check(world_same(before, world_figures()));
            if (i < COUNT(numbers))
                wrong = numbers[i];
        }
    }
    check_eq(ksm_info(a, h, &info), 0);
}

TEST("§3.7 getting again gives the same number and takes no memory")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096);
    struct world_figures before = world_figures();

    for (int i = 0; i < 1000; i++)
        check_eq(ksm_get(a, 1, 4096, 0), h);
    check(world_same(before, world_figures()));
}

TEST("§3.8 a dead handle is never reborn")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int old = world_get(a, 1, 4096);

    check_eq(world_get(b, 1, 4096), old);
    check_eq(ksm_delete(a, old), 0);
    for (int i = 0; i < 100; i++) {
        struct ksminfo_t info;
        int h = world_get(b, 1, 4096);
        check(h != old);
        check_eq(ksm_info(a, old, &info), KSM_EHANDLE);
        check_eq(ksm_info(b, old, &info), KSM_EHANDLE);
        check_eq(ksm_info(a, h, &info), KSM_EHANDLE);
        check_eq(ksm_delete(b, h), 0);
    }
}

/* A creation that failed used a slot: its handle was given to nobody and may come again, but not to the
   loser. */
TEST("§3.8 a failed creation leaves no handle")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    struct ksminfo_t info;

    fake_ram_npages = 0;
    check_eq(ksm_get(a, 1, 4096, 0), KSM_ENOMEM);
    fake_ram_npages = 100;
    int h = world_get(b, 2, 4096);
    check_eq(ksm_info(a, h, &info), KSM_EHANDLE);
    check_eq(ksm_delete(b, h), 0);
    h = world_get(a, 3, 4096); /* now a has an old holding of this slot */
    check_eq(ksm_delete(a, h), 0);
    fake_ram_npages = 0;
    check_eq(ksm_get(a, 1, 4096, 0), KSM_ENOMEM);
    fake_ram_npages = 100;
    h = world_get(b, 2, 4096);
    check_eq(ksm_info(a, h, &info), KSM_EHANDLE);
}

/* Creates and deletes until the numbers of a slot are spent; its first handle is h.  17 bits of slot leave 14 of
   generation. */
static void spend(struct ksm_task *task, int h)
{
    uint slot = registry_slot(h);

    for (int i = 0; i < 0x3FFF; i++) {
        check(registry_slot(h) == slot && h > 0);
        check_eq(ksm_delete(task, h), 0);
        h = ksm_get(task, 1, 1, 0);
    }
    check(registry_slot(h) != slot);
    check_eq(ksm_delete(task, h), 0);
    check_sound();
}

TEST("§3.8 an entry whose numbers are spent rests while a process keeps one, and then begins again")
{
    world_end();
    world_begin_with((struct ksm_limits){ 65536, 16, 16 });
    struct ksm_task *a = world_task(4), *b = world_task(5);
    struct ksminfo_t info;
    int first = world_get(b, 1, 1);

    check_eq(world_get(a, 1, 0), first);
    spend(a, first);
    check_eq(registry.nspent, 1);
    check_eq(ksm_info(a, first, &info), KSM_EHANDLE);
    world_exec(a);
    struct ksm_task *c = world_fork(b, 6); /* it inherits nothing that is dead */
    check_eq(registry.nspent, 1);
    check_eq(ksm_info(b, first, &info), KSM_EHANDLE);
    world_exit(b);
    check_eq(registry.nspent, 0);
    check_sound();
    check_eq(ksm_get(a, 1, 1, 0), first);
    check_eq(ksm_info(c, first, &info), KSM_EHANDLE);
}

TEST("§3.8 an entry whose numbers are spent begins again at once when nobody keeps one")
{
    world_end();
    world_begin_with((struct ksm_limits){ 65536, 16, 16 });
    struct ksm_task *a = world_task(4);
    int first = world_get(a, 1, 1);

    for (int i = 0, h = first; i < 0x3FFF; i++) {
        check_eq(ksm_delete(a, h), 0);
        world_exec(a);
        h = world_get(a, 1, 1);
        check(i == 0x3FFE ? h == first : registry_slot(h) == registry_slot(first));
        check_eq(registry.nspent, 0);
    }
}

static void run_fork(void *arg) { world_fork(arg, 9); }

static void run_delete(void *arg) { check_eq(ksm_delete(arg, ksm_get(arg, 1, 0, KSM_OPEN)), 0); }

TEST("§3.8 §7.1 an entry's last number dies while a process that has it forks")
{
    world_end();
    world_begin_with((struct ksm_limits){ 65536, 16, 16 });
    uint nkept_twice = 0;

    for (uint seed = 1; seed <= 60; seed++) {
        struct ksm_task *a = world_task(4), *b = world_task(5);
        int h = world_get(a, 1, 1);

        while ((uint)h + registry.nslots <= INT32_MAX) {
            check_eq(ksm_delete(a, h), 0);
            h = world_get(a, 1, 1);
        }
        check_eq(world_get(b, 1, 0), h);
        world_attach(b, world_get(b, 2, 1), 0); /* fork pauses there, after it has copied the first */
        actors_jitter(seed);
        fake_on_switch = world_check_sound;
        actor_start(run_fork, b);
        actor_start(run_delete, a);
        actors_run();
        fake_on_switch = NULL;
        check_eq(registry.nspent, 1);
        nkept_twice += registry_slot_at(registry_slot(h))->nkept == 3;
        world_end();
        world_begin_with((struct ksm_limits){ 65536, 16, 16 });
    }
    check(nkept_twice > 0);
}

/* A process that keeps a spent number drops it when it keeps a newer one. */
TEST("§3.8 a spent entry does not rest for long")
{
    world_end();
    world_begin_with((struct ksm_limits){ 65536, 64, 64 });
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int h = world_get(a, 1, 1);

    check_eq(world_get(b, 1, 0), h);
    spend(a, h);
    check_eq(registry.nspent, 1);
    h = world_get(b, 100, 1);
    check_eq(registry.nspent, 1);
    check_eq(ksm_delete(b, h), 0);
    check_eq(registry.nspent, 0);
    check_sound();
}

/* Each process keeps a number of an entry that is spent: the last one, which is set here. */
TEST("§3.8 §10 entries that rest leave room for as many segments as there may be")
{
    world_end();
    world_begin_with((struct ksm_limits){ 1, 16, 16 });
    for (int pid = 4; pid < 8; pid++) {
        struct ksm_task *task = world_task(pid);
        int h = world_get(task, 1, 1);
        uint slot = registry_slot(h);

        check_eq(ksm_delete(task, h), 0);
        registry_slot_at(slot)->state = (INT32_MAX & -registry.nslots) | slot;
        check_eq(ksm_delete(task, world_get(task, 1, 1)), 0);
        check_eq(registry.nspent, pid - 3);
        check_sound();
    }
}

TEST("§3.8 one segment after another gets a new handle each time")
{
    world_end();
    world_begin_with((struct ksm_limits){ 1, 16, 16 });
    struct ksm_task *a = world_task(4);
    for (int i = 0; i < 3; i++) {
        int h = world_get(a, 1, 1);
        check_eq(ksm_get(a, 2, 1, 0), KSM_ENOSPC);
        check_eq(ksm_delete(a, h), 0);
    }
}

TEST("§3.8 what is kept of the dead is used again")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);

    for (uint id = 0; id < 60; id++)
        check_eq(world_get(a, id, 1), world_get(b, id, 1));
    uint most = fake_nobjects();
    for (uint round = 1; round < 100; round++) {
        for (uint id = 0; id < 60; id++)
            check_eq(ksm_delete(a, ksm_get(a, round * 64 + id - 64, 1, KSM_OPEN)), 0);
        for (uint id = 0; id < 60; id++)
            check_eq(world_get(a, round * 64 + id, 1), world_get(b, round * 64 + id, 1));
        check(fake_nobjects() <= most);
    }
}

static uint count_holdings(struct ksm_task *task)
{
    uint n = 0;

    for (uint slot = 0; table_next(&task->handles, &slot); slot++)
        n++;
    return n;
}

TEST("§3.8 what is kept of the dead is bounded, whoever deleted them")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);

    for (uint id = 0; id < 60; id++) {
        world_get(a, id, 1);
        world_get(b, id, 1);
    }
    struct ksm_task *c = world_fork(b, 6);
    for (uint id = 0; id < 60; id++)
        check_eq(ksm_delete(b, ksm_get(b, id, 0, KSM_OPEN)), 0);
    check_eq(count_holdings(a), 1);
    check_eq(count_holdings(b), 1);
    check_eq(count_holdings(c), 1);
    check_sound();
    check_eq(count_holdings(world_fork(a, 7)), 0);
}

static void run_deleter(void *arg)
{
    for (uint id = 0; id < 40; id++)
        check_eq(ksm_delete(arg, ksm_get(arg, id, 0, KSM_OPEN)), 0);
}

TEST("§3.8 §7.1 segments die while a process forks")
{
    for (uint seed = 1; seed <= 50; seed++) {
        struct ksm_task *a = world_task(4), *b = world_task(5);

        for (uint id = 0; id < 40; id++) {
            int h = world_get(a, id, 1);

            if (id % 8 == 0)
                world_attach(a, h, 0);
            world_get(b, id, 1);
        }
        actors_jitter(seed);
        fake_on_switch = world_check_sound;
        actor_start(run_fork, a);
        actor_start(run_deleter, b);
        actors_run();
        fake_on_switch = NULL;
        check_eq(count_holdings(a), 5 + 1); /* five are attached, and so alive */
        world_again();
    }
}

TEST("§3.9 a marked segment is found")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int h = world_get(a, 1, 4096);
    uint va = world_attach(a, h, 0);

    check_eq(ksm_delete(a, h), 0);
    check_eq(ksm_get(b, 1, 4096, KSM_OPEN), h);
    check_eq(ksm_get(b, 1, 4096, 0), h);
    check_eq(ksm_get(b, 1, 4096, KSM_MUSTNOTEXIST), KSM_EEXIST);
    check_eq(ksm_detach_at(a, va), 0);
    check_eq(ksm_get(b, 1, 4096, KSM_OPEN), KSM_ENOENT);
}
