/*
 * mm_race_flush.c - a processor forgets what it has cached of page tables before it may do harm, on one processor.
 *
 * mm_world.c checks each page that is freed, and world_enter() and touches what the processor is left with.
 */
#include "host.h"
#include "mm_world.h"

#define PAGE_VA 0x1000u
#define HEAP_VA CHUNK_SIZE /* where a second page table begins */

static struct aspace *as;

/* A process with one page of memory, and what it has cached of it. */
static void start(void)
{
    as = aspace_create();
    check(as && aspace_add_image(as, PAGE_VA, PAGE_SIZE, true) == 0);
    tlb_watch(PAGE_VA);
    world_enter(as);
    check(world_write(PAGE_VA, 1));
}

static void finish(void)
{
    world_enter(NULL);
    aspace_destroy(as);
}

static void grow(uint npages)
{
    uint old;

    check_eq(aspace_sbrk(as, (int)(npages * PAGE_SIZE), &old), 0);
    tlb_check();
}

static void shrink(uint npages)
{
    uint old;

    tlb_fill();
    check_eq(aspace_sbrk(as, -(int)(npages * PAGE_SIZE), &old), 0);
    tlb_check();
}

TEST("a page that is given up is forgotten before it is freed")
{
    uint word;

    start();
    tlb_watch(PAGE_VA + PAGE_SIZE);
    for (uint npages = 1; npages < 40; npages += 10) {
        grow(npages);
        check(world_write(PAGE_VA + PAGE_SIZE, 2));
        shrink(npages);
        check(!world_read(PAGE_VA + PAGE_SIZE, &word));
    }
    finish();
}

TEST("a page table is forgotten before it is freed, whether its pages were touched or not")
{
    static const uint sizes[] = { 1, 3, 100, 700, CHUNK_PAGES };

    start();
    tlb_watch(HEAP_VA);
    tlb_watch(HEAP_VA + PAGE_SIZE);
    aspace_set_brk(as, HEAP_VA);
    for (uint i = 0; i < 2 * COUNT(sizes); i++) {
        grow(sizes[i / 2]);
        if (i % 2)
            check(world_write(HEAP_VA, 3));
        shrink(sizes[i / 2]);
    }
    finish();
}

TEST("after a fork neither process can write what they share")
{
    uint word;

    start();
    struct aspace *child = aspace_fork(as);
    check(child != NULL);
    tlb_check();
    check(world_write(PAGE_VA, 2));
    world_enter(child);
    check(world_read(PAGE_VA, &word));
    check_eq(word, 1);
    check(world_write(PAGE_VA, 3));
    world_enter(as);
    check(world_read(PAGE_VA, &word));
    check_eq(word, 2);
    aspace_destroy(child);
    finish();
}

TEST("§5.3 after a detach the next touch faults, whatever the size")
{
    static const uint sizes[] = { 1, 2, 16, 17, CHUNK_PAGES, CHUNK_PAGES + 2 };
    struct mapping m;
    uint word;

    for (uint i = 0; i < COUNT(sizes); i++) {
        start();
        struct region r;
        check(region_create(&r, sizes[i]) && aspace_map(as, &m, &r, true) == 0);
        uint last = m.va + (m.npages - 1) * PAGE_SIZE;
        tlb_watch(m.va);
        if (last != m.va)
            tlb_watch(last);
        check(world_write(m.va, 4) && world_read(last, &word));
        aspace_unmap(as, &m);
        tlb_check();
        check(!world_read(m.va, &word) && !world_read(last, &word));
        region_destroy(&r);
        finish();
        tlb_watch_none();
    }
}

TEST("§5.4 a process that ends has forgotten its attachments before they are freed")
{
    struct mapping m[3];
    struct region r[3];

    start();
    for (uint i = 0; i < COUNT(m); i++) {
        check(region_create(&r[i], 1 + i) && aspace_map(as, &m[i], &r[i], i != 1) == 0);
        tlb_watch(m[i].va);
        check_eq(world_write(m[i].va, 5), i != 1);
    }
    tlb_fill();
    aspace_unmap_all(as);
    tlb_check();
    for (uint i = 0; i < COUNT(m); i++)
        region_destroy(&r[i]);
    finish();
}

TEST("an address space that is left is left by the processor")
{
    start();
    tlb_fill();
    world_enter(NULL);
    aspace_destroy(as);
}
