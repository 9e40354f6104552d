/*
 * ksm_wait.c - sleeping on words and waking (§11), by actors that really change places.
 */
#include "base/event.h"
#include "ksm/ksm_impl.h"
#include "ksm_world.h"

struct waiter {
    struct ksm_task *task;
    uint va, expected, nticks;
    struct ksm_task *peer;
    int result;
    struct actor *actor;
};

#define ASLEEP 12345

static void run_waiter(void *arg)
{
    struct waiter *w = arg;

    w->result = world_wait(w->task, w->va, w->expected, w->nticks, w->peer);
    if (thread_killed(thread_self()))
        world_exit(w->task);
}

/* Starts an actor that waits for the word to be other than it is, and lets it fall asleep. */
static struct waiter *waits_for(struct waiter *w, struct ksm_task *task, uint va, uint nticks,
                                struct ksm_task *peer)
{
    *w = (struct waiter){ .task = task,
                          .va = va,
                          .expected = *fake_word(task->as, va),
                          .nticks = nticks,
                          .peer = peer,
                          .result = ASLEEP };
    w->actor = actor_start(run_waiter, w);
    actors_run_now();
    check_sound();
    return w;
}

static struct waiter *waits(struct waiter *w, struct ksm_task *task, uint va, uint nticks)
{
    return waits_for(w, task, va, nticks, NULL);
}

/* A task with segment `id` of two pages attached at *va. */
static struct ksm_task *attached(int pid, uint id, uint *va, uint flags)
{
    struct ksm_task *task = world_task(pid);

    *va = world_attach(task, world_get(task, id, 8192), flags);
    return task;
}

TEST("§11.1 wait returns at once if the word holds another value")
{
    uint va;
    struct ksm_task *a = attached(4, 1, &va, 0);
    struct waiter w = { .task = a, .va = va, .expected = 1 };
    struct waiter private = { .task = a, .va = 64, .expected = 1 };

    actor_start(run_waiter, &w);
    actor_start(run_waiter, &private);
    actors_run_now();
    check_eq(w.result, KSM_EAGAIN);
    check_eq(private.result, KSM_EAGAIN);
}

/* The word changes between the first look and the lock, where the jitter yields there. */
static uint *changing;
static uint nswitches;

static void change_at_second_switch(void)
{
    if (++nswitches == 2)
        *changing = 1;
}

TEST("§11.1 wait does not sleep if the value changes on the way")
{
    uint va, nagain = 0, nslept = 0;

    for (uint seed = 1; seed < 40; seed++) {
        struct ksm_task *a = attached(4, 1, &va, 0);
        struct waiter w = { .task = a, .va = va, .nticks = 5 };
        changing = fake_word(a->as, va);
        nswitches = 0;
        actors_jitter(seed);
        fake_on_switch = change_at_second_switch;
        actor_start(run_waiter, &w);
        actors_run();
        nagain += w.result == KSM_EAGAIN;
        nslept += w.result == KSM_ETIMEDOUT;
        world_again();
    }
    check(nagain > 0 && nslept > 0);
    check_eq(nagain + nslept, 39);
}

TEST("§11.1 wait ends when its ticks have run out")
{
    uint va;
    struct ksm_task *a = attached(4, 1, &va, 0);
    struct waiter w, private, endless;

    waits(&w, a, va, 10);
    waits(&private, world_fork(a, 6), 64, 20);
    waits(&endless, world_fork(a, 5), va, 0);
    actors_tick(9);
    actors_run_now();
    check_eq(w.result, ASLEEP);
    actors_tick(1);
    actors_run_now();
    check_eq(w.result, KSM_ETIMEDOUT);
    check_eq(private.result, ASLEEP);
    check_eq(ksm_wake(a, 64, 1), 0);
    actors_tick(10);
    actors_run_now();
    check_eq(private.result, KSM_ETIMEDOUT);
    check_sound();
    actors_tick(1000000);
    actors_run_now();
    check_eq(endless.result, ASLEEP);
    check_eq(ksm_wake(a, va, 1), 1);
    actors_run_now();
    check_eq(endless.result, 0);
}

static void run_watched(void *arg)
{
    struct waiter *w = arg;
    struct ksm_sleeper self;

    check_eq(ksm_wait_prepare(&self, w->task, w->va, w->expected, KSM_PEER_ANY), 0);
    w->result = ksm_wait_watched(&self, w->nticks);
}

TEST("§11.1 a wait that the feed tells of ends as any other")
{
    uint va;
    struct ksm_task *a = attached(4, 1, &va, 0);
    struct waiter other = { .task = a, .va = va, .expected = 1, .result = ASLEEP };
    struct waiter late = { .task = world_fork(a, 5), .va = va, .nticks = 3, .result = ASLEEP };
    struct waiter woken = { .task = world_fork(a, 6), .va = va, .result = ASLEEP };

    actor_start(run_watched, &other);
    actor_start(run_watched, &late);
    actor_start(run_watched, &woken);
    actors_run_now();
    check_eq(other.result, KSM_EAGAIN);
    check_eq(late.result, ASLEEP);
    actors_tick(3);
    actors_run_now();
    check_eq(late.result, KSM_ETIMEDOUT);
    check_eq(woken.result, ASLEEP);
    events_on = EVENTS_ALL;
    fake_nevents = 0;
    check_eq(ksm_wake(a, va, 1), 1);
    check_eq(fake_nevents, 1);
    events_on = EVENTS_OFF;
    actors_run_now();
    check_eq(woken.result, 0);
}

TEST("a snapshot tells which word a process sleeps on, and who holds the lock that it is")
{
    uint va, vb;
    struct ksm_task *a = attached(4, 7, &va, 0), *b = attached(5, 7, &vb, 0);
    struct ksm_sleeping told;
    struct waiter w;

    check(!ksm_sleeping(a, &told));
    *fake_word(a->as, va + 8) = 0x80000001; /* a lock that 1 holds, and that somebody waits for */
    waits_for(&w, a, va + 8, 0, b);
    check(ksm_sleeping(a, &told));
    check(told.id == 7 && told.va == va + 8 && told.offset == 8 && told.peer == 1 && told.holder == 1);
    check_eq(ksm_wake(b, vb + 8, 1), 1);
    actors_run_now();
    waits_for(&w, a, va + 4, 0, b);
    check(ksm_sleeping(a, &told) && told.peer == 1 && told.holder == 0);
    check_eq(ksm_wake(b, vb + 4, 1), 1);
    actors_run_now();
    waits(&w, a, 64, 1);
    check(!ksm_sleeping(a, &told)); /* on a word of its own */
    actors_tick(1);
    actors_run_now();
    check_eq(w.result, KSM_ETIMEDOUT);
}

TEST("§11.2 a word is the same by any attachment")
{
    uint va, vb, vc;
    struct ksm_task *a = attached(4, 1, &va, 0), *b = world_task(5), *c = attached(6, 1, &vc, KSM_READ);
    int h = world_get(b, 1, 0);

    world_attach(b, world_get(b, 3, 4096), 0);
    vb = world_attach(b, h, 0);
    uint again = world_attach(b, h, KSM_READ);
    check(va != vb && again != vb);
    struct waiter w;
    const uint from[] = { va, vb, again, vc };
    struct ksm_task *const who[] = { a, b, b, c };
    for (uint i = 0; i < COUNT(from); i++)
        for (uint j = 0; j < COUNT(from); j++) {
            waits(&w, who[i], from[i] + 4100, 0);
            check_eq(ksm_wake(who[j], from[j] + 4, 9), 0);
            check_eq(ksm_wake(who[j], from[j] + 4096, 9), 0);
            check_eq(ksm_wake(who[j], from[j] + 4100, 9), 1);
            actors_run_now();
            check_eq(w.result, 0);
        }
}

TEST("§11.2 another segment's word is another word")
{
    uint va, vb;
    struct ksm_task *a = attached(4, 1, &va, 0), *b = attached(5, 2, &vb, 0);
    struct waiter w;

    waits(&w, a, va, 0);
    for (uint id = 10; id < 60; id++) { /* some of them share the stripe, and the queue */
        struct ksm_task *c = world_task(100);
        check_eq(ksm_wake(c, world_attach(c, world_get(c, id, 4096), 0), 9), 0);
        world_exit(c);
    }
    check_eq(ksm_wake(b, vb, 9), 0);
    check_eq(ksm_wake(a, va, 9), 1);
    actors_run_now();
}

TEST("§11.2 a private word is the process's own")
{
    uint va;
    struct ksm_task *a = attached(4, 1, &va, 0);
    struct ksm_task *b = world_fork(a, 5);
    struct waiter w, child;

    waits(&w, a, 128, 50);
    waits(&child, b, 128, 60);
    check_eq(ksm_wake(b, 128, 9), 0);
    check_eq(ksm_wake(a, 128, 9), 0);
    actors_run();
    check_eq(w.result, KSM_ETIMEDOUT);
    check_eq(child.result, KSM_ETIMEDOUT);
}

TEST("§11.3 wake takes the longest sleepers first, and counts them")
{
    uint va[8];
    struct ksm_task *t[8];
    struct waiter w[8];

    for (uint i = 0; i < 8; i++) {
        t[i] = attached(4 + (int)i, 1, &va[i], 0);
        waits(&w[i], t[i], va[i], 0);
    }
    check_eq(ksm_wake(t[0], va[0], 0), 0);
    check_eq(ksm_wake(t[0], va[0], 1), 1);
    check_eq(ksm_wake(t[0], va[0], 3), 3);
    actors_run_now();
    for (uint i = 0; i < 8; i++)
        check_eq(w[i].result, i < 4 ? 0 : ASLEEP);
    check_eq(ksm_wake(t[0], va[0], 100), 4);
    check_eq(ksm_wake(t[0], va[0], 100), 0);
    actors_run_now();
    for (uint i = 0; i < 8; i++)
        check_eq(w[i].result, 0);
}

/* Woken and timed out at once: the waker has counted it, so it was woken. */
TEST("§11.3 a sleeper that is woken at the last moment was not late")
{
    uint va;
    struct ksm_task *a = attached(4, 1, &va, 0);
    struct waiter w;

    waits(&w, a, va, 10);
    actors_tick(10); /* its time is up, but it does not run yet */
    check_eq(ksm_wake(a, va, 1), 1);
    actors_run_now();
    check_eq(w.result, 0);
    waits(&w, a, va, 10);
    check_eq(ksm_wake(a, va, 1), 1);
    actors_tick(10);
    actors_run_now();
    check_eq(w.result, 0);
}

TEST("§11.5 §7.4 a sleeper can be killed")
{
    uint va, vb;
    struct ksm_task *a = attached(4, 1, &va, 0), *b = attached(5, 1, &vb, 0);
    uint vc;
    struct ksm_task *c = attached(6, 1, &vc, 0);
    struct waiter w, next;

    waits(&w, b, vb, 0);
    waits(&next, c, vc, 0);
    thread_kill(actor_thread(w.actor));
    check_eq(ksm_wake(a, va, 1), 1); /* not lost on the one that is dying */
    check_eq(world_info(a, world_get(a, 1, 0)).attached_nr, 3);
    actors_run_now();
    check(actor_done(w.actor));
    check_eq(next.result, 0);
    check_eq(world_info(a, world_get(a, 1, 0)).attached_nr, 2);
    check_sound();
    waits(&next, c, 64, 0);
    thread_kill(actor_thread(next.actor)); /* on a private word */
    actors_run_now();
    check(actor_done(next.actor));
    check_eq(world_info(a, world_get(a, 1, 0)).attached_nr, 1);
}

TEST("§11.5 a process that was killed before does not sleep")
{
    uint va;
    struct ksm_task *a = attached(4, 1, &va, 0);
    struct waiter w = { .task = a, .va = va };
    struct actor *actor = actor_start(run_waiter, &w);

    thread_kill(actor_thread(actor));
    actors_run_now();
    check(actor_done(actor));
    check_eq(registry.nattached, 0);
}

TEST("§11.5 others delete and detach a segment while a process sleeps on it")
{
    uint va, vb;
    struct ksm_task *a = attached(4, 1, &va, 0), *b = attached(5, 1, &vb, 0);
    int h = world_get(b, 1, 0);
    struct waiter w;

    waits(&w, a, va, 0);
    check_eq(ksm_delete(b, h), 0);
    check_eq(ksm_detach(b, h), 0);
    check_eq(w.result, ASLEEP);
    check_eq(fake_nframes(), 2);
    thread_kill(actor_thread(w.actor));
    actors_run_now();
    check_eq(fake_nframes(), 0);
}

TEST("§11.6 a peer's death wakes all on its segments")
{
    uint v[4], other;
    struct ksm_task *a = attached(4, 1, &v[0], 0), *b = attached(5, 1, &v[1], KSM_READ);
    struct ksm_task *c = attached(6, 2, &v[2], 0);
    struct ksm_task *dying = attached(7, 1, &v[3], KSM_READ);

    world_attach(dying, world_get(dying, 1, 0), 0);
    struct ksm_task *left = attached(8, 2, &other, 0);
    check_eq(ksm_detach_at(left, other), 0);
    struct waiter w[3];
    waits(&w[0], a, v[0], 0);
    waits(&w[1], b, v[1] + 4096, 100);
    waits(&w[2], c, v[2], 0);
    world_exit(left);                 /* it has nothing attached any more */
    world_exec(world_fork(dying, 9)); /* exec is no end */
    actors_run_now();
    for (uint i = 0; i < 3; i++)
        check_eq(w[i].result, ASLEEP);
    world_exit(dying);
    check_sound();
    check_eq(ksm_wake(a, v[0], 9), 0);
    actors_run_now();
    check_eq(w[0].result, KSM_EAGAIN);
    check_eq(w[1].result, KSM_EAGAIN);
    check_eq(w[2].result, ASLEEP);
    check_eq(ksm_wake(c, v[2], 9), 1);
    actors_run_now();
}

TEST(
    "§11.7 the end of the peer alone ends the sleep, wherever the word is and whatever the peer has attached")
{
    uint va, vb, other;
    struct ksm_task *a = attached(4, 1, &va, 0), *b = attached(5, 1, &vb, 0);
    struct ksm_task *peer = world_task(6), *bystander = attached(7, 1, &other, 0);
    struct waiter w[3], none;

    waits_for(&w[0], a, va, 0, peer);
    waits_for(&w[1], b, vb, 100, peer);
    waits_for(&w[2], bystander, 64, 0, peer);
    waits_for(&none, world_fork(b, 8), vb, 0, WORLD_NOBODY);
    world_exit(world_fork(a, 9));
    world_exec(peer);
    actors_run_now();
    for (uint i = 0; i < 3; i++)
        check_eq(w[i].result, ASLEEP);
    check_eq(ksm_wake(a, va, 1), 1);
    actors_run_now();
    check_eq(w[0].result, 0);
    waits_for(&w[0], a, va, 0, peer);
    world_exit(peer);
    check_sound();
    actors_run_now();
    for (uint i = 0; i < 3; i++)
        check_eq(w[i].result, KSM_EAGAIN);
    check_eq(none.result, ASLEEP);
    check_eq(ksm_wake(a, va, 9), 1);
    actors_run_now();
    check_eq(none.result, 0);
}

TEST("§11.7 a peer that is not alive: look again at once")
{
    uint va;
    struct ksm_task *a = attached(4, 1, &va, 0), gone = { .pid = 77 };
    struct waiter w, private;

    waits_for(&w, a, va, 0, &gone);
    check_eq(w.result, KSM_EAGAIN);
    waits_for(&private, a, 64, 0, &gone);
    check_eq(private.result, KSM_EAGAIN);
}

TEST("§11.7 time-outs and kills of sleepers with a peer")
{
    uint va, vb;
    struct ksm_task *a = attached(4, 1, &va, 0), *b = attached(5, 1, &vb, 0), *peer = world_task(6);
    struct waiter w, killed;

    waits_for(&w, a, va, 10, peer);
    waits_for(&killed, b, vb, 0, peer);
    actors_tick(10);
    thread_kill(actor_thread(killed.actor));
    actors_run_now();
    check_eq(w.result, KSM_ETIMEDOUT);
    check(actor_done(killed.actor));
    check(list_empty(&peer->watchers));
    waits_for(&w, a, va, 10, peer);
    actors_tick(10); /* its time is up, but it does not run yet */
    world_exit(peer);
    actors_run_now();
    check_eq(w.result, KSM_EAGAIN);
}

static void run_exit(void *arg) { world_exit(arg); }

struct waker {
    struct ksm_task *task;
    uint va;
    int nwoken;
};

static void run_waker(void *arg)
{
    struct waker *w = arg;

    w->nwoken = ksm_wake(w->task, w->va, 1);
}

TEST("§11.7 a peer's end at any moment is noticed, and a wake-up counts once")
{
    uint nagain = 0, nwoken = 0;

    for (uint seed = 1; seed <= 200; seed++) {
        uint va, vb;
        struct ksm_task *a = attached(4, 1, &va, 0), *b = attached(5, 1, &vb, 0), *peer = world_task(6);
        struct waiter w = { .task = a, .va = va, .peer = peer },
                      private = { .task = b, .va = 64, .peer = peer };
        struct waker waker = { .task = b, .va = vb };

        actors_jitter(seed);
        fake_on_switch = world_check_sound;
        actor_start(run_waiter, &w);
        actor_start(run_waiter, &private);
        actor_start(run_exit, peer);
        actor_start(run_waker, &waker);
        actors_run();
        fake_on_switch = NULL;
        check_eq(actors_alive(), 0);
        check_eq(w.result, waker.nwoken ? 0 : KSM_EAGAIN);
        check_eq(private.result, KSM_EAGAIN);
        nagain += w.result == KSM_EAGAIN;
        nwoken += w.result == 0;
        world_again();
    }
    check(nagain > 0 && nwoken > 0);
}

/* §11.1: no wake-up is lost.  A semaphore between actors, with every interleaving that the jitter finds. */

#define NPEERS  5
#define NROUNDS 40

struct peer {
    struct ksm_task *task;
    uint va;
    bool gives;
};

static uint ngiven, ntaken;

static void run_peer(void *arg)
{
    struct peer *p = arg;
    uint *count = fake_word(p->task->as, p->va);

    for (uint i = 0; i < NROUNDS; i++) {
        if (p->gives) {
            ++*count;
            ngiven++;
            fake_gap();
            ksm_wake(p->task, p->va, 1);
            continue;
        }
        while (*count == 0) {
            int result = world_wait(p->task, p->va, 0, 0, NULL);
            check(result == 0 || result == KSM_EAGAIN);
        }
        --*count;
        ntaken++;
        fake_gap();
    }
    world_exit(p->task); /* which makes the others look again */
}

TEST("§11.1 §12 no wake-up is lost")
{
    for (uint seed = 1; seed <= 60; seed++) {
        struct peer peers[2 * NPEERS];
        ngiven = ntaken = 0;
        actors_jitter(seed);
        for (uint i = 0; i < 2 * NPEERS; i++) {
            peers[i].task = attached(10 + (int)i, 1, &peers[i].va, 0);
            peers[i].gives = i % 2;
            actor_start(run_peer, &peers[i]);
        }
        fake_on_switch = world_check_sound;
        actors_run();
        check_eq(actors_alive(), 0);
        check_eq(ntaken, NPEERS * NROUNDS);
        world_again();
    }
}

TAP_MAIN(world_begin, world_end)
