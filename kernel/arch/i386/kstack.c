/*
 * kstack.c - kernel stacks.
 *
 *      | guard | page | page | guard | page | page | ...          KSTACK_BASE upwards, KSTACK_SLOTS slots
 *
 * The first NCPU slots belong to the processors' idle threads, for good; the others come and go with
 * threads.  A slot's pages are fresh frames each time, so another processor may remember the frames of an earlier
 * owner.  It drops them when it first runs the slot's thread: kstack_visited[] has a bit for each processor that did so.
 */
#include "io.h"
#include "lib/list.h"
#include "machine.h"
#include "mm/page.h"
#include "sched/lock.h"

/* The page tables of the window; part of kernel_directory from the start. */
static uint tables[KSTACK_CHUNKS * CHUNK_PAGES] __attribute__((section(".bss.pages"), aligned(4096)));
uchar kstack_visited[KSTACK_SLOTS];

/* Free slots are a list by index: next_free[slot], 0 ends it.  Slots never used lie above `unused`. */
static struct spinlock lock = SPINLOCK_INIT(RANK_SLAB, "kstack");
static ushort next_free[KSTACK_SLOTS];
static uint first_free, unused = NCPU;

extern char boot_stack[], boot_stack_top[];

_Static_assert(NCPU <= 8, "kstack_visited[] has a bit for each");
_Static_assert(KSTACK_SIZE == KSTACK_PAGES * PAGE_SIZE, "layout.h and arch.h agree");

static uint *entry_of(int slot, uint page)
{
    return &tables[slot * KSTACK_SLOT_PAGES + 1 + page];
}

bool kstack_guards(uint va)
{
    return va >= KSTACK_BASE && va < DEVICE_BASE && (va - KSTACK_BASE) / PAGE_SIZE % KSTACK_SLOT_PAGES == 0;
}

void kstack_visit(int slot)
{
    kstack_visited[slot] |= machine_self()->bit;
    for (uint i = 0; i < KSTACK_PAGES; i++)
        tlb_drop(kstack_top(slot) - (i + 1) * PAGE_SIZE);
}

/* Through the direct map, where every processor finds it. */
struct trapframe *trapframe_of(int slot)
{
    uint last = page_round_down(*entry_of(slot, KSTACK_PAGES - 1));
    return (struct trapframe *)((char *)va_of(last) + PAGE_SIZE) - 1;
}

uint kernel_pa(const void *va)
{
    uint page = ((uint)va - KSTACK_BASE) / PAGE_SIZE;

    if ((uint)va < KSTACK_BASE)
        return pa_of(va);
    return page_round_down(tables[page]) + (uint)va % PAGE_SIZE;
}

void kstack_init(void)
{
    for (uint i = 0; i < KSTACK_CHUNKS; i++)
        kernel_directory[KSTACK_BASE / CHUNK_SIZE + i] = pa_of(&tables[i * CHUNK_PAGES]) | PTE_PRESENT | PTE_WRITABLE;
    for (uint i = 0; i < KSTACK_PAGES; i++)
        *entry_of(0, i) = pa_of(boot_stack + i * PAGE_SIZE) | PTE_PRESENT | PTE_WRITABLE | PTE_GLOBAL;
}

bool kstack_alloc_slot(int slot)
{
    for (uint i = 0; i < KSTACK_PAGES; i++) {
        void *page = page_alloc();
        if (!page) {
            while (i-- > 0)
                page_free(va_of(page_round_down(*entry_of(slot, i))));
            return false;
        }
        *entry_of(slot, i) = pa_of(page) | PTE_PRESENT | PTE_WRITABLE | PTE_GLOBAL;
    }
    kstack_visited[slot] = 0;
    return true;
}

static void slot_release(int slot)
{
    spin_acquire(&lock);
    next_free[slot] = first_free;
    first_free = slot;
    spin_release(&lock);
}

int kstack_alloc(void)
{
    uint slot;

    spin_acquire(&lock);
    slot = first_free;
    if (slot)
        first_free = next_free[slot];
    else if (unused < KSTACK_SLOTS)
        slot = unused++;
    spin_release(&lock);
    if (!slot)
        return -1;
    if (!kstack_alloc_slot(slot)) {
        slot_release(slot);
        return -1;
    }
    return slot;
}

void kstack_free(int slot)
{
    for (uint i = 0; i < KSTACK_PAGES; i++) {
        uint entry = *entry_of(slot, i);
        *entry_of(slot, i) = 0;
        tlb_drop(kstack_top(slot) - (KSTACK_PAGES - i) * PAGE_SIZE);
        page_free(va_of(page_round_down(entry)));
    }
    if (slot >= NCPU)
        slot_release(slot);
}
