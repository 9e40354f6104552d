/* ksm_core_race.c - calls against each other, §12. */
#include "ksm/ksm_impl.h"
#include "ksm_world.h"

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
    fake_on_switch = world_check_sound;
    for (uint i = 0; i < n; i++) {
        g[i].task = world_task(10 + (int)i);
        actor_start(run_getter, &g[i]);
    }
    actors_run();
    check_eq(actors_alive(), 0);
    fake_on_switch = NULL;
}

TEST("§12 of several creators of one identifier one wins")
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
        world_again();
    }
}

/* Two may not both be born, and neither is refused for the sake of one that is not. */
TEST("§12 §3.1 those that get one identifier at once share the segment")
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
        world_again();
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
        world_again();
    }
}

static struct actor *waiting; /* for a birth, until it is killed */
static uint ndied;            /* while the birth was still under way */

static void run_killed_getter(void *task)
{
    if (ksm_get(task, 1, 0, 0) == KSM_ENOMEM)
        ndied += registry.nunborn;
}

static void kill_waiting(void)
{
    if (registry.nunborn && actor_thread(waiting)->state == THREAD_SLEEPING)
        thread_kill(actor_thread(waiting));
}

TEST("§7.4 §12 a process that waits for a birth can be killed")
{
    ndied = 0;
    for (uint seed = 1; seed <= 50; seed++) {
        struct getter g = { .task = world_task(4), .id = 1, .nbytes = 100 * 4096 };
        actors_jitter(seed);
        actor_start(run_getter, &g);
        waiting = actor_start(run_killed_getter, world_task(5));
        fake_on_switch = kill_waiting;
        actors_run();
        fake_on_switch = NULL;
        check(g.result > 0);
        world_again();
    }
    check(ndied > 0);
}

/* A process that gets and deletes one segment again and again, until the others are done. */
static struct actor *patient; /* one of those, which waits for a birth */
static bool has_waited;
static uint nbirths; /* since then */

static void note_waiting(void)
{
    world_check_sound();
    has_waited |= registry.nunborn && actor_thread(patient)->state == THREAD_SLEEPING;
}

static void run_restless(void *task)
{
    while (!actor_done(patient)) {
        int h = ksm_get(task, 1, 100 * 4096, 0);
        check(h > 0 || h == KSM_ENOSPC || h == KSM_ESIZE); /* the patient one has made one */
        if (h > 0)
            check_eq(ksm_delete(task, h), 0);
        nbirths += h > 0 && has_waited;
    }
}

/* `id` is that of the same segment, or of another one for which the limit leaves no place meanwhile. */
static uint get_patiently(uint id, uint flags)
{
    uint nwaited = 0;

    for (uint seed = 1; seed <= 50; seed++) {
        struct getter g = { .task = world_task(4), .id = id, .nbytes = 4096, .flags = flags };
        has_waited = false;
        nbirths = 0;
        actors_jitter(seed);
        actor_start(run_restless, world_task(5));
        patient = actor_start(run_getter, &g);
        fake_on_switch = note_waiting;
        actors_run();
        check_eq(actors_alive(), 0);
        check(g.result > 0 || g.result == KSM_ENOSPC || g.result == KSM_ENOENT);
        check(nbirths <= 2); /* the one that it waited for, and one after its answer */
        nwaited += has_waited;
        world_end();
        world_begin_with((struct ksm_limits){ 1, 256, 4096 });
    }
    return nwaited;
}

TEST("§12 a get waits for no birth that begins after it")
{
    world_end();
    world_begin_with((struct ksm_limits){ 1, 256, 4096 });
    check(get_patiently(1, 0) > 0);
    check(get_patiently(2, 0) > 0);
    check(get_patiently(1, KSM_OPEN) > 0); /* it may give birth to none, and the restless one goes on */
}

/* Attachments counted up to the limit by others while this one was being mapped. */
static void run_attacher(void *arg)
{
    struct getter *g = arg;

    g->result = ksm_attach(g->task, (int)g->id, 0);
}

TEST("§12 §10 processes that race for the last attachments get exactly those")
{
    for (uint seed = 1; seed <= 50; seed++) {
        struct getter g[4];
        uint nwinners = 0;
        struct ksm_task *a = world_task(4);
        int h = world_get(a, 1, 4096);
        while (registry.nattached < 254)
            world_attach(a, h, 0);
        actors_jitter(seed);
        fake_on_switch = world_check_sound;
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
        world_again();
    }
}
