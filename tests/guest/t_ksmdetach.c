/*
 * t_ksmdetach.c - shared memory: detaching and deleting segments, §5 and §6.
 */
#include "ksmtest.h"

TEST("§5.1 detach by handle takes the newest")
{
    int handle = fresh(PAGE);
    char *a = attach(handle), *b = attach(handle), *c = attach(handle);

    check_eq(ksmdetach(handle), 0);
    check(tap_read_dies(c) && !tap_read_dies(b) && !tap_read_dies(a));
    c = attach(handle);
    check_eq(ksmdetachat(a), 0);
    check_eq(ksmdetach(handle), 0);
    check(tap_read_dies(c) && !tap_read_dies(b));
    check_eq(ksmdetach(handle), 0);
    check_eq(ksmdetach(handle), KSM_ENOTATT);
    check_eq(ksmdelete(handle), 0);
}

TEST("§5.2 detach by address wants exactly the start")
{
    int handle = fresh(2 * PAGE), local;
    char *p = attach(handle);
    void *wrong[] = { p + 1,
                      p + PAGE,
                      p - PAGE,
                      p + 2 * PAGE,
                      NULL,
                      sbrk(0),
                      &local,
                      (void *)KERNBASE,
                      (void *)-1,
                      (void *)0xFFFFF000,
                      (void *)((uint)p | KERNBASE),
                      (void *)0x1000 };

    for (uint i = 0; i < COUNT(wrong); i++)
        check_eq(ksmdetachat(wrong[i]), KSM_ENOTATT);
    p[0] = p[2 * PAGE - 1] = 1;
    check_eq(info_of(handle).attached_nr, 1);
    check_eq(ksmdetachat(p), 0);
    check_eq(ksmdetachat(p), KSM_ENOTATT);
    check_eq(info_of(handle).attached_nr, 0);
    check_eq(ksmdelete(handle), 0);
}

TEST("§5.1 detaching what is not attached changes nothing")
{
    int handle = fresh(PAGE);
    struct ksminfo_t before = info_of(handle), after;

    check_eq(ksmdetach(handle), KSM_ENOTATT);
    attach(handle);
    check_eq(ksmdetach(handle), 0);
    before = info_of(handle);
    check_eq(ksmdetach(handle), KSM_ENOTATT);
    after = info_of(handle);
    check(memcmp(&before, &after, sizeof(before)) == 0);
    check_eq(ksmdelete(handle), 0);
    check_alive();
}

#define TOUCHED 4u /* pages: a flush of so few goes page by page */

struct touch {
    char *start;
    uint page;
};

static void touch_after_detach(void *arg)
{
    const struct touch *touch = arg;
    volatile char *p = touch->start;

    for (uint i = 0; i < TOUCHED; i++)
        p[i * PAGE] = 1;
    if (ksmdetachat(touch->start) == 0)
        p[touch->page * PAGE] = 2;
}

TEST("§5.3 the first touch after a detach faults")
{
    int handle = fresh(TOUCHED * PAGE);
    struct touch touch = { .start = attach(handle) };

    for (; touch.page < TOUCHED; touch.page++) {
        check(tap_dies(touch_after_detach, &touch));
        check_eq(touch.start[touch.page * PAGE], 1);
    }
    check_eq(info_of(handle).attached_nr, 1);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§5.4 §6.1 a marked segment goes with its last attachment")
{
    struct ksminfo_t before;
    int frames, handle = fresh(PAGE);

    attach(handle); /* page tables */
    int big = fresh(10 * PAGE);
    ksmdelete(big);
    before = info_of(0);
    frames = pgused();
    big = fresh(10 * PAGE);

    char *a = attach(big), *b = attach(big);
    int with = pgused();

    check_eq(ksmdelete(big), 0);
    check_eq(pgused(), with);
    check_eq(info_of(big).marked, 1);
    a[PAGE] = 5;
    check_eq(b[PAGE], 5);
    check_eq(ksmdelete(big), 0);
    check_eq(ksmdetachat(b), 0);
    check_eq(a[PAGE], 5);
    check_eq(ksmdetachat(a), 0);
    check_eq(pgused(), frames);
    check_eq(info_of(0).total_shrg_nr, before.total_shrg_nr);
    check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr);
    check_eq(info_of(0).total_attached_nr, before.total_attached_nr);
    check_dead(big);
    ksmdetach(handle);
    ksmdelete(handle);
}

TEST("§6.1 an unattached segment goes at once")
{
    struct ksminfo_t before = info_of(0);
    int id = fresh_id(), handle = ksmget(id, 3 * PAGE);

    check_eq(ksmdelete(handle), 0);
    check_dead(handle);
    check_eq(info_of(0).total_shpg_nr, before.total_shpg_nr);
    check_eq(ksmget(id, 0, KSM_OPEN), KSM_ENOENT);
}

TEST("§5.5 an unmarked segment stays, with its contents")
{
    int handle = fresh(PAGE);

    strcpy(attach(handle), "kept");
    check_eq(ksmdetach(handle), 0);
    check_str(attach(handle), "kept");
    check_eq(ksmdetach(handle), 0);
    check_eq(ksmdelete(handle), 0);
}

static void delete_it(void *arg) { check_eq(ksmdelete(*(int *)arg), 0); }

TEST("§6.2 delete needs no attachment, and detaches nobody")
{
    int handle = fresh(PAGE);
    char *p = attach(handle);

    tap_join(tap_start(delete_it, &handle)); /* its inherited attachment went with it */
    check_eq(info_of(handle).marked, 1);
    check_eq(info_of(handle).attached_nr, 1);
    p[0] = 1;
    check_eq(ksmdetach(handle), 0);
    check_dead(handle);
}

TAP_MAIN(drop_fresh)
