/*
 * kstack.c - kernel stacks.
 *
 *      | guard | page | page | guard | page | page | ...          KSTACK_BASE upwards, KSTACK_SLOTS slots
 *
 * At the end of each stack is room for its thread's floating-point state, so that no thread has to look for
 * memory when it begins to compute.  The trap frame of its program lies below.
 *
 * The first NCPU slots belong to the processors' idle threads.  In the next NCPU is one page each, the stack of a
 * processor's double fault.  The others come and go with threads.
 *
 * Other processors use objects on a stack too (a request to the disk, a sleeper in a queue), so no TLB may
 * hold an entry of an earlier owner of a slot.  A freed slot is stale until all processors have flushed what
 * they hold of the window; they are asked to when only stale slots are left.  There are more than twice as
 * many slots as threads, so that happens at most once for every thousand threads created.
 *
 * Lock: RANK_SLAB guards the lists of slots.  A slot's page-table entries belong to the slot's owner.
 */
#include "base/list.h"
#include "base/printk.h"
#include "i386_impl.h"
#include "io.h"
#include "mm/page.h"
#include "sched/lock.h"

/* The page tables of the window; part of kernel_directory from the start. */
static uint tables[KSTACK_CHUNKS * CHUNK_PAGES] __attribute__((section(".bss.pages"), aligned(4096)));

static uchar fault_stacks[NCPU][PAGE_SIZE] __attribute__((section(".bss.pages"), aligned(4096)));

/* Fields:  L the lock.  Lists of slots by index, ended by 0: next[slot]. */
static struct spinlock lock = SPINLOCK_INIT(RANK_SLAB, "kstack");
static ushort next[KSTACK_SLOTS];     /* [L] */
static uint first_clean, first_stale; /* [L] */
static uint unused = 2 * NCPU;        /* [L] slots from here on were never used */
static bool cleaning;                 /* [L] a thread is making stale slots clean */
static volatile uint cleanings;       /* how often that was begun: that thread alone adds */

_Static_assert(KSTACK_SIZE == KSTACK_PAGES * PAGE_SIZE, "layout.h and arch.h agree");

/* The page-table entry of a page of a slot's stack. */
static uint *entry_of(int slot, uint page) { return &tables[slot * KSTACK_SLOT_PAGES + 1 + page]; }

const char *kstack_misuse(uint va)
{
    uint page = (va - KSTACK_BASE) / PAGE_SIZE;

    if (va < KSTACK_BASE || va >= DEVICE_BASE)
        return NULL;
    if (page % KSTACK_SLOT_PAGES == 0)
        return "kernel stack overflow";
    return tables[page] ? NULL : "use of a freed kernel stack";
}

/* Both through the direct map, where every processor finds them. */
struct fpu_state *fpu_state_of(int slot)
{
    uint last = page_round_down(*entry_of(slot, KSTACK_PAGES - 1));

    return (struct fpu_state *)((char *)va_of(last) + PAGE_SIZE - FPU_STATE_SIZE);
}

struct trapframe *trapframe_of(int slot) { return (struct trapframe *)fpu_state_of(slot) - 1; }

uint kernel_pa(const void *va)
{
    uint page = ((uint)va - KSTACK_BASE) / PAGE_SIZE;

    if ((uint)va < KSTACK_BASE)
        return pa_of(va);
    return page_round_down(tables[page]) + (uint)va % PAGE_SIZE;
}

void kstack_init(void)
{
    uint *directory = &kernel_directory[KSTACK_BASE / CHUNK_SIZE];

    for (uint i = 0; i < KSTACK_CHUNKS; i++)
        directory[i] = pa_of(&tables[i * CHUNK_PAGES]) | PTE_PRESENT | PTE_WRITABLE;
    for (uint i = 0; i < KSTACK_PAGES; i++)
        *entry_of(0, i) = pa_of(boot_stack + i * PAGE_SIZE) | PTE_PRESENT | PTE_WRITABLE | PTE_GLOBAL;
    for (uint i = 0; i < NCPU; i++)
        *entry_of(kstack_fault_slot(i), KSTACK_PAGES - 1) =
            pa_of(fault_stacks[i]) | PTE_PRESENT | PTE_WRITABLE | PTE_GLOBAL;
}

#ifdef DEBUG
static uint deepest; /* [L] the most that a stack which was freed had used */

/* The bytes of a stack that were ever used: stacks begin as zeroes. */
static uint depth(int slot)
{
    for (uint i = 0; i < KSTACK_PAGES; i++) {
        const uint *page = va_of(page_round_down(*entry_of(slot, i)));
        for (uint j = 0; j < PAGE_SIZE / sizeof(uint); j++)
            if (page[j])
                return (KSTACK_PAGES - i) * PAGE_SIZE - j * sizeof(uint);
    }
    return 0;
}

static void note_depth(int slot)
{
    uint n = depth(slot);

    spin_acquire(&lock);
    if (n > deepest)
        deepest = n;
    spin_release(&lock);
}

void kstack_report(void)
{
    uint most = deepest;

    for (uint slot = 0; slot < unused; slot++) {
        uint n = *entry_of((int)slot, 0) ? depth((int)slot) : 0;
        if (n > most)
            most = n;
    }
    printk("kernel stacks: %u of %u bytes were used at most\n", most, KSTACK_SIZE);
}
#else
static void note_depth(int slot) { (void)slot; }
#endif

bool kstack_alloc_slot(int slot)
{
    void *pages[KSTACK_PAGES];

    for (uint i = 0; i < KSTACK_PAGES; i++) {
        /* Zeroed, since writing to a page that held code is slow under emulation. */
        pages[i] = page_alloc_zeroed();
        if (!pages[i]) {
            while (i-- > 0)
                page_free(pages[i]);
            return false;
        }
    }
    for (uint i = 0; i < KSTACK_PAGES; i++)
        *entry_of(slot, i) = pa_of(pages[i]) | PTE_PRESENT | PTE_WRITABLE | PTE_GLOBAL;
    return true;
}

/* Flushes this processor's TLB entries of the window, global ones too, unless it has done so since that was
   last asked for. */
void kstack_forget(void)
{
    uint cr4 = cr4_read(), upto = cleanings;

    if (machine_self()->forgotten == upto)
        return;
    if (cr4 & CR4_PGE) {
        cr4_write(cr4 & ~CR4_PGE);
        cr4_write(cr4);
    } else {
        cr3_write(cr3_read());
    }
    machine_self()->forgotten = upto;
}

/* Waits with interrupts on, so that others that wait here for this processor are served. */
static void make_all_forget(void)
{
    uint round = atomic_add(&cleanings, 1) + 1; /* a barrier too: others see that the slots lead nowhere */

    for (uint i = 0; i < cpu_count; i++) {
        if (i != cpu_self()->index)
            arch_poke(i);
    }
    kstack_forget();
    for (uint i = 0; i < cpu_count; i++) {
        while ((int)(machine_cpus[i].forgotten - round) < 0)
            cpu_relax();
    }
}

/* Makes all slots clean that are stale now.  The lock is held before and after, and released in between. */
static REACQUIRES void clean(void)
{
    uint first = first_stale, last;

    cleaning = true;
    first_stale = 0;
    spin_release(&lock);
    make_all_forget();
    for (last = first; next[last]; last = next[last])
        ;
    spin_acquire(&lock);
    next[last] = first_clean;
    first_clean = first;
    cleaning = false;
}

/* A slot of which no TLB holds an entry; 0: none is left. */
static uint slot_take(void)
{
    uint slot = 0;

    spin_acquire(&lock);
    while (!first_clean && unused == KSTACK_SLOTS && (first_stale || cleaning)) {
        if (!cleaning) {
            clean();
            continue;
        }
        spin_release(&lock);
        cpu_relax();
        spin_acquire(&lock);
    }
    if (first_clean) {
        slot = first_clean;
        first_clean = next[slot];
    } else if (unused < KSTACK_SLOTS) {
        slot = unused++;
    }
    spin_release(&lock);
    return slot;
}

static void slot_release(uint slot)
{
    for (uint i = 0; i < KSTACK_PAGES; i++)
        debug_assert(*entry_of((int)slot, i) == 0); /* a free slot leads nowhere */
    spin_acquire(&lock);
    next[slot] = first_stale;
    first_stale = slot;
    spin_release(&lock);
}

int kstack_alloc(void)
{
    uint slot = slot_take();

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
    note_depth(slot);
    for (uint i = 0; i < KSTACK_PAGES; i++) {
        uint entry = *entry_of(slot, i);
        *entry_of(slot, i) = 0;
        tlb_drop(kstack_end(slot) - (KSTACK_PAGES - i) * PAGE_SIZE);
        page_free(va_of(page_round_down(entry)));
    }
    if (slot >= NCPU)
        slot_release(slot);
}
