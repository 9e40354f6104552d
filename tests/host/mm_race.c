/*
 * mm_race.c - processes that share a page copy-on-write, side by side in every order of their steps: page.c, aspace.c
 * and pmap.c as they are.
 *
 * Up to three processes, which came about by forks, each make one call, while memory is as short as can be.  In every
 * order each finds its own bytes, every page has the owners that it counts, and in the end every frame is back.
 */
#include "host.h"
#include "mm_world.h"

#define PAGE_VA  0x1000u
#define WORD_VA  (PAGE_VA + 20)
#define ORIGINAL 9u

enum call { NOTHING, TOUCH, EXIT, SHRINK, FORK, TAKE, NCALLS };
static const char *const names[NCALLS] = { "nothing", "touch", "exit", "shrink", "fork", "take" };

/* One for each processor; it need not have a process. */
static struct {
    enum call call;
    struct aspace *as, *child;
    uint word; /* what it must find; 0: it has given the page up */
    uint child_word;
    void *taken[4];
} p[ORDERS_MAX];
static uint nprocesses, nleft;

static struct aspace *first_process(void)
{
    struct aspace *as = aspace_create();

    check(as && aspace_add_image(as, PAGE_VA, PAGE_SIZE, true) == 0);
    *(uint *)aspace_image_byte(as, WORD_VA) = ORIGINAL;
    return as;
}

static void begin(void)
{
    world_leave_frames(20);
    tlb_watch_none();
    tlb_watch(PAGE_VA);
    orders_become(0);
    p[0].as = first_process();
    world_enter(p[0].as);
    for (uint i = 1; i < nprocesses; i++) {
        p[i].as = aspace_fork(p[0].as);
        check(p[i].as != NULL);
    }
    tlb_check();
    for (uint i = ORDERS_MAX; i-- > 0;)
        p[i].child = NULL;
    for (uint i = nprocesses; i-- > 0;) {
        orders_become(i);
        world_enter(p[i].as);
        p[i].word = ORIGINAL;
    }
    world_leave_frames(nleft);
}

static void take(uint self)
{
    for (uint i = 0; i < 3 && (p[self].taken[i] = page_alloc()); i++)
        memset(p[self].taken[i], 0xEE, PAGE_SIZE);
}

static void leave(uint self)
{
    world_enter(NULL);
    aspace_destroy(p[self].as);
    p[self].as = NULL;
}

static void run(uint self)
{
    uint old, word;

    switch (p[self].call) {
    case TOUCH:
        check(world_write(WORD_VA, 100 + self));
        p[self].word = 100 + self;
        check(world_read(WORD_VA, &word));
        check_eq(word, 100 + self);
        break;
    case EXIT:
        leave(self);
        break;
    case SHRINK:
        check_eq(aspace_sbrk(p[self].as, -(int)PAGE_SIZE, &old), 0);
        p[self].word = 0;
        break;
    case FORK:
        p[self].child = aspace_fork(p[self].as);
        p[self].child_word = p[self].word;
        break;
    case TAKE:
        take(self);
        break;
    default:
        break;
    }
    tlb_check();
}

static void end_process(uint self)
{
    uint word;

    if (p[self].as) {
        check_eq(world_read(WORD_VA, &word), p[self].word != 0);
        if (p[self].word)
            check_eq(word, p[self].word);
        aspace_check(p[self].as);
        leave(self);
    }
    if (p[self].child) {
        aspace_check(p[self].child);
        check_eq(*(uint *)aspace_image_byte(p[self].child, WORD_VA), p[self].child_word);
        aspace_destroy(p[self].child);
    }
    for (uint i = 0; i < COUNT(p[self].taken) && p[self].taken[i]; i++) {
        page_free(p[self].taken[i]);
        p[self].taken[i] = NULL;
    }
}

static void end(void)
{
    page_check();
    for (uint i = 0; i < ORDERS_MAX; i++) {
        orders_become(i);
        end_process(i);
    }
    orders_become(0);
    page_check();
}

static uint norders, nscenes;

/* Owners that make no call keep their shares. */
static void race(enum call a, enum call b, enum call c, uint left)
{
    uint ncalls = 1 + (b != NOTHING) + (c != NOTHING);

    p[0].call = a;
    p[1].call = b;
    p[2].call = c;
    nleft = left;
    orders_alike[1] = b == a;
    orders_alike[2] = c == b && nprocesses == 3;
    norders += orders_run(ncalls, begin, run, end);
    nscenes++;
    if (tap_failing())
        tap_note("%s against %s and %s, %u processes, %u frames left", names[a], names[b], names[c],
                 nprocesses, left);
}

/* All calls against all others, each pair once. */
static void race_pairs(uint left)
{
    for (enum call a = TOUCH; a < NCALLS; a++)
        for (enum call b = a; b < NCALLS && !tap_failing(); b++)
            race(a, b, NOTHING, left);
}

static void note_figures(void)
{
    tap_note("%u scenes, %u orders", nscenes, norders);
    nscenes = norders = 0;
}

TEST("§10 two owners of a page, any two calls, in every order")
{
    nprocesses = 2;
    for (uint left = 0; left <= 4; left++)
        race_pairs(left);
    note_figures();
}

TEST("§10 two of three owners of a page, any two calls, in every order")
{
    nprocesses = 3;
    for (uint left = 0; left <= 4; left++)
        race_pairs(left);
    note_figures();
}

/* What makes three calls side by side.  A process that ends makes too many steps for this, and gives its page up as one
   does that shrinks. */
static const enum call short_calls[] = { TOUCH, SHRINK, FORK, TAKE };

TEST("§10 two owners of a page, any two calls, and somebody who takes every frame, in every order")
{
    nprocesses = 2;
    orders_coarse = true;
    for (uint left = 0; left <= 4; left += 4)
        for (uint a = 0; a < COUNT(short_calls); a++)
            for (uint b = a; b < COUNT(short_calls) && !tap_failing(); b++)
                race(short_calls[a], short_calls[b], TAKE, left);
    orders_coarse = false;
    note_figures();
}

TEST("§10 three owners of a page, any three calls, in every order")
{
    nprocesses = 3;
    orders_coarse = true;
    for (uint a = 0; a < COUNT(short_calls); a++)
        for (uint b = a; b < COUNT(short_calls); b++)
            for (uint c = b; c < COUNT(short_calls) && !tap_failing(); c++)
                race(short_calls[a], short_calls[b], short_calls[c], 0);
    orders_coarse = false;
    note_figures();
}

TAP_MAIN(world_begin, world_end)
