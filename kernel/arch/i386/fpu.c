/*
 * fpu.c - the floating-point state of threads, loaded on first use.
 *
 * CR0.TS is set unless the registers hold the running thread's state (thread->fpu_loaded), so that the first
 * instruction that computes traps.  A state is saved as soon as its thread leaves the processor, so no
 * processor holds the state of a thread that runs elsewhere.  It is kept at the end of the thread's kernel
 * stack.
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

void fpu_first_use(void)
{
    struct thread *t = thread_self();
    const struct fpu_state *state = t->fpu_used ? fpu_state_of(t->kstack) : &fresh;

    /* AMD's fxsave and fxrstor leave out where the last instruction and its operand were, unless an exception is
       pending: without the load of a word these would be another program's (AMD64 APM 2, FXSAVE and FXRSTOR). */
    asm volatile("clts; fnclex; emms; fildl %1; fxrstor %0" ::"m"(*state), "m"(fresh));
    t->fpu_used = true;
    t->fpu_loaded = true;
}

static void save(struct thread *self)
{
    if (self->fpu_loaded)
        asm volatile("fxsave %0" : "=m"(*fpu_state_of(self->kstack)));
}

void fpu_copy(struct thread *child, struct thread *self)
{
    if (!self->fpu_used)
        return;
    save(self);
    *fpu_state_of(child->kstack) = *fpu_state_of(self->kstack);
    child->fpu_used = true;
}

void fpu_switch_out(struct thread *prev)
{
    if (!prev->fpu_loaded)
        return;
    save(prev);
    prev->fpu_loaded = false;
    trap_next_use();
}

void fpu_drop(struct thread *self)
{
    if (self->fpu_loaded)
        trap_next_use();
    self->fpu_loaded = false;
    self->fpu_used = false;
}
