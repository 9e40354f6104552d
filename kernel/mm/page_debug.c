/*
 * page_debug.c - what free frames hold in debug builds, so that a use of one is found and its history told.
 *
 * A freed frame is filled with one word, and its struct frame says who freed it.  When the frame is handed out again,
 * any other word in it is the trace of a use in between.  Frames that are known to hold zeroes stay as they are.
 */
#ifdef DEBUG
#include "base/latency.h"
#include "mm/page_impl.h"
#include "sched/thread.h"

/* Without the sanitizer's checks, which would take most of a debug kernel's time. */
#define PLAIN __attribute__((no_sanitize("undefined")))
/* As a pointer it leads where no RAM is mapped, with less than 1.4 GB. */
#define POISON     0xDBDBDBDBu
#define PAGE_WORDS (PAGE_SIZE / sizeof(uint))

void page_sign(const void *page, const void *caller)
{
    struct frame *f = frame_of(page);

    f->freed_from = caller;
    format(f->freed_by, sizeof(f->freed_by), "%s", thread_self() ? thread_self()->name : "boot");
}

PLAIN void page_poison(void *page, const void *caller)
{
    uint *word = page, paused = latency_pause();

    page_sign(page, caller);
    for (uint i = 0; i < PAGE_WORDS; i++)
        word[i] = POISON;
    latency_resume(paused);
}

PLAIN void page_check_free(const void *page)
{
    const uint *word = page;
    const struct frame *f = frame_of(page);
    uint paused = latency_pause();

    for (uint i = 0; i < PAGE_WORDS; i++)
        if (word[i] != word[0] || (word[0] && word[0] != POISON))
            panic("page %p was written at %u after %s had freed it from %p", page, i * (uint)sizeof(uint),
                  f->freed_by, f->freed_from);
    latency_resume(paused);
}

PLAIN void page_check_zeroed(const void *page)
{
    const uint *word = page;
    const struct frame *f = frame_of(page);
    uint paused = latency_pause();

    for (uint i = 0; i < PAGE_WORDS; i++)
        if (word[i])
            panic("page %p is not zero at %u: %s freed it from %p", page, i * (uint)sizeof(uint), f->freed_by,
                  f->freed_from);
    latency_resume(paused);
}

void page_freed_twice(const void *page)
{
    const struct frame *f = frame_of(page);

    panic("page %p is freed twice: %s had freed it from %p", page, f->freed_by, f->freed_from);
}

#else
typedef int page_debug_is_empty; /* a file must declare something */
#endif
