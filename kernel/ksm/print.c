/*
 * print.c - the operator's table (§13): segments, and where each process has them attached.
 *
 * A line is made under the lock and printed without it, since the console is slow.  Other processes run between
 * two lines: the cursor is made of numbers, not of pointers, and what comes or goes meanwhile may be shown or
 * not.
 *
 *   identifier   handle    bytes  pages  attached  creator  last
 *   0000004d       8193     5000      2         3        4     7  marked
 *              4: 7fffe000 rw  7fffc000 r
 *              7: 7fffe000 rw
 */
#include "ksm/ksm_impl.h"

#include "base/printk.h"

#define LINE_SIZE 100 /* the longest line has 86 characters */
#define ADDRESSES 4u  /* on a line */

/* What comes next: the first segment at or above `slot`; or, in_segment, attachments of that segment by the
   first process at or above `pid`, the newest `nskip` of which are already printed. */
struct cursor {
    bool in_segment;
    uint slot;
    int pid;
    uint nskip;
};

static bool segment_line_locked(struct cursor *c, char *line)
{
    static const char *const states[] = {
        [SEGMENT_UNBORN] = "  unborn", [SEGMENT_LIVE] = "", [SEGMENT_MARKED] = "  marked"
    };
    const struct segment *seg = registry_next_locked(&c->slot);

    if (!seg)
        return false;
    format(line, LINE_SIZE, "%08x %10d %10u %6u %9u %8d %5d%s", seg->id, seg->handle, seg->nbytes,
           seg->npages, seg->nattached, seg->cpid, seg->mpid, states[seg->state]);
    c->in_segment = true;
    c->pid = 0;
    c->nskip = 0;
    return true;
}

/* The task with the smallest pid at or above the cursor's that has this slot's segment attached. */
static const struct holding *next_holder_locked(struct cursor *c)
{
    const struct holding *found = NULL;
    int pid = 0;

    list_for_each(link, &registry.tasks) {
        const struct ksm_task *task = container_of(link, struct ksm_task, link);
        const struct holding *h = table_get(&task->handles, c->slot);
        if (h && !list_empty(&h->attachments) && task->pid >= c->pid && (!found || task->pid < pid)) {
            found = h;
            pid = task->pid;
        }
    }
    if (pid != c->pid)
        c->nskip = 0;
    c->pid = pid;
    return found;
}

static bool holder_line_locked(struct cursor *c, char *line)
{
    const struct holding *h = next_holder_locked(c);

    if (!h)
        return false;
    size_t n = (size_t)format(line, LINE_SIZE, "%19d:", c->pid);
    uint i = 0;
    list_for_each(link, &h->attachments) {
        const struct mapping *m = &attachment_at(link)->mapping;
        if (i >= c->nskip && i < c->nskip + ADDRESSES)
            n += (size_t)format(line + n, LINE_SIZE - n, " %08x %s", m->va, m->writable ? "rw" : "r ");
        i++;
    }
    c->nskip += ADDRESSES;
    if (i <= c->nskip) { /* all of this process */
        c->pid++;
        c->nskip = 0;
    }
    return true;
}

/* false: that was all. */
static bool next_line_locked(struct cursor *c, char *line)
{
    if (c->in_segment) {
        if (holder_line_locked(c, line))
            return true;
        c->in_segment = false;
        c->slot++;
    }
    return segment_line_locked(c, line);
}

void ksm_print(void)
{
    char line[LINE_SIZE];
    struct cursor c = { 0 };

    printk("identifier   handle      bytes  pages  attached  creator  last\n");
    for (;;) {
        spin_acquire(&registry.lock);
        bool more = next_line_locked(&c, line);
        uint nsegments = registry.nsegments, npages = registry.npages, nattached = registry.nattached;
        spin_release(&registry.lock);
        if (!more) {
            printk("%u segments, %u pages, %u attachments\n", nsegments, npages, nattached);
            return;
        }
        printk("%s\n", line);
        sched_checkpoint();
    }
}
