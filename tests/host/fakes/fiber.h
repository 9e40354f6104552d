/*
 * fiber.h - flows of control that change places when they are told to: a context of the C library, and what the thread
 * sanitizer must know of it.
 *
 * The sanitizer takes fibers for threads.  A switch between fibers that stand for kernel threads is `unordered`: it
 * then judges them as if they ran on processors of their own, and reports two accesses that only the order of this run
 * kept apart.  Locks and atomics alone put them in order.
 */
#ifndef FIBER_H
#define FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

struct fiber {
    ucontext_t context;
    void *tsan;
};

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>

static inline void fiber_tsan_create(struct fiber *f)
{
    if (f->tsan)
        __tsan_destroy_fiber(f->tsan);
    f->tsan = __tsan_create_fiber(0);
}
static inline void fiber_tsan_self(struct fiber *f) { f->tsan = __tsan_get_current_fiber(); }
static inline void fiber_tsan_switch(const struct fiber *to, bool ordered)
{
    __tsan_switch_to_fiber(to->tsan, ordered ? 0 : __tsan_switch_to_fiber_no_sync);
}
#else
static inline void fiber_tsan_create(struct fiber *f) { (void)f; }
static inline void fiber_tsan_self(struct fiber *f) { (void)f; }
static inline void fiber_tsan_switch(const struct fiber *to, bool ordered) { (void)to, (void)ordered; }
#endif

/* The first switch to it calls enter(), which must not return.  What the caller did until now happens before that. */
static inline void fiber_create(struct fiber *f, void *stack, size_t size, void (*enter)(void))
{
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = stack;
    f->context.uc_stack.ss_size = size;
    makecontext(&f->context, enter, 0);
    fiber_tsan_create(f);
}

/* From the calling fiber to another one. */
static inline void fiber_switch(struct fiber *from, struct fiber *to, bool ordered)
{
    fiber_tsan_self(from);
    fiber_tsan_switch(to, ordered);
    swapcontext(&from->context, &to->context);
}

#endif
