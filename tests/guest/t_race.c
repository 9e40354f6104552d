/*
 * t_race.c - attach, detach, delete, fork, exec, exit and kill against each other, and what old addresses reach.
 *
 * t_race -t SECONDS for longer runs, -s SEED for other ones.
 */
#include "race.h"

#define SECONDS 3u
#define WORDS   (PAGE / sizeof(uint))

/* A segment that all processes know.  The first word of each page is its tag, or still 0.  The second word of the first
   page is what its first user wrote, which never changes while the segment lives.  The rest is 0. */
struct public
{
    int id;
    uint npages;
};

#define NPUBLIC 5u
static struct public publics[NPUBLIC] = { { 0, 1 }, { 0, 2 }, { 0, 3 }, { 0, 7 }, { 0, 1025 } };

/* A segment that one process alone knows, filled throughout. */
#define OWN_PAGES 3u
static int own_ids[RACE_MAX];

/* What this process has attached, oldest first. */
struct view {
    uint *p;
    int handle;
    uint which;
    uint life; /* the word that never changes, once there is one */
};

#define MAX_VIEWS 6u
static struct view views[MAX_VIEWS];
static uint nviews;

static uint me; /* number of this process */
static uint random;
static int own_handle;
static uint *own;
static uint own_stamp;
static uint nlives;
static bool may_fork;

static uint pick(uint n) { return chance(&random, n); }

static uint tag_of(const struct public *public) { return (uint) public->id ^ 0x5A5A5A5A; }

/* Public segments. */

static void check_page(const struct public *public, const uint *page)
{
    uint at = 2 + pick(WORDS - 2);

    check(page[0] == 0 || page[0] == tag_of(public));
    check_eq(page[at], 0);
    check_eq(page[WORDS - 1], 0);
}

static void check_view(struct view *view)
{
    const struct public *public = &publics[view->which];
    uint life = __atomic_load_n(&view->p[1], __ATOMIC_SEQ_CST);

    if (view->life)
        check_eq(life, view->life);
    view->life = life;
    for (uint i = 0; i < 4 && i < public->npages; i++)
        check_page(public, view->p + pick(public->npages) * WORDS);
    check_page(public, view->p + (public->npages - 1) * WORDS);
}

static void forget_view(uint i)
{
    for (nviews--; i < nviews; i++)
        views[i] = views[i + 1];
}

static void detach_at(uint i)
{
    check_view(&views[i]);
    check_eq(ksmdetachat(views[i].p), 0);
    forget_view(i);
}

/* By its handle: that takes the newest one. */
static void detach_newest(uint i)
{
    uint newest = i;

    for (uint j = i; j < nviews; j++) {
        if (views[j].handle == views[i].handle)
            newest = j;
    }
    check_eq(ksmdetach(views[i].handle), 0);
    forget_view(newest);
}

static void attach_public(void)
{
    uint which = pick(32) == 0 ? NPUBLIC - 1 : pick(NPUBLIC - 1), expected = 0;
    const struct public *public = &publics[which];
    bool writable = pick(3) != 0;
    struct view *view = &views[nviews];
    int handle;

    if (nviews == MAX_VIEWS)
        return;
    handle = ksmget(public->id, public->npages * PAGE);
    check_positive(handle);
    view->p = ksmattach(handle, writable ? KSM_RDWR : KSM_READ);
    if (ksmerror(view->p) == KSM_EHANDLE) /* another process deleted it meanwhile */
        return;
    check_eq(ksmerror(view->p), 0);
    view->handle = handle;
    view->which = which;
    view->life = 0;
    nviews++;
    if (writable) {
        uint life = me << 24 | 1u << 23 | (++nlives & 0x7FFFFF);

        __atomic_compare_exchange_n(&view->p[1], &expected, life, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        for (uint i = 0; i < public->npages; i++)
            view->p[i * WORDS] = tag_of(public);
    }
    check_view(view);
}

static void delete_public(void)
{
    int handle = ksmget(publics[pick(NPUBLIC)].id, 0, KSM_OPEN), result;

    if (handle < 0) {
        check_eq(handle, KSM_ENOENT);
        return;
    }
    result = ksmdelete(handle);
    check(result == 0 || result == KSM_EHANDLE);
}

static void look(void)
{
    const struct view *view = &views[pick(nviews)];
    uint n = 0;
    struct ksminfo_t info = info_of(view->handle);

    for (uint i = 0; i < nviews; i++)
        n += views[i].handle == view->handle;
    check(info.attached_nr >= n);
    check_eq(info.ksmsz, publics[view->which].npages * PAGE);
    check(info.total_attached_nr >= info.attached_nr);
}

static void wait_or_wake(void)
{
    uint *word = &views[pick(nviews)].p[2 + pick(4)];
    int result = pick(4) ? ksmwake(word, 2) : ksmwait(word, 0, 1);

    check(result >= 0 || result == KSM_ETIMEDOUT || result == KSM_EAGAIN);
}

/* The private segment. */

static void fill_own(void)
{
    own_stamp += 0x01000193 + me;
    for (uint i = 0; i < OWN_PAGES * WORDS; i++)
        own[i] = own_stamp + i;
}

static void check_own(void)
{
    for (uint i = 0; i < OWN_PAGES * WORDS; i++)
        check_eq(own[i], own_stamp + i);
}

static void open_own(void)
{
    own_handle = ksmget(own_ids[me], OWN_PAGES * PAGE);
    check_positive(own_handle);
    own = (uint *)attach(own_handle);
}

static void reopen_own(void)
{
    check_own();
    check_eq(info_of(own_handle).attached_nr, 1);
    if (pick(2) == 0) {
        int dead = own_handle;

        check_eq(ksmdelete(own_handle), 0);
        check_eq(ksmdetachat(own), 0);
        check_eq((int)ksmattach(dead), KSM_EHANDLE);
        open_own();
        check(own_handle != dead);
        for (uint i = 0; i < OWN_PAGES * WORDS; i++)
            check_eq(own[i], 0);
        fill_own();
    } else {
        check_eq(ksmdetachat(own), 0);
        check_eq(info_of(own_handle).attached_nr, 0);
        own = (uint *)attach(own_handle);
        check_own();
    }
}

/* The heap, which uses the same frames. */

static void use_heap(void)
{
    uint *p = (uint *)sbrk(2 * PAGE);

    check(p != (uint *)-1);
    for (uint i = 0; i < 2 * PAGE / sizeof(uint) - 1; i += 97)
        check_eq(p[i], 0);
    for (uint i = 0; i < 2 * PAGE / sizeof(uint); i++)
        p[i] = ~own_stamp;
    check(sbrk(-2 * (int)PAGE) != (char *)-1);
}

/* Processes. */

static void step(void);

/* A child with all that its parent has: it takes some steps, and then ends in one way or another. */
static void be_child(uint end)
{
    may_fork = false;
    random ^= (uint)getpid() << 8 | 1;
    check_own();
    for (uint i = 0; i < nviews; i++)
        check_view(&views[i]);
    for (uint n = pick(6); n > 0; n--)
        step();
    if (end == 0)
        check_eq(exec("/true", (char *[]){ "true", NULL }), 0); /* which does not return */
    if (end == 1)
        exits(0);
    for (;;)
        step();
}

static void fork_child(void)
{
    uint end = pick(4);
    int pid = fork(), status;

    check(pid >= 0);
    if (pid == 0)
        be_child(end);
    if (end > 1) {
        for (uint n = pick(5); n > 0; n--)
            getpid();
        if (pick(4) == 0)
            sleep(1);
        kill(pid);
    }
    check_eq(waits(&status), pid);
    check_eq(status, end > 1 ? KILLED : 0);
    check_eq(info_of(own_handle).attached_nr, 1); /* §7.2: before wait returns */
}

/* Children leave their parent's private segment alone. */
static void step(void)
{
    uint what = pick(64);

    if (what < 20 || nviews == 0)
        attach_public();
    else if (what < 28)
        detach_at(pick(nviews));
    else if (what < 36)
        detach_newest(pick(nviews));
    else if (what < 46)
        delete_public();
    else if (what < 50)
        check_view(&views[pick(nviews)]);
    else if (what < 54)
        look();
    else if (what < 55)
        wait_or_wake();
    else if (what < 57)
        use_heap();
    else if (!may_fork)
        check_own();
    else if (what < 61)
        reopen_own();
    else
        fork_child();
}

static void run(uint i)
{
    me = i;
    random = chance_start((uint)tap_seed, i + (uint)getpid() * RACE_MAX);
    may_fork = i % 2 == 0; /* the others are killed, and must leave no orphans */
    open_own();
    fill_own();
    while (!board->stop) {
        step();
        board->rounds[i]++;
    }
    check_own();
}

/* Kills a process that does not fork, and starts another in its place. */
static void replace_one(int pids[], uint n)
{
    uint i = (chance(&random, n) | 1) % n;
    int status, handle;

    if (i % 2 == 0)
        return;
    kill(pids[i]);
    check_eq(waits(&status), pids[i]);
    check_eq(status, KILLED);
    handle = ksmget(own_ids[i], OWN_PAGES * PAGE);
    check_positive(handle);
    check_eq(info_of(handle).attached_nr, 0); /* §7.2, §7.4 */
    if (chance(&random, 2))
        check_eq(ksmdelete(handle), 0);
    pids[i] = race_start(i, run);
}

static void delete_id(int id)
{
    int handle = ksmget(id, 0, KSM_OPEN);

    if (handle > 0) {
        check_eq(info_of(handle).attached_nr, 0);
        check_eq(ksmdelete(handle), 0);
    }
}

static void race(uint n)
{
    race_begin();
    random = chance_start((uint)tap_seed, 99);
    for (uint i = 0; i < NPUBLIC; i++)
        publics[i].id = fresh_id();
    for (uint i = 0; i < n; i++)
        own_ids[i] = fresh_id();
    race_run(n, SECONDS, run, replace_one);
    tap_note("%u processes: %u steps", n, race_rounds());
    for (uint i = 0; i < NPUBLIC; i++)
        delete_id(publics[i].id);
    for (uint i = 0; i < n; i++)
        delete_id(own_ids[i]);
    race_end();
}

TEST("§12 §7 2 processes make all calls on the same segments against each other") { race(2); }

TEST("§12 §7 4 processes make all calls on the same segments against each other") { race(4); }

TEST("§12 §7 8 processes make all calls on the same segments against each other") { race(8); }

/* Old addresses. */

#define PLACES 3u /* pages of each segment */

/* Identifies the processor: each has a descriptor table of its own. */
static uint processor(void)
{
    struct {
        unsigned short limit;
        uint base;
    } __attribute__((packed)) table;

    asm volatile("sgdt %0" : "=m"(table));
    return table.base;
}

static uint nmoves, at_processor;

static void hop(void)
{
    race_hop();

    uint now = processor();

    nmoves += now != at_processor;
    at_processor = now;
}

static void stamp(volatile uint *p, uint with)
{
    for (uint i = 0; i < PLACES; i++)
        p[i * WORDS] = with + i;
}

static void check_stamp(const volatile uint *p, uint with)
{
    for (uint i = 0; i < PLACES; i++)
        check_eq(p[i * WORDS], with ? with + i : 0);
}

/* New pages at the end of the heap, which need not be at a page's start. */
static uint *grow(void)
{
    uint old = (uint)sbrk((PLACES + 1) * PAGE);

    check_eq(sbrk(0), old + (PLACES + 1) * PAGE);
    return (uint *)((old + PAGE - 1) & ~(PAGE - 1));
}

static void shrink(void) { check(sbrk(-(int)((PLACES + 1) * PAGE)) != (char *)-1); }

static void renew(int id, int *handle, uint *with)
{
    uint *p;

    check_eq(ksmdelete(*handle), 0);
    *handle = ksmget(id, PLACES * PAGE, KSM_MUSTNOTEXIST);
    check(*handle > 0);
    p = (uint *)attach(*handle);
    check_stamp(p, 0);
    *with += 0x10;
    stamp(p, *with);
    check_eq(ksmdetachat(p), 0);
}

/* Two segments take turns at the same address, and the process moves between processors. */
static void take_turns(uint i)
{
    uint n = 0, at = 0, stamps[2] = { i << 28 | 0x1000, i << 28 | 0x8000000 };
    int ids[2] = { fresh_id(), fresh_id() }, handles[2];

    random = chance_start((uint)tap_seed, i);
    for (uint k = 0; k < 2; k++) {
        handles[k] = ksmget(ids[k], PAGE);
        renew(ids[k], &handles[k], &stamps[k]);
    }
    for (; !board->stop; n++, at ^= 1) {
        uint *p = (uint *)attach_flags(handles[at], pick(2) ? KSM_READ : 0);

        check_stamp(p, stamps[at]); /* this processor has it in its TLB now */
        if (pick(2))
            hop();
        check_stamp(p, stamps[at]);
        check_eq(ksmdetachat(p), 0);
        if (pick(4) == 0) {
            hop();
            renew(ids[at], &handles[at], &stamps[at]);
        }
        if (pick(4) == 0) {
            p = grow();
            check_stamp(p, 0);
            stamp(p, ~n);
            hop();
            shrink();
        }
    }
    board->rounds[i] = n;
    __atomic_add_fetch(&board->words[0], nmoves, __ATOMIC_SEQ_CST);
    check_eq(ksmdelete(handles[0]), 0);
    check_eq(ksmdelete(handles[1]), 0);
}

TEST("§5.3 an address shows what is attached there now, on every processor")
{
    static const uint numbers[] = { 2, 5 }; /* with idle processors in between, and without */

    race_begin();
    for (uint i = 0; i < 2; i++) {
        race_run(numbers[i], SECONDS, take_turns, NULL);
        tap_note("%u processes: %u attachments, %u times on another processor", numbers[i], race_rounds(),
                 board->words[0]);
    }
    race_end();
}

/* How a page goes away. */
enum { DETACHED, DETACHED_AT, DEAD, REATTACHED, SHRUNK, NWAYS };

static void touch_old(uint way, int id, bool far)
{
    int handle = ksmget(id, PAGE);
    volatile uint *p = way == SHRUNK ? grow() : (uint *)attach(handle);

    p[0] = 1;
    if (far)
        hop();
    p[1] = 1;
    if (way == DEAD)
        check_eq(ksmdelete(handle), 0);
    if (way == SHRUNK)
        shrink();
    else if (way == DETACHED)
        check_eq(ksmdetach(handle), 0);
    else
        check_eq(ksmdetachat((void *)p), 0);
    if (way == REATTACHED)
        check_eq(attach_flags(handle, KSM_READ), p);
    if (far)
        hop();
    p[2] = 1; /* the end */
    exits(1);
}

static void let_die(uint i)
{
    uint n = 0;
    int id = fresh_id();

    for (; !board->stop; n++) {
        int pid = fork(), status;

        check(pid >= 0);
        if (pid == 0)
            touch_old(n % NWAYS, id, n / NWAYS % 2);
        check_eq(waits(&status), pid);
        check_eq(status, KILLED);
        delete_id(id);
    }
    board->rounds[i] = n;
}

TEST("§5.3 a touch after detach, delete or shrinking ends the process, wherever it runs")
{
    static const uint numbers[] = { 1, 4 };

    race_begin();
    for (uint i = 0; i < 2; i++) {
        race_run(numbers[i], SECONDS, let_die, NULL);
        tap_note("%u processes died of it", race_rounds());
    }
    race_end();
}

TAP_MAIN(drop_fresh)
