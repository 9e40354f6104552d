/*
 * mm_mapping.c - the tree of mappings against a map of 4 KB pages that is searched the slow way, §4.2.
 */
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "host.h"
#include "mm/mapping.h"

#define NPAGES (USER_END >> PAGE_SHIFT)
#define NLIVE  3000u

static struct mapping *root;
static struct mapping *live[NLIVE];
static uint nlive;
static bool used[NPAGES];

static uint random_state = 12345;

static uint pick(uint n) { return chance(&random_state, n); }

static void before(void)
{
    root = NULL;
    nlive = 0;
    memset(used, 0, sizeof(used));
}

static void after(void)
{
    while (nlive)
        free(live[--nlive]);
}

/* What mapping_find_hole() promises, a page at a time. */
static uint slow_hole(uint floor, uint npages)
{
    uint step = npages >= CHUNK_PAGES ? CHUNK_PAGES : 1, run = 0;

    for (uint at = NPAGES; at-- > floor >> PAGE_SHIFT;) {
        run = used[at] ? 0 : run + 1;
        if (run >= npages && at % step == 0)
            return at << PAGE_SHIFT;
    }
    return 0;
}

static void mark(const struct mapping *m, bool to)
{
    for (uint i = 0; i < m->npages; i++)
        used[(m->va >> PAGE_SHIFT) + i] = to;
}

static struct mapping *add(uint va, uint npages)
{
    struct mapping *m = calloc(1, sizeof(*m));

    m->va = va;
    m->npages = npages;
    mapping_insert(&root, m);
    mark(m, true);
    live[nlive++] = m;
    return m;
}

static void drop(uint i)
{
    mark(live[i], false);
    mapping_remove(&root, live[i]);
    free(live[i]);
    live[i] = live[--nlive];
}

static void check_tree(void)
{
    uint npages, want = 0;
    const char *wrong = mapping_check(root, &npages);

    if (wrong)
        printf("# %s\n", wrong);
    check(!wrong);
    for (uint i = 0; i < nlive; i++)
        want += live[i]->npages;
    check_eq(npages, want);
}

static uint lowest_va(void)
{
    const struct mapping *m = mapping_from(root, 0);

    return m ? m->va : USER_END;
}

TEST("small mappings go from the top down, without gaps")
{
    for (uint i = 1; i <= 100; i++) {
        uint va = mapping_find_hole(root, 0x5000, PAGE_SIZE);
        check_eq(va, USER_END - i * PAGE_SIZE);
        add(va, 1);
    }
    check_tree();
    drop(40);
    uint hole = mapping_find_hole(root, 0x5000, PAGE_SIZE);
    check_eq(hole, USER_END - 41 * PAGE_SIZE);
    check_eq(mapping_find_hole(root, 0x5000, 2 * PAGE_SIZE), USER_END - 102 * PAGE_SIZE);
}

TEST("large mappings start at multiples of 4 MB")
{
    check_eq(mapping_find_hole(root, 0x5000, CHUNK_SIZE), USER_END - CHUNK_SIZE);
    check_eq(mapping_find_hole(root, 0x5000, CHUNK_SIZE + PAGE_SIZE), USER_END - 2 * CHUNK_SIZE);
    add(USER_END - PAGE_SIZE, 1);
    check_eq(mapping_find_hole(root, 0x5000, CHUNK_SIZE), USER_END - 2 * CHUNK_SIZE);
    check_eq(mapping_find_hole(root, 0x5000, CHUNK_SIZE - PAGE_SIZE), USER_END - CHUNK_SIZE);
}

TEST("a mapping that does not fit is refused")
{
    check_eq(mapping_find_hole(root, 0x5000, 0x7fffe000), 0);
    check_eq(mapping_find_hole(root, USER_END, PAGE_SIZE), 0);
    check_eq(mapping_find_hole(root, USER_END - PAGE_SIZE, PAGE_SIZE), USER_END - PAGE_SIZE);
    check_eq(mapping_find_hole(root, USER_END - PAGE_SIZE, 2 * PAGE_SIZE), 0);
    add(CHUNK_SIZE, (USER_END - CHUNK_SIZE) >> PAGE_SHIFT);
    check_eq(mapping_find_hole(root, PAGE_SIZE, CHUNK_SIZE), 0);
    check_eq(mapping_find_hole(root, PAGE_SIZE, CHUNK_SIZE - PAGE_SIZE), PAGE_SIZE);
    check_tree();
}

static void check_lookups(void)
{
    for (uint i = 0; i < 20; i++) {
        uint va = pick(USER_END);
        struct mapping *covers = NULL, *next = NULL;
        for (uint j = 0; j < nlive; j++) {
            if (va >= live[j]->va && va < mapping_end(live[j]))
                covers = live[j];
            if (live[j]->va >= va && (!next || live[j]->va < next->va))
                next = live[j];
        }
        check(mapping_at(root, va) == covers);
        check(mapping_from(root, va) == next);
    }
    for (uint i = 0; i < nlive; i++)
        check(mapping_at(root, live[i]->va) == live[i]);
}

static uint random_npages(void)
{
    switch (pick(8)) {
    case 0:
        return 1 + pick(3 * CHUNK_PAGES);
    case 1:
        return CHUNK_PAGES * (1 + pick(4));
    case 2:
        return CHUNK_PAGES - pick(2);
    default:
        return 1 + pick(40);
    }
}

/* Maps and unmaps at random in a space that is nearly full, always where the slow search says. */
TEST("random mappings agree with a slow search")
{
    uint floor = USER_END - 80 * CHUNK_SIZE;

    for (uint step = 0; step < 4000 && !tap_failing(); step++) {
        bool grow = pick(100) < (step / 800 % 2 ? 45u : 60u);
        if (nlive && (!grow || nlive == NLIVE)) {
            drop(pick(nlive));
        } else {
            uint npages = random_npages();
            uint from = pick(8) ? floor : page_round_down(lowest_va());
            uint want = slow_hole(from, npages);
            uint va = mapping_find_hole(root, from, npages << PAGE_SHIFT);
            check_eq(va, want);
            if (va && va == want)
                add(va, npages);
        }
        if (step % 16 == 0)
            check_tree();
        if (step % 400 == 0)
            check_lookups();
    }
    while (nlive && !tap_failing()) {
        drop(pick(nlive));
        check_tree();
    }
    check(root == NULL || tap_failing());
}

static void add_scattered(void)
{
    for (uint i = 0; i < 2000; i++) {
        uint page = pick(NPAGES - 2);
        if (!used[page] && !used[page + 1])
            add(page << PAGE_SHIFT, 2);
    }
}

static uint npauses;

static void pause_counted(void) { npauses++; }

/* fork() copies mappings in any order, and may give up after some; exit() takes all out. */
TEST("a copy of a tree has its shape, and all of it can be taken out")
{
    struct mapping *copies = calloc(NLIVE, sizeof(*copies)), *child = NULL, *m;
    uint npages, n = 0, end = 0;

    mapping_twins_done(&child, root, pause_counted);
    check(!child && !mapping_pop(&child));
    add_scattered();
    for (uint i = 0; i < nlive; i++)
        mapping_add_twin(&child, &copies[i], live[i]);
    while (mapping_pop(&child))
        n++;
    check_eq(n, nlive);
    for (uint i = nlive; i-- > 0;)
        mapping_add_twin(&child, &copies[i], live[i]);
    npauses = 0;
    mapping_twins_done(&child, root, pause_counted);
    check_eq(npauses, nlive); /* others may run, however many there are */
    check(mapping_check(child, &npages) == NULL);
    check_eq(npages, 2 * nlive);
    for (uint i = 0; i < nlive; i++)
        check(mapping_at(child, live[i]->va) == &copies[i]);
    for (n = 0; (m = mapping_pop(&child)) != NULL; n++, end = mapping_end(m))
        check(m->va >= end);
    check_eq(n, nlive);
    check_tree();
    free(copies);
}

TEST("mappings at given addresses keep the tree low")
{
    add_scattered();
    check_tree();
    check(root->height <= 15);
}

TAP_MAIN(before, after)
