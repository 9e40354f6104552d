/* ksm_core_attach.c - attach, detach and delete, §2 and §4 to §6. */
#include "base/event.h"
#include "ksm/ksm_impl.h"
#include "ksm_world.h"

TEST("§2 attach refuses flags that are unknown or the other call's")
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

TEST("§2 attach gives the access that its flags say")
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

TEST("§4.3 attach finds no room above the heap, and says so")
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

/* Another process deletes the segment at one of the first moments when the one that attaches it lets others run. */
static struct ksm_task *attacher, *deleter;
static int contested;
static uint nleft; /* of these moments, before it does */

static void attach_contested(void *result) { *(int *)result = ksm_attach(attacher, contested, 0); }

/* Once deleted, it is there only because it is attached. */
static void delete_contested(void)
{
    struct ksminfo_t info;

    if (nleft > 0)
        nleft--;
    else if (ksm_delete(deleter, contested) == 0 && ksm_info(deleter, contested, &info) == 0)
        check(info.marked && info.attached_nr == 1);
}

/* In many orders.  An attach that reaches its segment has this result, or works if it is 0. */
static void contest(uint brk, int error)
{
    for (uint i = 0; i < 50; i++) {
        int result;

        attacher = world_task(4);
        deleter = world_task(5);
        contested = world_get(attacher, 1, 4 * 4096);
        world_get(deleter, 1, 0);
        fake_set_brk(attacher->as, brk);
        nleft = i % 3;
        fake_on_switch = delete_contested;
        actor_start(attach_contested, &result);
        actors_run();
        fake_on_switch = NULL;
        check(result == KSM_EHANDLE || (error ? result == error : result > 0));
        check_sound();
        nleft = 0;
        delete_contested();
        world_exit(attacher);
        world_exit(deleter);
        check_eq(fake_nframes(), 0);
    }
}

TEST("§6.1 §12 a delete comes before an attach or after it")
{
    actors_jitter(3);
    contest(HEAP_END, 0);
}

TEST("§4.3 §6.1 §12 a delete comes before an attach that fails, or after it")
{
    actors_jitter(3);
    contest(USER_END - 4096, KSM_ENOVA);
}

TEST("§4.5 a segment is attached read-only and read-write at once")
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

TEST("§4.7 a marked segment can be attached")
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

TEST("what an address has to do with a segment: it is in one, past one, or where one was")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 7, 2 * 4096);
    struct ksm_place place;

    check(!ksm_find_place(a, 1 << 20, &place));
    uint va = world_attach(a, h, 0);
    check(ksm_find_place(a, va + 5, &place));
    check(place.kind == KSM_PLACE_IN && place.offset == 5 && place.id == 7);
    check(ksm_find_place(a, va + 2 * 4096, &place));
    check(place.kind == KSM_PLACE_PAST && place.offset == 2 * 4096 && place.id == 7);
    check(!ksm_find_place(a, va + 100 * 4096, &place));
    check_eq(ksm_detach(a, h), 0);
    check(ksm_find_place(a, va + 9, &place));
    check(place.kind == KSM_PLACE_DETACHED && place.offset == 9);
    check(!ksm_find_place(a, va + 2 * 4096, &place));
}

TEST("the feed is told of each segment and attachment that comes or goes")
{
    struct ksm_task *a = world_task(4);
    uint told[6], n = 0;

    events_on = EVENTS_ALL;
    fake_nevents = 0;
    int h = world_get(a, 1, 4096);
    told[n++] = fake_nevents;
    uint va = world_attach(a, h, 0);
    told[n++] = fake_nevents;
    world_attach(a, h, KSM_READ);
    told[n++] = fake_nevents;
    check_eq(ksm_detach_at(a, va), 0);
    told[n++] = fake_nevents;
    check_eq(ksm_delete(a, h), 0);
    told[n++] = fake_nevents;
    check_eq(ksm_detach(a, h), 0);
    told[n++] = fake_nevents;
    events_on = EVENTS_OFF;
    for (uint i = 0; i < n; i++)
        check_eq(told[i], i + 1);
}

TEST("§5.2 detach by address takes exactly the start")
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
