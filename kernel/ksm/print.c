/*
 * print.c - the operator's table (§13): segments, and where each process has them attached.
 *
 *   identifier     handle      bytes  pages  attached  creator  last
 *   0x0000004d       8193       5000      2         3        4     7  marked
 *              4: 7fffe000 rw 7fffc000 r
 *              7: 7fffe000 rw
 *   0x224bf9ab "chat"
 *                    8194       4096      1         0        4     4
 *
 * A step of the walk (visit.c) makes the lines of one segment, or of one process that has it, under the lock; they are
 * printed without it, since the console is slow.
 */
#include "ksm/ksm_impl.h"

#include "base/printk.h"

#define ADDRESSES     4u  /* on a line */
#define MAX_ADDRESSES 12u /* of a process: the rest is a number */
#define TEXT_SIZE     400 /* the longest text is a process's: four lines of 69 characters at most */

static void segment_text_locked(const struct segment *seg, struct text *text)
{
    static const char *const states[] = {
        [SEGMENT_UNBORN] = "  unborn", [SEGMENT_LIVE] = "", [SEGMENT_MARKED] = "  marked"
    };

    text_add(text, "0x%08x", seg->id);
    if (seg->name[0])
        text_add(text, " \"%s\"\n%10s", seg->name, "");
    text_add(text, " %10d %10u %6u %9u %8d %5d%s\n", seg->handle, seg->nbytes, seg->npages, seg->nattached,
             seg->cpid, seg->mpid, states[seg->state]);
}

static void holding_text_locked(const struct holding *h, struct text *text)
{
    uint i = 0;

    list_for_each(link, &h->attachments) {
        const struct mapping *m = &attachment_at(link)->mapping;
        if (i % ADDRESSES == 0)
            text_add(text, i ? "\n%19d:" : "%19d:", h->task->pid);
        if (i == MAX_ADDRESSES) {
            text_add(text, " and %u more", h->nattached - i);
            break;
        }
        text_add(text, " %08x %s", m->va, m->writable ? "rw" : "r ");
        i++;
    }
    if (i)
        text_add(text, "\n");
}

/* False: that was all.  The text may be empty. */
static bool step(struct visit *v, struct text *text)
{
    text->n = 0;
    registry_acquire();
    bool more = visit_next_locked(v);
    if (v->segment)
        segment_text_locked(v->segment, text);
    if (v->holding)
        holding_text_locked(v->holding, text);
    registry_release();
    return more;
}

void ksm_print(void)
{
    char buf[TEXT_SIZE];
    struct text text = { buf, TEXT_SIZE, 0 };
    struct visit v = { .slot = 0 };

    holding_init(&v.marker, NULL, 0);
    text_add(&text, "identifier     handle      bytes  pages  attached  creator  last\n");
    do {
        sched_print(buf, text.n);
    } while (step(&v, &text));
    registry_acquire();
    text_add(&text, "%u segments, %u pages, %u attachments\n", registry.nsegments, registry.npages,
             registry.nattached);
    registry_release();
    sched_print(buf, text.n);
}
