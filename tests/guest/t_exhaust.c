/*
 * t_exhaust.c - the last page, the last entry, and each allocation of a call failing in turn.
 *
 * Tables are small here, so that they can be filled exactly.  Of calls whose allocations fail, t_ksmfail.c has the
 * plain cases, this file those with more at stake.
 *
 * Runs with: --param ksm.segments=37 --param ksm.attachments=1300 --param ksm.pages=40000 -- t_exhaust
 */
#include "failing.h"
#include "fcntl.h"

#define MAX_PLACES 100u
#define CHUNK      (4 * MB)

static uint limit_of(const char *name)
{
    char text[16];
    int value;

    check(bootarg(name, text, sizeof(text)) > 0 && parse_number(text, &value));
    return (uint)value;
}

/* Allocations that fail. */

static int segments[FAILING_SEGMENTS]; /* of different sizes, one with page tables of its own */

/* The number of pages that can still be promised. */
static uint promisable(void)
{
    uint n = 0;

    for (uint step = 64 * MB / PAGE; step; step /= 2) {
        while (sbrk((int)(step * PAGE)) != (char *)-1)
            n += step;
    }
    check(sbrk(-(int)(n * PAGE)) != (char *)-1);
    return n;
}

static void make_segments(void)
{
    static const uint sizes[FAILING_SEGMENTS] = { 1, 3 * PAGE, 40 * PAGE, CHUNK + 5 * PAGE };

    failing_begin();
    for (uint i = 0; i < FAILING_SEGMENTS; i++)
        segments[i] = fresh(sizes[i]);
}

static void sweep(int (*try)(uint nth), int error)
{
    uint room;

    make_segments();
    for (uint i = 0; i < FAILING_SEGMENTS; i++) {
        attach(segments[i]);
        attach_flags(segments[i], KSM_READ);
    }
    check_eq(try(0), 0); /* so that what a process keeps from the first call on is there */
    room = promisable();
    check(fail_each(try, error, segments, FAILING_SEGMENTS) > 0);
    check_eq(promisable(), room);
    for (uint i = 0; i < FAILING_SEGMENTS; i++) {
        check_eq(info_of(segments[i]).attached_nr, 2);
        while (ksmdetach(segments[i]) == 0)
            ;
        check_eq(ksmdelete(segments[i]), 0);
    }
    check_alive();
}

#define REFUSED 50 /* the status of a child whose call failed as it should */

static int result_of_child(int pid)
{
    int status;

    check_eq(waits(&status), pid);
    check(status == 0 || status == REFUSED);
    return -status;
}

static int try_fork(uint nth)
{
    int pid;

    fail_from_here(nth);
    pid = fork();
    if (pid == 0) {
        fail_no_more();
        exits(0);
    }
    fail_no_more();
    return pid < 0 ? pid : result_of_child(pid);
}

TEST("§7.1 a fork with eight attachments changes nothing whichever of its allocations fails")
{
    sweep(try_fork, -1);
}

/* Path and arguments lie in an attachment, which stays if the exec fails. */
static int try_exec(uint nth)
{
    int pid = fork();

    check(pid >= 0);
    if (pid == 0) {
        char *page = attach(segments[1]);
        struct figures before;

        strcpy(page, "/true");
        strcpy(page + PAGE, "an argument");
        before = figures(segments, FAILING_SEGMENTS);
        fail_from_here(nth);
        exec(page, (char *[]){ page, page + PAGE, NULL });
        fail_no_more();
        check_unchanged(&before);
        exits(REFUSED);
    }
    return result_of_child(pid);
}

TEST("§7.3 an exec out of an attachment changes nothing whichever of its allocations fails")
{
    int frames;
    uint nth = 0;

    make_segments();
    check_eq(try_exec(0), 0);
    frames = pgused();
    while (try_exec(++nth) != 0) {
        check_eq(pgused(), frames);
        check_eq(info_of(0).total_attached_nr, 0);
        check(nth < MOST_ALLOCATIONS);
    }
    tap_note("%u allocations, each of them failed", nth - 1);
    for (uint i = 0; i < FAILING_SEGMENTS; i++) {
        check_eq(info_of(segments[i]).attached_nr, 0);
        check_eq(ksmdelete(segments[i]), 0);
    }
}

/* The first get of a process, which has no table of handles yet. */
static int try_first_get(uint nth)
{
    int id = fresh_id(), pid = fork();

    check(pid >= 0);
    if (pid == 0) {
        int frames, handle;

        frames = pgused();
        fail_from_here(nth);
        handle = ksmget(id, 2 * CHUNK + PAGE, KSM_MUSTNOTEXIST);
        fail_no_more();
        if (handle < 0) {
            check_eq(handle, KSM_ENOMEM);
            check_eq(pgused(), frames);
            check_eq(ksmget(id, 0, KSM_OPEN), KSM_ENOENT);
            check_eq(debug(DEBUG_CHECK, 0), 0);
            exits(REFUSED);
        }
        check_eq(ksmdelete(handle), 0);
        exits(0);
    }
    return result_of_child(pid);
}

TEST("§3.2 a process's first get changes nothing whichever of its allocations fails")
{
    uint nth = 1;

    failing_begin();
    while (try_first_get(nth) != 0)
        check(++nth < MOST_ALLOCATIONS);
    tap_note("%u allocations, each of them failed", nth - 1);
    check(nth > 4);
}

static int try_pipe(uint nth)
{
    int fds[2] = { -5, -5 }, result;

    fail_from_here(nth);
    result = pipe(fds);
    fail_no_more();
    if (result < 0) {
        check(fds[0] == -5 && fds[1] == -5);
        return result;
    }
    check_eq(close(fds[0]), 0);
    check_eq(close(fds[1]), 0);
    return 0;
}

TEST("a pipe changes nothing whichever of its allocations fails") { sweep(try_pipe, -1); }

static int try_open(uint nth)
{
    int fd;

    fail_from_here(nth);
    fd = open("/true", O_RDONLY);
    fail_no_more();
    if (fd < 0)
        return fd;
    check_eq(close(fd), 0);
    return 0;
}

TEST("an open changes nothing whichever of its allocations fails") { sweep(try_open, -1); }

/* Over the end of a page table, so that it needs another. */
static int try_sbrk(uint nth)
{
    char *p;

    fail_from_here(nth);
    p = sbrk(2 * CHUNK);
    fail_no_more();
    if (p == (char *)-1)
        return -1;
    check(sbrk(-2 * (int)CHUNK) == p + 2 * CHUNK);
    return 0;
}

TEST("§4.3 an sbrk of 8 MB changes nothing whichever of its allocations fails") { sweep(try_sbrk, -1); }

/* The address space. */

struct place {
    char *p;
    uint size;
    int handle;
};

static struct place places[MAX_PLACES];
static uint nplaces;

/* Attaches 64 MB as often as there is room, then half of that, and so on down to a page. */
static void fill(void)
{
    nplaces = 0;
    for (uint size = 64 * MB; size >= PAGE; size /= 2) {
        int handle = fresh(size);
        char *p;

        while (!ksmerror(p = ksmattach(handle))) {
            check(nplaces < MAX_PLACES);
            places[nplaces++] = (struct place){ p, size, handle };
        }
        check_eq(ksmerror(p), KSM_ENOVA);
        check_eq(ksmdelete(handle), 0); /* attached or gone */
    }
}

static void unfill(void)
{
    for (uint i = 0; i < nplaces; i++)
        check_eq(ksmdetachat(places[i].p), 0);
}

/* The heap's end, rounded to a page. */
static char *heap_end(void) { return (char *)(((uint)sbrk(0) + PAGE - 1) & ~(PAGE - 1)); }

TEST("§4.2 §4.3 §10 the address space can be filled to the last page")
{
    uint total = 0, rest;
    int one = fresh(PAGE);
    char *lowest = (char *)KERNBASE;

    check(sbrk(2 * PAGE + 100) != (char *)-1);
    fill();
    for (uint i = 0; i < nplaces; i++) {
        total += places[i].size;
        lowest = places[i].p < lowest ? places[i].p : lowest;
        places[i].p[0] = places[i].p[places[i].size - 1] = 1;
    }
    check_eq(lowest, heap_end());
    check_eq(total, KERNBASE - (uint)lowest);
    check_eq((int)ksmattach(one), KSM_ENOVA);
    rest = lowest - sbrk(0);
    check(sbrk((int)rest + 1) == (char *)-1);
    check(sbrk((int)rest) == lowest - rest);
    check(sbrk(1) == (char *)-1);
    check_eq(sbrk(0), lowest);
    check(sbrk(-(int)PAGE) == lowest); /* §4.3: what it frees can be attached into */
    check_eq(attach(one), heap_end());
    check_eq(ksmdetach(one), 0);
    check_eq(ksmdelete(one), 0);
    unfill();
    check_alive();
}

TEST("§4.2 the holes of a full address space are used again, the highest first")
{
    uint ndetached = 0;
    int frames;

    fill();
    frames = pgused();
    for (uint i = 1; i < nplaces; i += 2) {
        if (info_of(places[i].handle).attached_nr > 1) { /* else its segment would go */
            check_eq(ksmdetachat(places[i].p), 0);
            ndetached++;
        } else {
            places[i].size = 0;
        }
    }
    check(ndetached > 10);
    for (uint i = 1; i < nplaces; i += 2) { /* from large to small, and from the top down */
        if (places[i].size)
            check_eq(attach(places[i].handle), places[i].p);
    }
    check_eq(pgused(), frames);
    unfill();
}

TEST("§4.2 the page table of a hole that is filled page by page comes and goes")
{
    int large = fresh(2 * CHUNK), one = fresh(PAGE), frames;
    char *upper = attach(large), *lower = attach(large), *hole;

    check_eq(lower, upper - 2 * CHUNK);
    check_eq(ksmdetachat(upper), 0);
    upper = attach(one); /* right below the kernel */
    hole = upper - (CHUNK - PAGE);
    frames = pgused();
    for (uint i = 1; i < CHUNK / PAGE; i++)
        check_eq(attach(one), upper - i * PAGE);
    check(pgused() <= frames + 64); /* attachments themselves */
    frames = pgused();
    check_eq(attach(one), hole - PAGE);
    check(pgused() >= frames + 1); /* another page table */
    check_eq(ksmdetach(one), 0);
    check_eq(pgused(), frames);
    while (ksmdetach(one) == 0)
        ;
    check_eq(ksmdelete(one), 0);
    check_eq(attach(large), lower + 2 * CHUNK);
    check_eq(ksmdetach(large), 0);
    check_eq(ksmdetach(large), 0);
    check_eq(ksmdelete(large), 0);
}

/* Tables. */

TEST("§10 only new segments are refused when the table is full, and each entry is used again")
{
    uint limit = limit_of("ksm.segments"), n = 0;
    int handles[100], ids[100];
    struct ksminfo_t info;

    check_eq(info_of(0).total_shrg_nr, 0);
    for (; n < limit; n++) {
        ids[n] = fresh_id();
        handles[n] = ksmget(ids[n], n + 1, KSM_MUSTNOTEXIST);
        check(handles[n] > 0);
    }
    for (uint round = 0; round < 200; round++) {
        uint i = round * 7 % n;
        int dead = handles[i];

        check_eq(ksmget(fresh_id(), 1, 0), KSM_ENOSPC);
        check_eq(ksmget(fresh_id(), 0, KSM_OPEN), KSM_ENOENT);
        check_eq(ksmget(ids[i], 1, KSM_MUSTNOTEXIST), KSM_EEXIST);
        check_eq(ksmget(ids[i], 0, KSM_OPEN), dead);
        check_eq(ksmget(ids[i], 1, 0), dead);
        attach(dead)[0] = 1;
        check_eq(ksmdetach(dead), 0);
        check_eq(ksmdelete(dead), 0);
        check_eq(ksminfo(dead, &info), KSM_EHANDLE);
        handles[i] = ksmget(ids[i], 1, 0);
        check_positive(handles[i]);
        check(handles[i] != dead);
        check_eq(ksminfo(dead, &info), KSM_EHANDLE);
    }
    check_eq(info_of(0).total_shrg_nr, limit);
    for (uint i = 0; i < n; i++)
        check_eq(ksmdelete(handles[i]), 0);
    check_alive();
}

/* Forks with two attachments, and reports whether it worked. */
static void fork_with_two(void *arg)
{
    int pid = fork(), status;

    if (pid == 0)
        exits(0);
    if (pid > 0)
        waits(&status);
    *(volatile int *)arg = pid > 0 ? 1 : pid;
}

TEST("§10 §7.1 attach and fork use the table of attachments up exactly")
{
    uint limit = limit_of("ksm.attachments"), n = 2;
    int board = fresh(PAGE), one = fresh(PAGE), pid, frames;
    volatile int *result = (volatile int *)attach(board);

    check_eq(info_of(0).total_attached_nr, 1);
    attach(board);
    pid = tap_start(fork_with_two, (void *)result); /* 2, 4, 6 at the most */
    tap_join(pid);
    check_eq(*result, 1);
    for (; n < limit; n++)
        attach(one);
    check_eq((int)ksmattach(one), KSM_ENOSPC);
    check_eq((int)ksmattach(board, KSM_READ), KSM_ENOSPC);
    check_eq(info_of(0).total_attached_nr, limit);
    frames = pgused();
    check_eq(fork(), -1);
    check_eq(info_of(0).total_attached_nr, limit);
    check_eq(pgused(), frames);
    while (n > limit / 2 + 1) { /* one too many to be doubled */
        check_eq(ksmdetach(one), 0);
        n--;
    }
    check_eq(fork(), -1);
    check_eq(info_of(0).total_attached_nr, n);
    check_eq(ksmdetach(one), 0);
    pid = fork();
    if (pid == 0)
        exits(info_of(0).total_attached_nr == limit && (int)ksmattach(one) == KSM_ENOSPC ? 0 : 1);
    check_positive(pid);
    tap_join(pid);
    check_eq(info_of(0).total_attached_nr, limit / 2);
    while (ksmdetach(one) == 0)
        ;
    check_eq(ksmdelete(one), 0);
    ksmdetach(board);
    ksmdetach(board);
    ksmdelete(board);
}

TEST("§10 §3.5 get uses the shared pages up exactly")
{
    uint limit = limit_of("ksm.pages");
    int id = fresh_id(), most, last;

    check_eq(info_of(0).total_shpg_nr, 0);
    check_eq(ksmget(fresh_id(), limit * PAGE + 1), KSM_ESIZE);
    most = ksmget(id, (limit - 1) * PAGE - 5);
    check(most > 0);
    check_eq(ksmget(fresh_id(), limit * PAGE + 1), KSM_ESIZE); /* whatever is in use */
    check_eq(ksmget(fresh_id(), limit * PAGE), KSM_ENOSPC);
    check_eq(ksmget(fresh_id(), PAGE + 1), KSM_ENOSPC);
    last = ksmget(fresh_id(), PAGE);
    check(last > 0);
    check_eq(ksmget(fresh_id(), 1), KSM_ENOSPC);
    check_eq(ksmget(id, 5), most);
    check_eq(info_of(0).total_shpg_nr, limit);
    attach(most)[(limit - 1) * PAGE - 1] = 1;
    check_eq(ksmdetach(most), 0);
    check_eq(ksmdelete(most), 0);
    check_eq(info_of(0).total_shpg_nr, 1);
    most = ksmget(id, (limit - 1) * PAGE);
    check(most > 0);
    check_eq(ksmget(fresh_id(), 1), KSM_ENOSPC);
    check_eq(ksmdelete(most), 0);
    check_eq(ksmdelete(last), 0);
    check_alive();
}

TAP_MAIN(drop_fresh)
