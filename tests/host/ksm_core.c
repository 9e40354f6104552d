/*
 * ksm_core.c - the contract sentence by sentence, as far as it can be seen without page tables.
 *
 * Each test runs in a world of its own: a fresh system, at the end of which nothing may be left.
 */
#include <limits.h>
#include <string.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

/* §2: flags. */

TEST("§2 get: flags known, unknown, contradictory, of the other call")
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

TEST("§2 attach: flags unknown, or of the other call")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096);
    struct world_figures before = world_figures();

    for (uint bit = 0; bit < 32; bit++) {
        if (1u << bit & (KSM_READ | KSM_WRITE | KSM_RDWR))
            continue;
        check_eq(ksm_attach(a, h, 1u << bit), KSM_EINVAL);
        check_eq(ksm_attach(a, h, 1u << bit | KSM_READ), KSM_EINVAL);
    }
    check(world_same(before, world_figures()));
}

TEST("§2 attach: access")
{
    static const struct {
        uint flags;
        bool writable;
    } cases[] = { { 0, true },
                  { KSM_READ, false },
                  { KSM_WRITE, true },
                  { KSM_RDWR, true },
                  { KSM_READ | KSM_WRITE, true },
                  { KSM_READ | KSM_RDWR, true },
                  { KSM_WRITE | KSM_RDWR, true },
                  { KSM_READ | KSM_WRITE | KSM_RDWR, true } };
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096);
    for (uint i = 0; i < COUNT(cases); i++)
        check_eq(aspace_mapping_at(a->as, world_attach(a, h, cases[i].flags))->writable, cases[i].writable);
}

static void check_soundness(void) { check_sound(); }

static void again(void)
{
    world_end();
    world_begin();
}

/* §3: get. */

TEST("§3.1 find or create is the default")
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

TEST("§3.2 all pages or none")
{
    struct ksm_task *a = world_task(4);

    fake_ram_npages = 10;
    struct world_figures before = world_figures();
    check_eq(ksm_get(a, 1, 11 * 4096, 0), KSM_ENOMEM);
    check(world_same(before, world_figures()));
    check(ksm_get(a, 1, 10 * 4096, 0) > 0);
    check_eq(ksm_get(a, 2, 1, 0), KSM_ENOMEM);
}

TEST("§3.2 pages are zeroed")
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

TEST("§3.4 sizes when it is found")
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

TEST("§3.5 sizes when it is created")
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

TEST("§3.5 the largest size")
{
    world_end();
    world_begin_with((struct ksm_limits){ 0, 0, 0x100000 });
    struct ksm_task *a = world_task(4);
    fake_ram_npages = 0x7FFFE;
    int h = ksm_get(a, 1, KSM_MAX_NBYTES, 0);
    check(h > 0);
    check_eq(world_info(a, h).total_shpg_nr, 0x7FFFE);
    check_eq(ksm_get(a, 2, KSM_MAX_NBYTES + 1, 0), KSM_ESIZE);
    check_eq(ksm_delete(a, h), 0);
}

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

TEST("§3.6 wrong numbers, and each bit flipped")
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

TEST("§3.8 an entry whose numbers are spent rests while a process keeps one of them, and then begins again")
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

    for (uint seed = 1; seed <= 20; seed++) {
        struct ksm_task *a = world_task(4), *b = world_task(5);
        int h = world_get(a, 1, 1);

        while ((uint)h + registry.nslots <= INT32_MAX) {
            check_eq(ksm_delete(a, h), 0);
            h = world_get(a, 1, 1);
        }
        check_eq(world_get(b, 1, 0), h);
        actors_jitter(seed);
        fake_on_switch = check_soundness;
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

/* A process that keeps a spent number drops it when it keeps newer ones. */
TEST("§3.8 a spent entry does not rest for long")
{
    world_end();
    world_begin_with((struct ksm_limits){ 65536, 64, 64 });
    struct ksm_task *a = world_task(4);
    int h[30];

    spend(a, world_get(a, 1, 1));
    check_eq(registry.nspent, 1);
    for (uint i = 0; i < COUNT(h); i++)
        h[i] = world_get(a, 100 + i, 1);
    for (uint i = 0; i < COUNT(h); i++)
        check_eq(ksm_delete(a, h[i]), 0);
    check_eq(registry.nspent, 0);
    check_sound();
}

TEST("§3.8 one segment at a time")
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
    check_eq(count_holdings(a), 24);
    check_eq(count_holdings(b), 24);
    check_eq(count_holdings(c), 24);
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
        fake_on_switch = check_soundness;
        actor_start(run_fork, a);
        actor_start(run_deleter, b);
        actors_run();
        fake_on_switch = NULL;
        check_eq(count_holdings(a), 5 + 24); /* five are attached, and so alive */
        again();
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

/* §4: attach. */

TEST("§4.1 §4.2 each attach is a new one, highest hole first")
{
    struct ksm_task *a = world_task(4);
    int small = world_get(a, 1, 4096), large = world_get(a, 2, 4 << 20);
    uint first = world_attach(a, small, 0), second = world_attach(a, small, 0);

    check_eq(first, USER_END - 4096);
    check_eq(second, first - 4096);
    check_eq(world_attach(a, large, 0) % (4 << 20), 0);
    check_eq(ksm_detach_at(a, first), 0);
    check_eq(world_attach(a, small, 0), first);
    *fake_word(a->as, first) = 42;
    check_eq(*fake_word(a->as, second), 42);
}

TEST("§4.3 no room above the heap")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 2 * 4096);

    fake_set_brk(a->as, USER_END - 3 * 4096 + 1);
    world_attach(a, h, 0);
    struct world_figures before = world_figures();
    check_eq(ksm_attach(a, h, 0), KSM_ENOVA);
    check(world_same(before, world_figures()));
    check_sound();
    check_eq(ksm_detach(a, h), 0);
    world_attach(a, h, 0);
}

/* A failed attach of a segment that was marked meanwhile: its pin was the last reference. */
static int pinned_handle;
static struct ksm_task *pinner;

static void attach_in_vain(void *arg)
{
    (void)arg;
    check_eq(ksm_attach(pinner, pinned_handle, 0), KSM_ENOVA);
}

static void delete_when_pinned(void)
{
    if (!pinner->pinned || pinner->pinned->state == SEGMENT_MARKED)
        return;
    struct ksm_task *other = world_task(8);
    check_eq(ksm_delete(other, ksm_get(other, 1, 0, KSM_OPEN)), 0);
    check(pinner->pinned->state == SEGMENT_MARKED);
    check_eq(registry.nsegments, 1);
    check_sound();
}

TEST("§4.3 §6.1 a failed attach gives the last reference back")
{
    pinner = world_task(4);
    pinned_handle = world_get(pinner, 1, 4 * 4096);
    fake_set_brk(pinner->as, USER_END - 4096);
    actors_jitter(3);
    fake_on_switch = delete_when_pinned;
    for (uint i = 0; i < 50 && registry.nsegments; i++) {
        actor_start(attach_in_vain, NULL);
        actors_run();
    }
    check_eq(registry.nsegments, 0);
    check_eq(fake_nframes(), 0);
}

TEST("§4.5 read-only and read-write at once")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int h = world_get(a, 1, 4096);

    world_get(b, 1, 0);
    uint w = world_attach(a, h, 0), r = world_attach(a, h, KSM_READ), other = world_attach(b, h, KSM_READ);
    check(aspace_mapping_at(a->as, w)->writable && !aspace_mapping_at(a->as, r)->writable);
    check(!aspace_mapping_at(b->as, other)->writable);
    *fake_word(a->as, w) = 7;
    check_eq(*fake_word(a->as, r), 7);
    check_eq(*fake_word(b->as, other), 7);
    check_eq(world_info(a, h).attached_nr, 3);
}

TEST("§4.7 attaching a marked segment")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int h = world_get(a, 1, 4096);

    world_get(b, 1, 4096);
    uint va = world_attach(a, h, 0);
    *fake_word(a->as, va) = 99;
    check_eq(ksm_delete(a, h), 0);
    uint vb = world_attach(b, h, 0);
    check_eq(ksm_detach(a, h), 0);
    check_eq(*fake_word(b->as, vb), 99);
    check_eq(world_info(b, h).marked, 1);
    check_eq(ksm_detach(b, h), 0);
    check_eq(fake_nframes(), 0);
    check_eq(ksm_attach(b, h, 0), KSM_EHANDLE);
}

/* §5: detach. */

TEST("§5.1 detach takes the newest")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096), other = world_get(a, 2, 4096);
    uint v1 = world_attach(a, h, 0), v2 = world_attach(a, h, 0);

    world_attach(a, other, 0);
    uint v3 = world_attach(a, h, 0);
    check_eq(ksm_detach(a, h), 0);
    check(!aspace_mapping_at(a->as, v3) && aspace_mapping_at(a->as, v2));
    check_eq(ksm_detach_at(a, v1), 0);
    check_eq(ksm_detach(a, h), 0);
    check(!aspace_mapping_at(a->as, v2));
    check_eq(ksm_detach(a, h), KSM_ENOTATT);
    check_eq(world_info(a, other).attached_nr, 1);
}

TEST("§5.2 detach by address")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int h = world_get(a, 1, 2 * 4096);
    uint va = world_attach(a, h, 0);
    const uint wrong[] = { 0, 4, HEAP_END, va + 1, va + 4096, va - 4096, va + 8192, USER_END, 0xFFFFFFFF };

    for (uint i = 0; i < COUNT(wrong); i++)
        check_eq(ksm_detach_at(a, wrong[i]), KSM_ENOTATT);
    check_eq(ksm_detach_at(b, va), KSM_ENOTATT);
    check_eq(world_info(a, h).attached_nr, 1);
    check_eq(ksm_detach_at(a, va), 0);
    check_eq(ksm_detach_at(a, va), KSM_ENOTATT);
}

TEST("§5.4 the last detach of a marked segment destroys it")
{
    struct ksm_task *a = world_task(4);
    struct world_figures before = world_figures();
    int h = world_get(a, 1, 8192);

    world_attach(a, h, 0);
    world_attach(a, h, 0);
    check_eq(ksm_delete(a, h), 0);
    check_eq(ksm_detach(a, h), 0);
    check_eq(fake_nframes(), 2);
    check_eq(ksm_detach(a, h), 0);
    check_eq(fake_nframes(), 0);
    check_eq(world_figures().nsegments, before.nsegments);
    check_eq(ksm_detach(a, h), KSM_EHANDLE);
}

TEST("§5.5 segments persist")
{
    struct ksm_task *a = world_task(4);
    uint va = world_attach(a, world_get(a, 1, 4096), 0);

    *fake_word(a->as, va) = 1234;
    world_exit(a);
    struct ksm_task *b = world_task(5);
    va = world_attach(b, ksm_get(b, 1, 4096, KSM_OPEN), 0);
    check_eq(*fake_word(b->as, va), 1234);
}

/* §6: delete. */

TEST("§6.1 delete marks, once")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4096);
    uint va = world_attach(a, h, 0);

    check_eq(world_info(a, h).marked, 0);
    ticks_now = 50;
    check_eq(ksm_delete(a, h), 0);
    ticks_now = 60;
    check_eq(ksm_delete(a, h), 0);
    check_eq(ksm_delete(a, h), 0);
    check_eq(world_info(a, h).marked, 1);
    check_eq(world_info(a, h).ctime, 50);
    check_eq(world_info(a, h).attached_nr, 1);
    *fake_word(a->as, va) = 5;
    check_sound();
    check_eq(ksm_detach(a, h), 0);
    check_eq(fake_nframes(), 0);
}

TEST("§6.2 delete needs no attachment")
{
    struct ksm_task *a = world_task(4), *b = world_task(5);
    int h = world_get(a, 1, 4096);
    struct ksminfo_t info;

    world_get(b, 1, 4096);
    check_eq(ksm_delete(b, h), 0);
    check_eq(fake_nframes(), 0);
    check_eq(ksm_info(a, h, &info), KSM_EHANDLE);
    check_eq(ksm_delete(a, h), KSM_EHANDLE);
}

/* §7: processes. */

TEST("§7.1 fork inherits")
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

TEST("§7.1 fork with nothing to inherit")
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

TEST("§7.2 exit detaches")
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

TEST("§7.3 exec detaches and drops handles")
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
    ksm_detach_at(b, vb);
    i = world_info(a, h);
    check(i.mpid == 5 && i.atime == 30 && i.dtime == 40 && i.ctime == 10 && i.attached_nr == 1);
    ticks_now = 50;
    ksm_delete(a, h);
    i = world_info(a, h);
    check(i.mpid == 4 && i.atime == 30 && i.dtime == 40 && i.ctime == 50 && i.marked == 1 && i.cpid == 4);
    ticks_now = 60;
    ksm_delete(b, h);
    check_eq(world_info(a, h).mpid, 5);
}

TEST("§8.1 totals")
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

/* §9: the order of errors. */

TEST("§9 the order of errors")
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

TEST("§10 limit of segments")
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

TEST("§10 limit of pages")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 4090 * 4096);

    check_eq(ksm_get(a, 2, 6 * 4096 + 1, 0), KSM_ENOSPC);
    check(ksm_get(a, 2, 6 * 4096, 0) > 0);
    check_eq(ksm_get(a, 3, 1, 0), KSM_ENOSPC);
    check_eq(ksm_delete(a, h), 0);
    check(ksm_get(a, 3, 4090 * 4096, 0) > 0);
}

TEST("§10 limit of attachments")
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

TEST("§10 default limits")
{
    world_end();
    world_begin_with((struct ksm_limits){ 0, 0, 0 });
    check_eq(registry.limits.nsegments, 4096);
    check_eq(registry.limits.nattachments, 16384);
    check_eq(registry.limits.npages, (1u << 18) / 8 * 7);
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 1, 1);
    for (int i = 0; i < 1024; i++)
        world_attach(a, h, 0);
    for (uint id = 1; id <= 4096; id++)
        check(ksm_get(a, id, 1, 0) > 0);
    check_eq(ksm_get(a, 0, 1, 0), KSM_ENOSPC);
    check_sound();
    world_end();
    world_begin_with((struct ksm_limits){ 1000000, 1, 1 });
    check_eq(registry.limits.nsegments, 65536);
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

TEST("§3.2 §7.1 §9 each allocation fails once")
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

TEST("§9 each allocation of the boot fails once")
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
TEST("§3.8 §9 each allocation fails once, old holdings about")
{
    sweeper = world_task(4);
    check_eq(ksm_delete(sweeper, world_get(sweeper, 1, 1)), 0);
    sweep(sweep_get, 2);
}

/* §12: births that take their time. */

struct getter {
    struct ksm_task *task;
    uint id, nbytes, flags;
    int result;
};

static void run_getter(void *arg)
{
    struct getter *g = arg;

    g->result = ksm_get(g->task, g->id, g->nbytes, g->flags);
}

/* All at once, their order given by the seed. */
static void get_together(struct getter *g, uint n, uint seed)
{
    actors_jitter(seed);
    fake_on_switch = check_soundness;
    for (uint i = 0; i < n; i++) {
        g[i].task = world_task(10 + (int)i);
        actor_start(run_getter, &g[i]);
    }
    actors_run();
    check_eq(actors_alive(), 0);
    fake_on_switch = NULL;
}

TEST("§12 of several creators one wins")
{
    for (uint seed = 1; seed <= 50; seed++) {
        struct getter g[4] = { { .id = 1, .nbytes = 4096, .flags = KSM_MUSTNOTEXIST },
                               { .id = 1, .nbytes = 4096, .flags = KSM_MUSTNOTEXIST },
                               { .id = 1, .nbytes = 4096, .flags = KSM_MUSTNOTEXIST },
                               { .id = 1, .nbytes = 4096, .flags = KSM_MUSTNOTEXIST } };
        uint nwinners = 0, nlosers = 0;
        get_together(g, 4, seed);
        for (uint i = 0; i < 4; i++) {
            nwinners += g[i].result > 0;
            nlosers += g[i].result == KSM_EEXIST;
        }
        check_eq(nwinners, 1);
        check_eq(nlosers, 3);
        again();
    }
}

/* Two may not both be born, and neither is refused for the sake of one that is not. */
TEST("§12 §3.1 creators of one identifier share")
{
    for (uint seed = 1; seed <= 50; seed++) {
        struct getter g[3] = { { .id = 1, .nbytes = 3 * 4096 }, { .id = 1, .nbytes = 4096 }, { .id = 1 } };
        fake_ram_npages = 4; /* not enough for two at once */
        get_together(g, 3, seed);
        uint nbytes = g[0].result > 0 ? world_info(g[0].task, g[0].result).ksmsz : 4096;
        check(nbytes == 4096 ? g[1].result > 0 : g[0].result > 0);
        check(g[0].result > 0 || g[0].result == KSM_ESIZE);
        check(g[1].result > 0);
        check(g[2].result == g[1].result || g[2].result == KSM_EINVAL);
        check_eq(registry.nsegments, 1);
        again();
    }
}

TEST("§12 §10 nobody is refused for the sake of a failed birth")
{
    for (uint seed = 1; seed <= 50; seed++) {
        struct getter g[2] = { { .id = 1, .nbytes = 4096 * 4096 }, { .id = 2, .nbytes = 4096 } };
        fake_ram_npages = 100; /* the first is within the limit, but there is no memory for it */
        get_together(g, 2, seed);
        check(g[0].result == KSM_ENOMEM || g[0].result == KSM_ENOSPC); /* the latter when it is second */
        check(g[1].result > 0);
        again();
    }
}

/* Attachments counted up to the limit by others while this one was being mapped. */
static void run_attacher(void *arg)
{
    struct getter *g = arg;

    g->result = ksm_attach(g->task, (int)g->id, 0);
}

TEST("§12 §10 a race for the last attachments")
{
    for (uint seed = 1; seed <= 50; seed++) {
        struct getter g[4];
        uint nwinners = 0;
        struct ksm_task *a = world_task(4);
        int h = world_get(a, 1, 4096);
        while (registry.nattached < 254)
            world_attach(a, h, 0);
        actors_jitter(seed);
        fake_on_switch = check_soundness;
        for (int i = 0; i < 4; i++) {
            g[i] = (struct getter){ .task = world_task(10 + i) };
            g[i].id = (uint)world_get(g[i].task, 1, 0);
            actor_start(run_attacher, &g[i]);
        }
        actors_run();
        for (uint i = 0; i < 4; i++) {
            nwinners += g[i].result > 0;
            check(g[i].result > 0 || g[i].result == KSM_ENOSPC);
        }
        check_eq(nwinners, 2);
        again();
    }
}

/* §13: the operator's table. */

static void run_print(void *arg)
{
    (void)arg;
    ksm_print();
}

TEST("§13 the operator's table shows so many attachments of a process, and the number of the rest")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 7, 1);

    for (int i = 0; i < 16; i++)
        world_attach(a, h, 0);
    ksm_print();
    check(strstr(fake_printed, "7fffd000 rw 7fffe000 rw 7ffff000 rw\n1 segments"));
    for (int i = 0; i < 101; i++)
        world_attach(a, h, KSM_READ);
    fake_printed[0] = 0;
    ksm_print();
    check(strstr(fake_printed, "  4: and 101 more\n1 segments"));
}

static void run_many(void *arg)
{
    for (uint i = 0; i < 30; i++) {
        int h = ksm_get(arg, i % 5, 1, 0);

        if (ksm_attach(arg, h, 0) > 0 && i % 3)
            check_eq(ksm_detach(arg, h), 0);
        if (i % 2) /* unless others did */
            (void)ksm_delete(arg, h);
    }
    world_exit(arg);
}

TEST("§13 the operator's table while segments and processes come and go")
{
    for (uint seed = 1; seed <= 50; seed++) {
        actors_jitter(seed);
        for (int i = 0; i < 3; i++)
            actor_start(run_many, world_task(4 + i));
        actor_start(run_print, NULL);
        fake_on_switch = check_soundness;
        actors_run();
        check_eq(actors_alive(), 0);
        check(strstr(fake_printed, " attachments\n"));
        again();
    }
}

TEST("§13 the operator's table")
{
    struct ksm_task *a = world_task(4), *b = world_task(15);

    ksm_print();
    check(strstr(fake_printed, "0 segments, 0 pages, 0 attachments\n"));
    int h = world_get(a, 0x4D, 5000);
    world_get(a, 0xFFFFFFFF, 1);
    world_get(b, 0x4D, 0);
    world_attach(b, h, KSM_READ);
    for (int i = 0; i < 5; i++)
        world_attach(a, h, 0);
    ksm_delete(a, h);
    fake_printed[0] = 0;
    ksm_print();
    check(strstr(fake_printed, "0000004d"));
    check(strstr(fake_printed, "ffffffff"));
    check(strstr(fake_printed, "marked"));
    check(strstr(fake_printed, "  4: 7fff6000 rw 7fff8000 rw 7fffa000 rw 7fffc000 rw\n"));
    check(strstr(fake_printed, "  4: 7fffe000 rw\n"));
    check(strstr(fake_printed, " 15: 7fffe000 r \n"));
    check(strstr(fake_printed, "2 segments, 3 pages, 6 attachments\n"));
}

static void run_birth(void *arg) { world_get(arg, 0xABC, 4096); }

TEST("§13 the operator's table shows births")
{
    bool seen = false;

    for (uint seed = 1; seed <= 50; seed++) {
        actors_jitter(seed);
        actor_start(run_birth, world_task(4));
        actor_start(run_print, NULL);
        actors_run();
        seen |= strstr(fake_printed, "unborn") != NULL;
        again();
    }
    check(seen);
}

TAP_MAIN(world_begin, world_end)
