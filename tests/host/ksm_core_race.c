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

static struct actor *second; /* of two births */

/* The first one fails once the second one waits for it, or was refused. */
static void fail_first(void)
{
    if (!fake_failed() && (actor_done(second) || actor_thread(second)->state == THREAD_SLEEPING))
        fake_fail_nth(1);
}

TEST("§12 nobody is refused memory for the sake of a failed birth")
{
    uint nfailed = 0;

    for (uint seed = 1; seed <= 200; seed++) {
        struct getter g[2] = { { .task = world_task(4), .id = 1, .nbytes = 80 * 4096 },
                               { .task = world_task(5), .id = 2, .nbytes = 80 * 4096 } };
        fake_ram_npages = 100; /* not enough for both at once */
        actors_jitter(seed);
        actor_start(run_getter, &g[0]);
        second = actor_start(run_getter, &g[1]);
        fake_on_switch = fail_first;
        actors_run();
        fake_on_switch = NULL;
        fake_fail_nth(0);
        check_eq((g[0].result > 0) + (g[1].result > 0), 1);
        nfailed += g[1].result > 0;
        world_again();
    }
    check(nfailed > 0);
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
static uint nbirths; /* since then, after which it waited still */

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
        nbirths += h > 0 && has_waited && registry.nahead;
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
        check(nbirths <= 1); /* the one that it waited for */
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

static uint nbeside; /* births that began and ended while another process waited for one under way */

static void run_beside(void *arg)
{
    struct getter *g = arg;

    while (!actor_done(patient) && !(registry.nunborn && actor_thread(patient)->state == THREAD_SLEEPING))
        actor_yield();
    bool begins = !actor_done(patient);
    g->result = ksm_get(g->task, g->id, g->nbytes, g->flags);
    nbeside += begins && registry.nunborn;
}

TEST("§12 a get waits for no birth that only others wait for")
{
    nbeside = 0;
    for (uint seed = 1; seed <= 50; seed++) {
        struct getter g[3] = { { .task = world_task(4), .id = 1, .nbytes = 100 * 4096 },
                               { .task = world_task(5), .id = 1 },
                               { .task = world_task(6), .id = 2, .nbytes = 4096 } };
        actors_jitter(seed);
        actor_start(run_getter, &g[0]);
        patient = actor_start(run_getter, &g[1]);
        actor_start(run_beside, &g[2]);
        fake_on_switch = world_check_sound;
        actors_run();
        fake_on_switch = NULL;
        check_eq(actors_alive(), 0);
        check(g[0].result > 0 && g[2].result > 0);
        check(g[1].result == g[0].result || g[1].result == KSM_EINVAL);
        world_again();
    }
    check(nbeside > 0);
}

static struct actor *turn; /* of a get that waits until another one, which waits for room, has looked again */
static bool has_turn;      /* it did so */
static uint nbefore, nwalks, nearly, ended; /* ended: births, when the walk began */

/* One birth is under way, and both wait. */
static bool both_wait(void)
{
    return registry.nunborn == 1 && actor_thread(patient)->state == THREAD_SLEEPING &&
           actor_thread(turn)->state == THREAD_SLEEPING;
}

static void run_walker(void *task)
{
    int h = ksm_get(task, 9, 0, KSM_OPEN);

    while (!actor_done(turn) && !both_wait())
        actor_yield();
    if (both_wait()) {
        nwalks++;
        ended = registry.nended;
    }
    check_eq(ksm_delete(task, h), 0);
}

static void note_early(void)
{
    world_check_sound();
    nearly += registry.nunborn > 1 && registry.nended == ended;
}

/* It calls while the patient one waits, and that many births are under way. */
static void run_in_turn(void *arg)
{
    while (!actor_done(patient) &&
           (registry.nunborn < nbefore || actor_thread(patient)->state != THREAD_SLEEPING))
        actor_yield();
    has_turn = !actor_done(patient);
    run_getter(arg);
}

TEST("§12 the end of a walk, which wakes all, is nobody's turn to give birth")
{
    nbefore = 1;
    nwalks = nearly = 0;
    for (uint seed = 1; seed <= 200; seed++) {
        struct getter g[3] = { { .task = world_task(4), .id = 1, .nbytes = 100 * 4096 },
                               { .task = world_task(5), .id = 2, .nbytes = 4096 * 4096 },
                               { .task = world_task(6), .id = 3, .nbytes = 4096 } };
        struct ksm_task *walker = world_task(7);
        world_get(walker, 9, 2 * 4096); /* its delete is a walk */
        ended = ~0u;                    /* not yet */
        actors_jitter(seed);
        actor_start(run_getter, &g[0]);
        patient = actor_start(run_getter, &g[1]);
        turn = actor_start(run_in_turn, &g[2]);
        actor_start(run_walker, walker);
        fake_on_switch = note_early;
        actors_run();
        fake_on_switch = NULL;
        check_eq(actors_alive(), 0);
        check(g[1].result > 0 || (g[0].result > 0 && g[2].result > 0));
        world_again();
    }
    check(nwalks > 0);
    check_eq(nearly, 0);
}

static struct actor *short_birth;

/* The first one fails once the short one is over, and the second one waits again, or was refused. */
static void fail_first_later(void)
{
    if (actor_done(short_birth))
        fail_first();
}

TEST("§12 nobody who had to wait for its turn is refused memory for the sake of a failed birth")
{
    uint nfailed = 0;

    nbefore = 2;
    for (uint seed = 1; seed <= 1000; seed++) {
        struct getter g[4] = { { .task = world_task(4), .id = 1, .nbytes = 80 * 4096 },
                               { .task = world_task(5), .id = 2, .nbytes = 4096 * 4096 },
                               { .task = world_task(6), .id = 3, .nbytes = 80 * 4096 },
                               { .task = world_task(7), .id = 4, .nbytes = 2 * 4096 } };
        fake_ram_npages = 100;
        world_get(world_task(8), 9, 4096); /* so there is never room for all that segment 2 wants */
        actors_jitter(seed);
        actor_start(run_getter, &g[0]);
        patient = actor_start(run_getter, &g[1]);
        second = actor_start(run_in_turn, &g[2]);
        short_birth = actor_start(run_getter, &g[3]);
        fake_on_switch = fail_first_later;
        actors_run();
        fake_on_switch = NULL;
        fake_fail_nth(0);
        check_eq(g[1].result, KSM_ENOSPC);
        check(!has_turn || (g[0].result > 0) + (g[2].result > 0) == 1);
        nfailed += g[2].result > 0;
        world_again();
    }
    check(nfailed > 0);
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
