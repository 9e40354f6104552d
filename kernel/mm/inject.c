/*
 * inject.c - the N-th allocation fails.
 *
 * The count runs down in struct thread, so that a test disturbs only itself and the children that it makes.
 * Keeping a promise is not counted: it can't fail.
 */
#include "mm/inject.h"
#include "sched/thread.h"

#ifdef DEBUG

void page_inject_failure(uint nth) { thread_self()->fail_after = nth; }

bool inject_now(void)
{
    struct thread *self = thread_self();

    return self && self->fail_after && --self->fail_after == 0;
}

#endif
