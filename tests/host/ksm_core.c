/*
 * ksm_core.c - the contract sentence by sentence, as far as it shows without page tables.  This suite is ksm_core*.c.
 *
 * Each test runs in a world of its own: a fresh system, at the end of which nothing may be left.
 */
#include <string.h>

#include "ksm/ksm_impl.h"
#include "ksm_world.h"

TEST("§13 the operator's table shows a name that is the identifier's, cut to 23 characters")
{
    struct ksm_task *a = world_task(4);
    int chat = world_get(a, 0x224bf9ab, 1), other = world_get(a, 7, 1); /* the first is ksmid("chat") */
    int longer = world_get(a, 0x30bc0c82, 1); /* ksmid("abcdefghijklmnopqrstuvwxyz") */

    check_eq(ksm_name(a, chat, "chat"), 0);
    check_eq(ksm_name(a, other, "chat"), KSM_EINVAL);
    check_eq(ksm_name(a, longer, "abcdefghijklmnopqrstuvwxyz"), 0);
    check_eq(ksm_name(world_task(5), chat, "chat"), KSM_EHANDLE);
    fake_printed[0] = 0;
    ksm_print();
    check(strstr(fake_printed, "0x224bf9ab \"chat\"\n"));
    check(strstr(fake_printed, "0x30bc0c82 \"abcdefghijklmnopqrstuvw\"\n"));
    check(strstr(fake_printed, "\n0x00000007 "));
}

static void run_print(void *arg)
{
    (void)arg;
    ksm_print();
}

TEST("§13 the operator's table shows so many attachments of a process, and the number of the rest")
{
    struct ksm_task *a = world_task(4);
    int h = world_get(a, 7, 1);

    for (int i = 0; i < 12; i++)
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
    struct ksminfo_t info;

    for (uint i = 0; i < 30; i++) {
        int h = ksm_get(arg, i % 5, 1, 0);

        if (ksm_attach(arg, h, 0) > 0 && i % 3)
            check_eq(ksm_detach(arg, h), 0);
        if (i % 2 && ksm_delete(arg, h)) /* others did */
            check_eq(ksm_info(arg, h, &info), KSM_EHANDLE);
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
        fake_on_switch = world_check_sound;
        actors_run();
        check_eq(actors_alive(), 0);
        check(strstr(fake_printed, " attachments\n"));
        world_again();
    }
}

static bool printed;

static void run_print_once(void *unused)
{
    run_print(unused);
    printed = true;
}

static void run_reborn(void *task)
{
    while (!printed)
        check_eq(ksm_delete(task, world_get(task, 0x63, 1)), 0);
}

TEST("§13 the operator's table shows one segment for each entry, however often it is used anew meanwhile")
{
    for (uint seed = 1; seed <= 50; seed++) {
        printed = false;
        actors_jitter(seed);
        actor_start(run_reborn, world_task(4));
        actor_start(run_print_once, NULL);
        actors_run();
        const char *first = strstr(fake_printed, "0x00000063");
        check(!first || !strstr(first + 1, "0x00000063"));
        world_again();
    }
}

TEST("§13 the operator's table shows segments and attachments")
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
    check_eq(ksm_delete(a, h), 0);
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

TEST("§13 the operator's table shows segments that are being made")
{
    bool seen = false;

    for (uint seed = 1; seed <= 50; seed++) {
        actors_jitter(seed);
        actor_start(run_birth, world_task(4));
        actor_start(run_print, NULL);
        actors_run();
        seen |= strstr(fake_printed, "unborn") != NULL;
        world_again();
    }
    check(seen);
}

static void run_failing_birth(void *arg) { check_eq(ksm_get(arg, 0xABC, 4096, 0), KSM_ENOMEM); }

TEST("§13 the operator's table while the segment that it shows fails to be made")
{
    bool seen = false;

    for (uint seed = 1; seed <= 50; seed++) {
        struct ksm_task *a = world_task(4);
        int h = world_get(a, 1, 1);
        actors_jitter(seed);
        fake_ram_npages = 1; /* that is taken */
        actor_start(run_failing_birth, a);
        actor_start(run_print, NULL);
        actors_run();
        seen |= strstr(fake_printed, "unborn") != NULL;
        check(strstr(fake_printed, "1 segments, 1 pages, 0 attachments\n"));
        check_eq(world_get(a, 1, 0), h);
        world_again();
    }
    check(seen);
}

TAP_MAIN(world_begin, world_end)
