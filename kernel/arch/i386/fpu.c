/*
 * fpu.c - the floating-point state of threads.
 *
 * A thread has none until its first instruction that computes, which traps: CR0.TS is set while such a thread runs.
 * From then on its state is loaded whenever it runs, and saved as soon as it leaves the processor, so no processor
 * holds the state of a thread that runs elsewhere.  It is kept at the end of the thread's kernel stack.
 */
#include "i386_impl.h"
#include "io.h"
#include "sched/thread.h"

struct fpu_state {
    uchar bytes[FPU_STATE_SIZE];
} __attribute__((aligned(16)));

/* What a thread starts with: all exceptions masked, 64 bits of precision for x87 as the ABI wants it, and
   zeroes in the registers. */
static const struct fpu_state fresh = { { [0] = 0x7F, [1] = 0x03, [24] = 0x80, [25] = 0x1F } };

static void trap_next_use(void) { cr0_write(cr0_read() | CR0_TS); }

static void load(const struct fpu_state *state)
{
    /* AMD's fxsave and fxrstor leave out where the last instruction and its operand were, unless an exception is
       pending: without the load of a word these would be another program's (AMD64 APM 2, FXSAVE and FXRSTOR). */
    asm volatile("clts; fnclex; emms; fildl %1; fxrstor %0" ::"m"(*state), "m"(fresh));
}

static void save(const struct thread *t) { asm volatile("fxsave %0" : "=m"(*fpu_state_of(t->kstack))); }

void fpu_first_use(void)
{
    load(&fresh);
    thread_self()->fpu_used = true;
}

void fpu_copy(struct thread *child, struct thread *self)
{
    if (!self->fpu_used)
        return;
    save(self);
    *fpu_state_of(child->kstack) = *fpu_state_of(self->kstack);
    child->fpu_used = true;
}

void fpu_switch(const struct thread *prev, const struct thread *next)
{
    if (prev->fpu_used)
        save(prev);
    if (next->fpu_used)
        load(fpu_state_of(next->kstack));
    else
        trap_next_use();
}

void fpu_drop(struct thread *self)
{
    if (self->fpu_used)
        trap_next_use();
    self->fpu_used = false;
}
