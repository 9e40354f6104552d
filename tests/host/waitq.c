/*
 * waitq.c - wait queues under random sleeps, wake-ups, time-outs and kills by several processors, beside a model.
 *
 * The model is a list of those that sleep, in the order in which they came, of whom some are due: an event was for
 * them.  Whenever the lock is about to be released, the queue is what is left of that list: only the first of it may be
 * missing, and each of them was due.  When nothing moves any more, nobody is due.
 */
#include "host.h"
#include "waitq_world.h"

#ifdef __SANITIZE_THREAD__
#define NSCENES 200u /* it is slow, and finds the same races in few of them */
#else
#define NSCENES 1000u
#endif
#define MAX_WORKERS 50u
#define BATCH       16u /* threads that one call of waitq_wake_all() wakes */
#define PAYS        2u  /* ... and one that was woken */

struct tested {
    struct spinlock lock;
    struct waitq q;
    struct list order; /* of workers, those in the queue */
    bool by_ones;      /* waitq_wake_one() is called for it, not waitq_wake_all() */
    uint nreturning;   /* were taken out of the queue, and have not returned */
};

struct worker {
    struct thread thread; /* first */
    struct list link;     /* of tested->order */
    bool due, woken;
    bool interruptible; /* while it sleeps */
    uint wake_tick;     /* the same; 0: none */
    uint place;         /* among those that wait for the mutex, once that was seen; 0: not yet */
    uint nacts;
};

static struct tested all, ones;
static struct mutex mutex;
static uint ninside, nplaces; /* of the mutex */
/* How this scene differs from others: sleeps among 20 acts, the longest sleep, turns from tick to tick, and whether the
   boss keeps its processor to itself. */
static uint nsleeps, longest, tick_every;
static bool boss_keeps;
static struct worker workers[MAX_WORKERS];
static uint nworkers, nwoken, nkilled, ntimed_out, nmarks;

static void begin_queue(struct tested *x, bool by_ones)
{
    spin_init(&x->lock, RANK_PIPE, "queue");
    waitq_init(&x->q);
    list_init(&x->order);
    x->by_ones = by_ones;
    x->nreturning = 0;
}

static void begin(void)
{
    begin_queue(&all, false);
    begin_queue(&ones, true);
    mutex_init(&mutex, RANK_NAMES, "mutex");
    ninside = nplaces = 0;
    nsleeps = 10 + world_random(9);
    longest = world_random(2) ? 2 + world_random(8) : 600; /* twice around the timer's wheel */
    tick_every = world_random(2) ? 2 : 60;
    boss_keeps = world_random(4) == 0;
}

/* Is this one awake, though perhaps not yet on a processor?  If not, it has no reason to be. */
static bool is_awake(const struct worker *w)
{
    uint was = spin_acquire_irq(&sched_lock);
    bool asleep = w->thread.state == THREAD_SLEEPING;

    if (asleep) {
        check(!w->interruptible || !thread_killed(&w->thread));
        check(!w->wake_tick || timer_is_late() || (int)(ticks_now - w->thread.wake_tick) < 0);
    }
    spin_release_irq(&sched_lock, was);
    return !asleep;
}

/* Compares queue and model; at most `most` were woken since the last time.  The lock is held. */
static void look(struct tested *x, uint most)
{
    const struct list *at = x->q.sleepers.next;
    bool before_mark = list_linked(&x->q.owed), some_come = x->nreturning;
    uint n = 0;

    list_for_each_safe(link, &x->order) {
        struct worker *w = container_of(link, struct worker, link);
        if (at == &x->q.owed) {
            before_mark = false;
            at = at->next;
        }
        if (at == &w->thread.wait_link) {
            at = at->next;
            check_eq(w->due, before_mark);
            some_come = some_come || (before_mark && is_awake(w));
        } else {
            check(w->due && x->order.next == link); /* first come, first woken */
            check(is_awake(w));
            w->woken = true;
            list_remove(link);
            x->nreturning++;
            some_come = true;
            n++;
        }
    }
    if (at == &x->q.owed)
        at = at->next;
    check(at == &x->q.sleepers);
    check(n <= most);
    check(some_come || !list_linked(&x->q.owed)); /* the mark is paid by somebody */
}

static void sleep_locked(struct tested *x, uint nticks, bool interruptible)
{
    struct worker *self = (struct worker *)thread_self();

    self->due = self->woken = false;
    self->interruptible = interruptible;
    self->wake_tick =
        nticks ? ticks_now + nticks : 0; /* not before that: a tick may come on the way to sleep */
    list_push_back(&x->order, &self->link);
    enum park_result result = waitq_sleep(&x->q, &x->lock, nticks, interruptible);
    check(!list_linked(&self->thread.wait_link));
    if (self->woken) {
        check_eq(result, PARK_WOKEN);
        x->nreturning--;
        nwoken++;
    } else if (result == PARK_KILLED) {
        check(interruptible && thread_killed(&self->thread));
        nkilled++;
    } else {
        check_eq(result, PARK_TIMEOUT);
        check(nticks && (int)(ticks_now - self->wake_tick) >= 0);
        ntimed_out++;
    }
    if (!self->woken)
        list_remove(&self->link);
    look(x, PAYS);
}

static void sleep_on(struct tested *x, uint nticks, bool interruptible)
{
    spin_acquire(&x->lock);
    look(x, 0);
    sleep_locked(x, nticks, interruptible);
    spin_release(&x->lock);
}

static void wake_locked(struct tested *x)
{
    look(x, 0);
    bool marked = list_linked(&x->q.owed); /* then others see to it */
    list_for_each(link, &x->order) {
        container_of(link, struct worker, link)->due = true;
        if (x->by_ones)
            break;
    }
    if (x->by_ones)
        waitq_wake_one(&x->q);
    else
        waitq_wake_all(&x->q);
    nmarks += list_linked(&x->q.owed);
    look(x, x->by_ones ? 1 : marked ? 0 : BATCH);
}

static void wake(struct tested *x)
{
    spin_acquire(&x->lock);
    wake_locked(x);
    spin_release(&x->lock);
}

/* The caller sleeps behind the mark, and whoever is killed before it may find itself the last one there. */
static void wake_kill_and_sleep(void)
{
    spin_acquire(&all.lock);
    wake_locked(&all);
    list_for_each(link, &all.order)
        thread_kill(&container_of(link, struct worker, link)->thread);
    sleep_locked(&all, 0, true);
    spin_release(&all.lock);
}

/* A thread that was killed would end; this one goes on. */
static void revive(void)
{
    uint was = spin_acquire_irq(&sched_lock);

    thread_self()->attention &= ~ATTENTION_KILLED;
    spin_release_irq(&sched_lock, was);
}

/* Those that wait for the mutex do so in the order in which they came. */
static void look_at_mutex(void)
{
    uint last = 0;

    spin_acquire(&mutex.lock);
    list_for_each(link, &mutex.waiters) {
        struct worker *w = (struct worker *)container_of(link, struct thread, wait_link);
        if (!w->place)
            w->place = ++nplaces;
        check(w->place > last);
        last = w->place;
    }
    spin_release(&mutex.lock);
}

static void use_mutex(void)
{
    mutex_acquire(&mutex);
    check_eq(ninside++, 0);
    ((struct worker *)thread_self())->place = 0;
    for (uint n = world_random(10); n > 0; n--)
        look_at_mutex();
    check_eq(ninside--, 1);
    mutex_release(&mutex);
}

static void act(void *unused)
{
    struct worker *self = (struct worker *)thread_self();

    (void)unused;
    for (; self->nacts > 0; self->nacts--) {
        struct tested *x = world_random(4) ? &all : &ones;
        if (world_random(20) < nsleeps) {
            sleep_on(x, world_random(2) ? 1 + world_random(longest) : 0, world_random(2));
        } else
            switch (world_random(7)) {
            case 0:
            case 1:
                wake(x);
                break;
            case 2:
                thread_kill(&workers[world_random(nworkers)].thread);
                break;
            case 3:
                use_mutex();
                break;
            case 4:
                thread_set_urgent(world_random(2));
                break;
            case 5:
                thread_set_reserve(&workers[world_random(nworkers)].thread, world_random(2));
                break;
            case 6:
                wake_kill_and_sleep();
                break;
            }
        if (thread_killed(&self->thread) && world_random(2))
            revive();
        sched_attend();
    }
}

/* Lets others run, and with `ticks` perhaps time pass, until all sleep or have ended; true: they have ended. */
static bool settle(bool ticks)
{
    uint nleft, nmoving;

    do {
        if (ticks && world_random(tick_every) == 0)
            timer_tick();
        sched_attend();
        if (boss_keeps)
            orders_spin(); /* the other processors do everything, which have to be poked for it */
        else
            sched_yield();
        uint was = spin_acquire_irq(&sched_lock);
        nleft = nmoving = 0;
        for (uint i = 0; i < nworkers; i++) {
            enum thread_state state = workers[i].thread.state;
            nleft += state != THREAD_DEAD;
            nmoving += state != THREAD_DEAD && state != THREAD_SLEEPING;
        }
        spin_release_irq(&sched_lock, was);
    } while (nmoving);
    return !nleft;
}

/* Nothing moves. */
static void check_rest(struct tested *x)
{
    spin_acquire(&x->lock);
    look(x, 0);
    check(!list_linked(&x->q.owed));
    check_eq(x->nreturning, 0);
    list_for_each(link, &x->order) {
        const struct worker *w = container_of(link, struct worker, link);
        check(!w->due && !is_awake(w));
    }
    check_eq(waitq_empty(&x->q), list_empty(&x->order));
    spin_release(&x->lock);
}

static void start(uint n, void (*run)(void *))
{
    nworkers = n;
    for (uint i = 0; i < n; i++) {
        check_eq(thread_create(&workers[i].thread, "worker", run, NULL), 0);
        list_init(&workers[i].link);
        workers[i].place = 0;
        workers[i].nacts = 8;
    }
    for (uint i = 0; i < n; i++)
        thread_start(&workers[i].thread);
}

/* Until all have ended: wakes those that are left, kills some, or lets time pass. */
static void finish(void)
{
    while (!settle(world_random(2))) {
        check_rest(&all);
        check_rest(&ones);
        for (uint n = boss_keeps ? world_random(1500) : 0; n > 0; n--)
            orders_spin(); /* the other processors look for work, and halt some day */
        for (uint n = world_random(4) * 3; n > 0; n--)
            thread_kill(&workers[world_random(nworkers)].thread);
        for (uint n = world_random(4) * 3; n > 0; n--)
            timer_tick();
        wake(&all);
        wake(&ones);
    }
    check_rest(&all);
    check_rest(&ones);
    for (uint i = 0; i < nworkers; i++)
        thread_destroy(&workers[i].thread);
}

static void note_figures(void)
{
    tap_note("%u woken, %u killed, %u timed out, %u marks", nwoken, nkilled, ntimed_out, nmarks);
    check(nwoken && nkilled && ntimed_out && nmarks);
}

static void random_scene(void)
{
    begin();
    start(1 + world_random(world_random(2) ? 6 : MAX_WORKERS), act);
    finish();
}

TEST("whatever happens in whatever order: no wake-up is lost, and who came first is woken first")
{
    for (uint seed = 1; seed <= NSCENES && !tap_failing(); seed++) {
        world_seed(seed);
        world_run(random_scene);
        if (tap_failing())
            tap_note("seed %u", seed);
    }
    note_figures();
}

TAP_MAIN(NULL, NULL)
