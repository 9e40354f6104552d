/* memory.c - frames, kernel objects and regions from malloc(), counted, and failing on demand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake.h"
#include "mm/page.h"
#include "mm/region.h"
#include "mm/slab.h"

uint fake_ram_npages;

static uint until_failure, chance;
static bool failed;
static uint nobjects, nframes;
static void *frames[2048];
static uint nframes_out;

void fake_fail_nth(uint nth)
{
    until_failure = nth;
    failed = false;
}

void fake_fail_chance(uint in_256) { chance = in_256; }

bool fake_failed(void) { return failed; }

bool fake_allocate(void)
{
    if ((until_failure && --until_failure == 0) || (chance && fake_random(256) < chance)) {
        failed = true;
        return false;
    }
    return true;
}

uint fake_nobjects(void) { return nobjects; }

uint fake_nframes(void) { return nframes; }

void fake_object(int change) { nobjects += (uint)change; }

static void *allocate(size_t n)
{
    if (!fake_allocate())
        return NULL;
    nobjects++;
    void *p = malloc(n);
    memset(p, 0xA5, n);
    return p;
}

static void release(void *p)
{
    if (p)
        nobjects--;
    free(p);
}

void *kmalloc(size_t n)
{
    fake_gap(); /* it takes time, in which others get on */
    return allocate(n);
}

void *kmalloc_zeroed(size_t n)
{
    void *p = allocate(n);

    return p ? memset(p, 0, n) : NULL;
}

void kfree(void *p) { release(p); }

/* Frames are remembered, since those that are taken at boot are never given back. */
void *page_alloc_zeroed(void)
{
    void *page = kmalloc_zeroed(PAGE_SIZE);

    if (page)
        frames[nframes_out++] = page;
    return page;
}

void page_free(void *page)
{
    for (uint i = 0; i < nframes_out; i++)
        if (frames[i] == page)
            frames[i] = frames[--nframes_out];
    release(page);
}

uint page_free_count(void) { return fake_ram_npages - nframes; }

/* Its bytes are where the real one has entries. */
bool region_create(struct region *r, uint npages)
{
    fake_slow("region_create");
    fake_gap();
    if (npages > page_free_count())
        return false;
    nframes += npages;
    fake_gap();
    if (!fake_allocate()) { /* as when the process is killed meanwhile */
        nframes -= npages;
        return false;
    }
    r->npages = npages;
    r->ready.entries = calloc(npages, PAGE_SIZE);
    return true;
}

void region_destroy(struct region *r)
{
    if (r->npages > 1)
        fake_slow("region_destroy");
    nframes -= r->npages;
    free(r->ready.entries);
}

char *fake_region_bytes(struct region *r) { return (char *)r->ready.entries; }

void fake_memory_reset(void)
{
    while (nframes_out)
        page_free(frames[0]);
    until_failure = chance = nobjects = nframes = 0;
    failed = false;
    fake_ram_npages = 1u << 18;
}
