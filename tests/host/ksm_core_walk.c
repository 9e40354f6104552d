/* ksm_core_walk.c - calls that walk over many things, and let others run between their steps: each is still one step to
   others (§12). */
#include "ksm/ksm_impl.h"
#include "ksm_world.h"

#define NMANY 40u
#define SEEDS 40u

static struct ksm_task *watcher;
static int handles[NMANY];
static uint total_before, total_after; /* of attachments */
static uint nmeetings;                 /* the watcher came while a walk was under way */
static bool walked;
static struct ksm_task *child;

/* A process with NMANY segments, each attached once. */
static struct ksm_task *rich_task(int pid)
{
    struct ksm_task *task = world_task(pid);

    for (uint i = 0; i < NMANY; i++)
        world_attach(task, world_get(task, i + 1, 1), 0);
    return task;
}

/* Sees all as it was before the walk, or all as it is afterwards. */
static void run_watcher(void *unused)
{
    bool after = false;

    (void)unused;
    while (!walked) {
        for (uint i = 0; i < NMANY; i++) {
            nmeetings += registry.divided;
            struct ksminfo_t info = world_info(watcher, handles[i]);
            check(info.total_attached_nr == total_before || info.total_attached_nr == total_after);
            check(!after || info.total_attached_nr == total_after);
            after = info.total_attached_nr == total_after;
            check_eq(info.attached_nr, info.total_attached_nr / NMANY);
            actor_yield();
        }
    }
}

static void run_rich_fork(void *parent)
{
    child = world_fork(parent, 5);
    walked = true;
}

static void run_rich_exit(void *task)
{
    world_exit(task);
    walked = true;
}

static void run_rich_exec(void *task)
{
    world_exec(task);
    walked = true;
}

/* One walk beside the watcher. */
static void walk(void (*run)(void *), struct ksm_task *task, uint before, uint after, uint seed)
{
    watcher = world_task(99);
    for (uint i = 0; i < NMANY; i++)
        handles[i] = world_get(watcher, i + 1, 0);
    total_before = before * NMANY;
    total_after = after * NMANY;
    walked = false;
    actors_jitter(seed);
    fake_on_switch = world_check_sound;
    actor_start(run, task);
    actor_start(run_watcher, NULL);
    actors_run();
    check_eq(actors_alive(), 0);
    fake_on_switch = NULL;
}

TEST("§12 §7.1 a fork with many segments is one step to others")
{
    nmeetings = 0;
    for (uint seed = 1; seed <= SEEDS; seed++) {
        walk(run_rich_fork, rich_task(4), 1, 2, seed);
        check(child != NULL);
        world_again();
    }
    check(nmeetings > 0);
}

TEST("§12 §7.1 a fork with many segments that the limit forbids is no step at all")
{
    for (uint seed = 1; seed <= SEEDS; seed++) {
        world_end();
        world_begin_with((struct ksm_limits){ 64, 2 * NMANY - 1, 4096 });
        walk(run_rich_fork, rich_task(4), 1, 1, seed);
        check(child == NULL);
        world_again();
    }
}

/* One of two processes with many segments lets go of all. */
static void walk_leaving(void (*run)(void *))
{
    nmeetings = 0;
    for (uint seed = 1; seed <= SEEDS; seed++) {
        struct ksm_task *a = rich_task(4), *b = world_fork(a, 5);
        walk(run, b, 2, 1, seed);
        world_again();
    }
    check(nmeetings > 0);
}

TEST("§12 §7.2 the end of a process with many segments is one step to others")
{
    walk_leaving(run_rich_exit);
}

TEST("§12 §7.3 exec with many segments is one step to others") { walk_leaving(run_rich_exec); }

/* Others get, attach and end while the walk is under way. */
static void run_other(void *task)
{
    for (uint i = 0; i < 20; i++) {
        int h = world_get(task, 1000 + i % 3, 1);
        if (ksm_attach(task, h, 0) > 0)
            check(ksm_detach(task, h) == 0);
        check(ksm_delete(task, h) == 0 || ksm_detach(task, h) == KSM_EHANDLE); /* or the other one did */
    }
    world_exit(task);
}

static void run_delete(void *task) { check_eq(ksm_delete(task, handles[0]), 0); }

static void run_end(void *task) { world_exit(task); }

TEST("§12 §3.8 the death of a segment that many processes have is one step to others")
{
    for (uint seed = 1; seed <= SEEDS; seed++) {
        struct ksm_task *tasks[NMANY];
        int h = 0;

        for (uint i = 0; i < NMANY; i++) {
            tasks[i] = world_task(10 + (int)i);
            h = world_get(tasks[i], 1, 1);
        }
        handles[0] = h;
        actors_jitter(seed);
        fake_on_switch = world_check_sound;
        actor_start(run_other, world_task(4));
        actor_start(run_other, world_task(5));
        for (uint i = 0; i < 4; i++)
            actor_start(run_end, tasks[i]); /* while their holdings are retired, or before */
        actor_start(run_delete, tasks[NMANY - 1]);
        actors_run_now();
        fake_on_switch = NULL;
        for (uint i = 4; i < NMANY; i++) {
            struct ksminfo_t info;
            check_eq(ksm_info(tasks[i], h, &info), KSM_EHANDLE);
        }
        check_eq(actors_alive(), 0);
        world_again();
    }
}

/* Sleepers. */

struct sleeper {
    struct ksm_task *task;
    uint va, nticks;
    struct ksm_task *peer;
    int result;
};

#define ASLEEP 12345

static void run_sleeper(void *arg)
{
    struct sleeper *s = arg;

    s->result = world_wait(s->task, s->va, 0, s->nticks, s->peer);
}

static struct sleeper sleepers[NMANY];

/* NMANY processes, asleep on one word in the order of their numbers. */
static void all_sleep(void)
{
    for (uint i = 0; i < NMANY; i++) {
        struct sleeper *s = &sleepers[i];

        s->task = world_task(10 + (int)i);
        s->va = world_attach(s->task, world_get(s->task, 1, 1), 0);
        s->nticks = 0;
        s->peer = WORLD_NOBODY;
        s->result = ASLEEP;
        actor_start(run_sleeper, s);
        actors_run_now();
    }
}

struct waker {
    struct ksm_task *task;
    uint va, n;
    int nwoken;
};

static void run_waker(void *arg)
{
    struct waker *w = arg;

    w->nwoken = ksm_wake(w->task, w->va, w->n);
}

/* Two processes wake n sleepers each, at once. */
static void wake_twice(struct waker w[2], uint n, uint seed)
{
    for (uint i = 0; i < 2; i++) {
        w[i].task = world_task(90 + (int)i);
        w[i].va = world_attach(w[i].task, world_get(w[i].task, 1, 1), 0);
        w[i].n = n;
    }
    actors_jitter(seed);
    fake_on_switch = world_check_sound;
    actor_start(run_waker, &w[0]);
    actor_start(run_waker, &w[1]);
    actors_run_now();
    fake_on_switch = NULL;
}

TEST("§11.3 §12 of many sleepers two wakers wake those that waited longest, each as many as it asked for")
{
    for (uint seed = 1; seed <= SEEDS; seed++) {
        struct waker w[2];

        all_sleep();
        wake_twice(w, NMANY / 2 - 3, seed);
        check_eq(w[0].nwoken, NMANY / 2 - 3);
        check_eq(w[1].nwoken, NMANY / 2 - 3);
        for (uint i = 0; i < NMANY; i++)
            check_eq(sleepers[i].result, i < NMANY - 6 ? 0 : ASLEEP);
        check_eq(ksm_wake(w[0].task, w[0].va, ~0u), 6);
        actors_run();
        world_again();
    }
}

TEST("§11.3 §12 two wakers who wake all wake each sleeper once")
{
    for (uint seed = 1; seed <= SEEDS; seed++) {
        struct waker w[2];

        all_sleep();
        wake_twice(w, ~0u, seed);
        check_eq(w[0].nwoken + w[1].nwoken, NMANY);
        check_eq(actors_alive(), 0);
        world_again();
    }
}

TEST("§11.6 a process's end wakes many sleepers, and those whose time runs out meanwhile leave no trace")
{
    uint nlate = 0;

    for (uint seed = 1; seed <= SEEDS; seed++) {
        struct ksm_task *peer = world_task(4);

        world_attach(peer, world_get(peer, 1, 1), 0);
        for (uint i = 0; i < NMANY; i++) {
            struct ksm_task *task = world_task(10 + (int)i);
            uint va = world_attach(task, world_get(task, 1, 1), 0);
            sleepers[i] = (struct sleeper){ task, va, i % 3 ? 0 : 5, NULL, ASLEEP };
            actor_start(run_sleeper, &sleepers[i]);
        }
        actors_run_now();
        actors_jitter(seed);
        fake_on_switch = world_check_sound;
        actor_start(run_end, peer);
        actors_tick(5);
        actors_run();
        fake_on_switch = NULL;
        for (uint i = 0; i < NMANY; i++) {
            bool late = sleepers[i].result == KSM_ETIMEDOUT;
            check(sleepers[i].result == KSM_EAGAIN || (late && i % 3 == 0));
            nlate += late;
        }
        check_eq(actors_alive(), 0);
        world_again();
    }
    check(nlate > 0);
}

/* Identifiers with one hash: see spread(). */
#define COLLIDING 0x144cbc89u /* 1 / 2654435769, modulo 2^32 */

TEST("§3.1 identifiers whose hashes meet are found, whichever of them die")
{
    for (uint seed = 1; seed <= SEEDS; seed++) {
        struct ksm_task *a = world_task(4);
        int found[NMANY] = { 0 };

        check_eq(spread(2 * COLLIDING, 8), spread(COLLIDING, 8));
        actors_jitter(seed);
        for (uint i = 0; i < 400; i++) {
            uint n = fake_random(NMANY), id = n * COLLIDING;
            int h = ksm_get(a, id, 0, KSM_OPEN);
            check_eq(h, found[n] ? found[n] : KSM_ENOENT);
            if (h < 0) {
                found[n] = world_get(a, id, 1);
            } else {
                check_eq(ksm_delete(a, h), 0);
                found[n] = 0;
            }
            check_sound();
        }
        world_again();
    }
}

static uint nfailed; /* births */

static void run_creator(void *task)
{
    int h = ksm_get(task, (uint)((struct ksm_task *)task)->pid, 2 * 4096, 0);

    check(h > 0 || h == KSM_ENOMEM);
    nfailed += h < 0;
}

static void run_print(void *unused)
{
    (void)unused;
    ksm_print();
}

static void check_sound_late(void)
{
    world_check_sound();
    registry.nsteps = KSM_STEPS - 1; /* what an earlier walk may leave */
}

TEST("§12 §13 births that fail beside others, while many look at the operator's table, keep nobody waiting")
{
    nfailed = 0;
    for (uint seed = 1; seed <= 10 * SEEDS; seed++) {
        actors_jitter(seed);
        for (int i = 0; i < 4; i++) {
            actor_start(run_creator, world_task(4 + i));
            actor_start(run_print, NULL);
            actor_start(run_print, NULL);
        }
        fake_fail_chance(64);
        fake_on_switch = check_sound_late;
        actors_run();
        fake_on_switch = NULL;
        fake_fail_chance(0);
        check_eq(actors_alive(), 0);
        check(!registry.divided);
        world_again();
    }
    check(nfailed > 0);
}
